import type { Clock } from '../../../application/ports.ts'

/** Work that goes on after Slack was answered. Bolt does not keep track of it, so a shutdown must. */
export interface Tasks {
  run(task: () => Promise<void>): void
  /** Resolves when all is done, or after `ms`; answers how many were left. */
  drain(ms: number): Promise<number>
}

/** So many at once; the others wait their turn, so that what comes in next is acknowledged in time. */
const MOST = 50

export function createTasks(clock: Clock, failed: (error: unknown) => void): Tasks {
  const active = new Set<Promise<void>>()
  const waiting: (() => void)[] = []
  let running = 0
  const turn = async (): Promise<void> => {
    if (running < MOST) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const pass = (): void => {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
  return {
    run: (task) => {
      const done = turn()
        .then(task)
        .catch(failed)
        .finally(() => {
          pass()
          active.delete(done)
        })
      active.add(done)
    },
    drain: async (ms) => {
      const patience = new AbortController()
      await Promise.race([Promise.all(active), clock.sleep(ms, patience.signal)])
      patience.abort()
      return active.size
    },
  }
}
