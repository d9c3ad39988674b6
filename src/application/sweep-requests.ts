import type { Instant } from '../domain/brand.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isReminderDue, type Request, transition } from '../domain/request.ts'
import { describeError } from '../log.ts'
import type { Deps } from './ports.ts'
import { Unreadable } from './store.ts'

/**
 * Expires what was not decided in time, however long no process ran, and reminds the approvers of what is still open.
 * One that cannot be read holds up no other. Answers when the next of these is due, as far as is known now.
 */
export async function sweepRequests(deps: Deps): Promise<Instant | undefined> {
  const now = deps.clock.now()
  for (const id of await deps.store.pastExpiry(now)) await expire(deps, id)
  const { requests } = await deps.store.list({ states: ['pending'], limit: 500 })
  for (const request of requests) {
    if (isReminderDue(request, now)) await change(deps, request.id, 'remind')
  }
  const due = requests.flatMap(({ expiresAt, remindAt = [] }) => [expiresAt, ...remindAt]).filter((at) => at > now)
  return due.length === 0 ? undefined : Math.min(...due)
}

/** Removes what the steps of old requests printed. */
export async function forgetSteps({ store, clock, landscape, log }: Deps): Promise<void> {
  const gone = await store.forgetSteps(clock.now() - landscape.keepStepsMs)
  if (gone > 0) log.info({ steps: gone }, 'steps and transcripts removed: their time is over')
}

async function expire(deps: Deps, id: Request['id']): Promise<void> {
  try {
    await change(deps, id, 'expire')
  } catch (error) {
    if (!(error instanceof Unreadable)) {
      // The next sweep tries again.
      deps.log.error({ requestId: id, error: describeError(error) }, 'a request could not be expired')
      return
    }
    deps.log.error({ requestId: id, error: describeError(error) }, 'an expired request cannot be read: it is put away')
    const facts = { why: 'it expired, and this version cannot read it' }
    await deps.store.abandon(id, { at: deps.clock.now(), type: 'abandoned', actor: 'bot', request: id, facts })
  }
}

async function change(deps: Deps, id: Request['id'], type: 'expire' | 'remind'): Promise<void> {
  const now = deps.clock.now()
  const stored = await deps.store.change(
    id,
    (request) => transition(request, { type }, now),
    (after) => ({
      at: now,
      type: type === 'expire' ? 'expired' : 'reminded',
      actor: 'bot',
      request: id,
      facts: { digest: after.digest },
    }),
  )
  // Refused: somebody decided, or another process was here, in this very moment.
  if (!isRefusal(stored)) deps.changed(id)
}
