import type { Clock } from '../../application/ports.ts'

/** Work that goes on after Slack was answered. Bolt does not keep track of it, so a shutdown must. */
export interface Tasks {
  run(task: () => Promise<void>): void
  /** Resolves when all is done, or after `ms`; answers how many were left. */
  drain(ms: number): Promise<number>
}

export function createTasks(clock: Clock, failed: (error: unknown) => void): Tasks {
  const active = new Set<Promise<void>>()
  return {
    run: (task) => {
      const done = task()
        .catch(failed)
        .finally(() => active.delete(done))
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
