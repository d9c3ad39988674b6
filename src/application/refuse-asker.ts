import { isListed, refuseRequester } from '../domain/approval-policy.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Route } from '../domain/route.ts'
import { askWorkspace, groupsOf } from './ask-workspace.ts'
import type { Deps } from './ports.ts'

/**
 * Why this person may not ask on this route now, or nothing: full members only, and where the route names its
 * requesters, these only. Who cannot be looked up may not.
 */
export async function refuseAsker(
  deps: Pick<Deps, 'workspace'>,
  { requesters, source, destination }: Pick<Route, 'requesters' | 'source' | 'destination'>,
  userId: string,
): Promise<Refusal | undefined> {
  const person = await askWorkspace(() => deps.workspace.person(userId))
  if (isRefusal(person)) return person
  const stranger = refuseRequester(person)
  if (stranger || !requesters || isListed(requesters, { person, memberOf: [] })) return stranger
  const { memberOf, unread } = await groupsOf(deps, requesters.userGroups, userId)
  if (isListed(requesters, { person, memberOf })) return undefined
  // Who is in no group that can be read may be in the one that cannot: that is no "not on the list".
  return unread ?? refuse({ code: 'may-not-ask', source: source.alias, destination: destination.alias, ...requesters })
}
