import { isRefusal } from '../domain/refusal.ts'
import { transition } from '../domain/request.ts'
import type { Deps } from './ports.ts'

/** Expires what was not decided in time, however long no process ran. */
export async function sweepRequests(deps: Deps): Promise<void> {
  const now = deps.clock.now()
  for (const id of await deps.store.pastExpiry(now)) {
    const stored = await deps.store.change(
      id,
      (request) => transition(request, { type: 'expire' }, now),
      (after) => ({ at: now, type: 'expired', actor: 'bot', request: id, facts: { digest: after.digest } }),
    )
    if (!isRefusal(stored)) deps.changed(id)
  }
}
