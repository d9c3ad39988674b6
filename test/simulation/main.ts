import { parseArgs } from 'node:util'
import { FAILED_ONCE } from './seeds.ts'
import { summary } from './summary.ts'
import { runSeeds } from './workers.ts'

// npm run simulate [-- --seeds 1-2000 | --seed 77 --trace | --new 50 | --ci | --planted [--only <part of a name>]]: see
// README, "Working on it".

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-300' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    new: { type: 'string' },
    planted: { type: 'boolean', default: false },
    ci: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})

if (values.planted) {
  const { seekPlanted } = await import('./seek-planted.ts')
  process.exitCode = await seekPlanted(values.only)
} else if (values.seed !== undefined) process.exitCode = await one(Number(values.seed))
else if (values.ci) process.exitCode = await ci()
else process.exitCode = await many()

async function one(seed: number): Promise<number> {
  const { simulate } = await import('./run.ts')
  const { violations, story } = await simulate(seed, true)
  if (values.trace || violations.length > 0) console.log(story.join('\n'))
  for (const violation of violations) console.log(`VIOLATED: ${violation}`)
  console.log(
    `seed ${seed}: ${violations.length === 0 ? 'everything holds' : `${violations.length} claims do not hold`}`,
  )
  return violations.length === 0 ? 0 : 1
}

async function many(): Promise<number> {
  return report(values.new === undefined ? rangeOf(values.seeds) : newSeeds(Number(values.new)))
}

/** What CI runs: always the same seeds, all that ever failed, some that nobody has run yet, and the planted faults. */
async function ci(): Promise<number> {
  const seeds = new Set([...rangeOf('1-300'), ...FAILED_ONCE.map(({ seed }) => seed), ...newSeeds(50)])
  const code = await report([...seeds])
  const { seekPlanted } = await import('./seek-planted.ts')
  return Math.max(code, await seekPlanted(values.only))
}

async function report(seeds: readonly number[]): Promise<number> {
  const began = performance.now()
  const verdicts = await runSeeds(seeds)
  console.log(summary(verdicts, performance.now() - began))
  const isComplete = verdicts.length === seeds.length
  if (!isComplete) console.log(`only ${verdicts.length} of ${seeds.length} seeds have a verdict`)
  return !isComplete || verdicts.some(({ violations }) => violations.length > 0) ? 1 : 0
}

function rangeOf(text: string): number[] {
  const [from = 1, to = from] = text.split('-').map(Number)
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

/** Other seeds in every run of CI; their numbers are printed, so that a failure can be played again. */
function newSeeds(count: number): number[] {
  const seeds = Array.from({ length: count }, () => 1_000_000 + Math.floor(Math.random() * 1_000_000_000))
  console.log(`new seeds: ${seeds.join(' ')}`)
  return seeds
}
