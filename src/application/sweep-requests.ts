import { isRefusal } from '../domain/refusal.ts'
import { isReminderDue, type Request, transition } from '../domain/request.ts'
import type { Deps } from './ports.ts'

/** Expires what was not decided in time, however long no process ran, and reminds the approvers of what is still open. */
export async function sweepRequests(deps: Deps): Promise<void> {
  const now = deps.clock.now()
  for (const id of await deps.store.pastExpiry(now)) await change(deps, id, 'expire')
  for (const request of await deps.store.list({ states: ['pending'], limit: 500 })) {
    if (isReminderDue(request, now)) await change(deps, request.id, 'remind')
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
