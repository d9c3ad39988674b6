import { isListed, refuseRequester } from '../domain/approval-policy.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Route } from '../domain/route.ts'
import { watchKey } from '../domain/watch.ts'
import { askWorkspace, groupsOf } from './ask-workspace.ts'
import type { Deps } from './ports.ts'
import { recordRefusedClick } from './refused-click.ts'
import { watchedRoutes } from './watch-routes.ts'

/**
 * After a failed login the watch of a route looks no more until a person says so: whoever may approve on that route. It
 * looks at once then. Answers the route; a refusal is recorded.
 */
export async function resumeWatch(
  deps: Pick<Deps, 'workspace' | 'landscape' | 'store' | 'clock' | 'log'>,
  { by, route: key }: { readonly by: string; readonly route: string },
): Promise<Route | Refusal> {
  const route = watchedRoutes(deps).find((one) => watchKey(one) === key)
  const refusal = route ? await refusePerson(deps, route, by) : refuse({ code: 'not-watched' })
  if (!route || refusal) {
    const refused = refusal ?? refuse({ code: 'not-watched' })
    await recordRefusedClick(deps, { by, button: 'look again' }, refused)
    return refused
  }
  const stored = await deps.store.watch(key)
  if (!stored?.watch.paused) return refuse({ code: 'not-paused' })
  const { paused, ...rest } = stored.watch
  const now = deps.clock.now()
  const audit = { at: now, type: 'watch-resumed', actor: by, request: paused, facts: { route: key } } as const
  const isResumed = await deps.store.saveWatch({ ...rest, nextAt: now, resumedAt: now }, stored.version, audit)
  return isResumed ? route : refuse({ code: 'not-paused' })
}

async function refusePerson(
  deps: Pick<Deps, 'workspace'>,
  { approvers }: Route,
  by: string,
): Promise<Refusal | undefined> {
  const person = await askWorkspace(() => deps.workspace.person(by))
  if (isRefusal(person)) return person
  const stranger = refuseRequester(person)
  if (stranger || isListed(approvers, { person, memberOf: [] })) return stranger
  const { memberOf, unread } = await groupsOf(deps, approvers.userGroups, by)
  if (memberOf.length > 0) return undefined
  // Who is in no group that can be read may be in the one that cannot: that is no "not on the list".
  return unread ?? refuse({ code: 'not-approver', users: approvers.users, userGroups: approvers.userGroups })
}
