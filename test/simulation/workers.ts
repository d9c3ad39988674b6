import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { type Figures, simulate } from './run.ts'

/** A verdict without its story: a failing seed is played again for that. */
export interface ShortVerdict {
  readonly seed: number
  readonly violations: readonly string[]
  readonly figures: Figures
}

const MOST_WORKERS = 2

/** Runs these seeds here, one after the other, up to the first that fails. */
export async function seekFailing(seeds: readonly number[]): Promise<readonly ShortVerdict[]> {
  for (const seed of seeds) {
    const verdict = await simulate(seed, false)
    if (verdict.violations.length > 0) return [verdict]
  }
  return []
}

/** Runs all these seeds on as many cores as there are, two at most. */
export async function runSeeds(seeds: readonly number[]): Promise<readonly ShortVerdict[]> {
  const left = [...seeds]
  const verdicts: ShortVerdict[] = []
  const take = () => left.shift()
  const workers = Math.min(MOST_WORKERS, availableParallelism(), seeds.length)
  await Promise.all(Array.from({ length: workers }, () => drive(take, (verdict) => void verdicts.push(verdict))))
  return verdicts.sort((a, b) => a.seed - b.seed)
}

async function drive(take: () => number | undefined, done: (verdict: ShortVerdict) => void): Promise<void> {
  const child = fork(new URL('./main.ts', import.meta.url), ['--worker'], { execArgv: process.execArgv })
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      const seed = take()
      if (seed === undefined) child.disconnect()
      else child.send({ seed })
    }
    child.on('message', (message: ShortVerdict) => {
      done(message)
      next()
    })
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))))
    child.on('error', reject)
    next()
  })
}

/** The other side: one seed after the other, as they come. */
export function work(): void {
  process.on('message', ({ seed }: { readonly seed: number }) => {
    void run(seed)
  })
}

async function run(seed: number): Promise<void> {
  const { violations, figures } = await simulate(seed, false)
  const send: ChildProcess['send'] | undefined = process.send?.bind(process)
  send?.({ seed, violations, figures } satisfies ShortVerdict)
}
