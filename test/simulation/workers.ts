import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { withBundle } from './bundle.ts'
import type { Figures } from './run.ts'

/** A verdict without its story: a failing seed is played again for that. */
export interface ShortVerdict {
  readonly seed: number
  readonly violations: readonly string[]
  readonly figures: Figures
}

const MOST_WORKERS = 2

/** Runs all these seeds on as many cores as there are, two at most. */
export async function runSeeds(seeds: readonly number[]): Promise<readonly ShortVerdict[]> {
  const left = [...seeds]
  const verdicts: ShortVerdict[] = []
  const work = { take: () => left.shift(), done: (verdict: ShortVerdict) => void verdicts.push(verdict) }
  const workers = Math.min(MOST_WORKERS, availableParallelism(), seeds.length)
  await withBundle([], (program) => Promise.all(Array.from({ length: workers }, () => drive(program, work))))
  return verdicts.sort((a, b) => a.seed - b.seed)
}

interface Work {
  /** The next seed; `undefined`: no more. */
  take(): number | undefined
  done(verdict: ShortVerdict): void | Promise<void>
}

/** Has this program play one seed after the other. Rejects when it ends by itself. */
export async function drive(program: string, { take, done }: Work): Promise<void> {
  // Without what loads TypeScript here.
  const child = fork(program, { execArgv: [] })
  const ended = new Promise<void>((resolve, reject) => {
    const next = () => {
      const seed = take()
      if (seed === undefined) child.disconnect()
      else child.send({ seed })
    }
    child.on('message', (verdict: ShortVerdict) => {
      Promise.resolve(done(verdict)).then(next, reject)
    })
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))))
    child.on('error', reject)
    next()
  })
  try {
    await ended
  } finally {
    if (child.connected) child.disconnect()
  }
}
