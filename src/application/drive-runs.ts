import type { RequestId } from '../domain/ids.ts'
import { concludeBroken } from '../domain/outcome.ts'
import { isRefusal } from '../domain/refusal.ts'
import { describeError } from '../log.ts'
import type { Deps } from './ports.ts'
import { apply, runRequest } from './run-request.ts'
import { doneSteps } from './run-view.ts'
import { type Claim, LeaseLost, Unreadable } from './store.ts'

const LEASE_MS = 15_000
const RENEW_MS = 4_000
const IDLE_MS = 3_000
const MOST_RUNS = 20
/**
 * How often in a row a run is taken up in vain, with growing pauses, before it is ended where people see it: about an
 * hour.
 */
const MOST_TRIES = 12
/**
 * How often after that its end is tried, where the request can be read: an hour more for the database. Then it is put
 * away.
 */
const MOST_ENDINGS = 6
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 10 * 60_000

export interface Runs {
  /** Something may be ready to run. */
  wake(): void
  /** Starts nothing new, stops what runs at the next safe point, and releases the leases. */
  stop(): Promise<void>
}

/**
 * Claims approved and half-done runs, one lease each, and drives them until stopped. Different destinations run side by
 * side.
 */
export function driveRuns(deps: Deps): Runs {
  const stopping = new AbortController()
  const active = new Map<RequestId, Promise<void>>()
  let waker = new AbortController()

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const claimed = await claim(deps, active)
      if (claimed) {
        const done = driveOne(deps, claimed, stopping.signal).finally(() => {
          active.delete(claimed.id)
          waker.abort()
        })
        active.set(claimed.id, done)
        continue
      }
      await deps.clock.sleep(IDLE_MS, waker.signal)
      if (waker.signal.aborted) waker = new AbortController()
    }
  })()

  return {
    wake: () => waker.abort(),
    stop: async () => {
      stopping.abort()
      waker.abort()
      await loop
      await Promise.all(active.values())
    },
  }
}

async function claim(deps: Deps, active: ReadonlyMap<RequestId, unknown>): Promise<Claim | undefined> {
  if (active.size >= MOST_RUNS) return undefined
  try {
    const now = deps.clock.now()
    const claimed = await deps.store.claimRun(deps.holder, now, now + LEASE_MS)
    return claimed && !active.has(claimed.id) ? claimed : undefined
  } catch (error) {
    deps.log.error({ error }, 'could not look for runs')
    return undefined
  }
}

/**
 * One run under its lease. Never rejects: a run that was taken up in vain rests before it is taken up again, and not
 * for ever.
 */
async function driveOne(deps: Deps, claimed: Claim, stopping: AbortSignal): Promise<void> {
  const { id } = claimed
  const lost = new AbortController()
  const ended = new AbortController()
  const renewing = renew(deps, id, { lost, ended: ended.signal })
  try {
    const heldMs = await runRequest(deps, id, AbortSignal.any([stopping, lost.signal]))
    const isChanged = (await deps.store.versionOf(id)) !== claimed.version
    if (stopping.aborted) await deps.store.releaseRun(id, deps.holder, { tries: claimed.tries, after: 0 })
    else if (heldMs !== undefined)
      await deps.store.releaseRun(id, deps.holder, { tries: 0, after: deps.clock.now() + heldMs })
    else if (isChanged) await deps.store.releaseRun(id, deps.holder, { tries: 0, after: 0 })
    else await rest(deps, claimed, 'it was taken up, and nothing came of it')
  } catch (error) {
    if (error instanceof LeaseLost) deps.log.warn({ requestId: id }, 'another process drives this run now')
    else await failed(deps, claimed, error)
  } finally {
    ended.abort()
    await renewing
  }
}

/**
 * What went wrong may pass; when it does not, the run ends. If even that cannot be stored, the lease runs out and
 * another try follows.
 */
async function failed(deps: Deps, claimed: Claim, error: unknown): Promise<void> {
  deps.log.error(
    { requestId: claimed.id, tries: claimed.tries, error },
    'the run stopped; it is taken up again after a pause',
  )
  try {
    await rest(deps, claimed, error instanceof Error ? error.message : String(error))
  } catch (second) {
    deps.log.error({ requestId: claimed.id, error: second }, 'the run could not be given back')
  }
}

async function rest(deps: Deps, claim: Claim, why: string): Promise<void> {
  const { id, tries } = claim
  if (tries + 1 >= MOST_TRIES && (await giveUp(deps, claim, why))) return
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS)
  await deps.store.releaseRun(id, deps.holder, { tries: tries + 1, after: deps.clock.now() + pause })
}

/**
 * Ends a run that nothing comes of, in a state that people see and that frees the destination. Answers whether it has
 * ended.
 */
async function giveUp(deps: Deps, { id, tries }: Claim, why: string): Promise<boolean> {
  deps.log.error({ requestId: id, why }, 'giving up on a run')
  const detail = `${tries + 1} times in a row: ${why}`
  try {
    const request = (await deps.store.load(id))?.request
    const outcome = concludeBroken(detail, request?.state === 'approved' ? [] : await sentBy(deps, id))
    const finished = request ? await apply(deps, id, { type: 'finish', outcome }) : undefined
    if (finished && !isRefusal(finished)) return true
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    deps.log.error({ requestId: id, error: describeError(error) }, 'the end of a run could not be stored')
    if (!(error instanceof Unreadable) && tries + 1 < MOST_TRIES + MOST_ENDINGS) return false
  }
  await deps.store.abandon(id, {
    at: deps.clock.now(),
    type: 'abandoned',
    actor: 'bot',
    request: id,
    facts: { why: detail },
  })
  return true
}

/** What is proved of the steps of a run; `undefined` where they cannot be read, or one of them has not ended. */
async function sentBy(deps: Deps, id: RequestId) {
  try {
    const request = (await deps.store.load(id))?.request
    const steps = await deps.store.steps(id)
    if (!request || steps.some((step) => !step.end)) return undefined
    return doneSteps(deps.engines[request.spec.engine], request, steps).map(({ evidence }) => evidence)
  } catch (error) {
    deps.log.error({ requestId: id, error: describeError(error) }, 'the steps of a run cannot be read')
    return undefined
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
