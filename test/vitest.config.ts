import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Patient: a shared machine can be many times slower than usual, and a hanging test still ends. One module graph for a
// worker's files: nothing here mocks a module.
const common = { testTimeout: 240_000, hookTimeout: 120_000, isolate: false }

/** These start processes: bots, bastion scripts, tools, PostgreSQL. */
const PROCESSES = ['contract', 'e2e', 'faults', 'integration'].map((layer) => `test/${layer}/**/*.test.ts`)
/** Real scripts under a real shell, or the real SQLite, though they stand beside what they belong to. */
const REAL = [
  'test/unit/engines/bastion*.test.ts',
  'test/unit/engines/check*.test.ts',
  'test/unit/engines/cli-questions.test.ts',
  'test/unit/application/large-listing.test.ts',
  'test/unit/application/run-step.test.ts',
  'test/unit/application/store-fault.test.ts',
  'test/unit/application/watch-*.test.ts',
  'test/simulation/**/*.test.ts',
]

/**
 * They take longest, and most of that they wait: begun last, they would be waited for alone. A fresh clone knows no
 * durations.
 */
const LONG = [
  ...['e2e/threads', 'e2e/cli-threads', 'e2e/expired-thread', 'e2e/secrets', 'e2e/scale'],
  ...['faults/soak', 'faults/slack-down', 'faults/ssm', 'faults/replicas', 'faults/replay', 'faults/kill-points'],
  ...['integration/http-process', 'integration/container', 'contract/store', 'contract/engines/'],
]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => LONG.findIndex((name) => moduleId.includes(`/test/${name}`))
    const isLong = (file: TestSpecification) => rank(file) >= 0
    const long = files.filter(isLong).sort((a, b) => rank(a) - rank(b))
    return [...long, ...(await super.sort(files.filter((file) => !isLong(file))))]
  }
}

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...common,
          name: 'values',
          include: ['test/**/*.test.ts'],
          exclude: [...PROCESSES, ...REAL, 'test/workspace/**', '**/node_modules/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'processes',
          include: [...PROCESSES, ...REAL],
          globalSetup: ['test/harness/shared-postgres.ts', 'test/harness/bundled-tools.ts'],
          // Much of it waits: for a tool's silence, for SSM to look again, for a lease to run out.
          maxWorkers: 5,
          maxConcurrency: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
