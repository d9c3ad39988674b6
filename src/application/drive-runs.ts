import type { RequestId } from '../domain/ids.ts'
import type { Deps } from './ports.ts'
import { runRequest } from './run-request.ts'
import { LeaseLost } from './store.ts'

const LEASE_MS = 15_000
const RENEW_MS = 4_000
const IDLE_MS = 3_000
const MOST_RUNS = 20

export interface Runs {
  /** Something may be ready to run. */
  wake(): void
  /** Starts nothing new, stops what runs at the next safe point, and releases the leases. */
  stop(): Promise<void>
}

/** Claims approved and half-done runs, one lease each, and drives them until stopped. Different destinations run side by side. */
export function driveRuns(deps: Deps): Runs {
  const stopping = new AbortController()
  const active = new Map<RequestId, Promise<void>>()
  let waker = new AbortController()

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const claimed = await claim(deps, active)
      if (claimed) {
        const done = drive(deps, claimed, stopping.signal).finally(() => {
          active.delete(claimed)
          waker.abort()
        })
        active.set(claimed, done)
        continue
      }
      await deps.clock.sleep(IDLE_MS, AbortSignal.any([waker.signal, stopping.signal]))
      waker = new AbortController()
    }
  })()

  return {
    wake: () => waker.abort(),
    stop: async () => {
      stopping.abort()
      await loop
      await Promise.all(active.values())
    },
  }
}

async function claim(deps: Deps, active: ReadonlyMap<RequestId, unknown>): Promise<RequestId | undefined> {
  if (active.size >= MOST_RUNS) return undefined
  try {
    const now = deps.clock.now()
    const id = await deps.store.claimRun(deps.holder, now, now + LEASE_MS)
    return id && !active.has(id) ? id : undefined
  } catch (error) {
    deps.log.error({ error }, 'could not look for runs')
    return undefined
  }
}

/** One run under its lease. Never rejects: what goes wrong is logged, the lease runs out, and the run is taken up again. */
async function drive(deps: Deps, id: RequestId, stopping: AbortSignal): Promise<void> {
  const lost = new AbortController()
  const ended = new AbortController()
  const renewing = renew(deps, id, { lost, ended: ended.signal })
  try {
    await runRequest(deps, id, AbortSignal.any([stopping, lost.signal]))
    await deps.store.releaseLease(id, deps.holder)
  } catch (error) {
    if (error instanceof LeaseLost) deps.log.warn({ requestId: id }, 'another process drives this run now')
    else deps.log.error({ requestId: id, error }, 'the run stopped; it goes on when its lease runs out')
  } finally {
    ended.abort()
    await renewing
  }
}

async function renew(
  deps: Deps,
  id: RequestId,
  signals: { readonly lost: AbortController; readonly ended: AbortSignal },
): Promise<void> {
  while (!signals.ended.aborted) {
    await deps.clock.sleep(RENEW_MS, signals.ended)
    if (signals.ended.aborted) return
    try {
      const isOurs = await deps.store.renewLease(id, deps.holder, deps.clock.now() + LEASE_MS)
      if (!isOurs) signals.lost.abort()
    } catch (error) {
      deps.log.error({ requestId: id, error }, 'could not renew the lease')
    }
  }
}
