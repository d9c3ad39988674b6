import { defineConfig } from 'vitest/config'

// Patient: a shared machine can be many times slower than usual, and a hanging test still ends. One module graph for a worker's files: nothing here mocks a module.
const common = { testTimeout: 240_000, hookTimeout: 120_000, maxConcurrency: 5, isolate: false }

const CROWDS = ['test/faults/kill-points.test.ts', 'test/faults/soak.test.ts']

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'layers',
          // Much of it waits: for a tool's silence, for SSM to look again.
          maxWorkers: 3,
          include: ['test/**/*.test.ts'],
          exclude: ['test/faults/**'],
          sequence: { groupOrder: 0 },
        },
      },
      // These start and kill hundreds of bots: after the others, so that they do not take the time from tests that wait.
      {
        test: {
          ...common,
          name: 'faults',
          // Each test has bots of its own, some have two; more at once would only be late with their acks.
          maxWorkers: 2,
          maxConcurrency: 3,
          include: ['test/faults/**/*.test.ts'],
          exclude: CROWDS,
          sequence: { groupOrder: 1 },
        },
      },
      // And these use both cores by themselves.
      { test: { ...common, name: 'crowds', include: CROWDS, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
})
