import { defineConfig } from 'vitest/config'

const common = { testTimeout: 60_000, hookTimeout: 60_000, maxConcurrency: 8 }

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'layers',
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
          include: ['test/faults/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
