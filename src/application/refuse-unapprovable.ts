import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Route } from '../domain/route.ts'
import { askWorkspace, problemOf } from './ask-workspace.ts'
import type { Deps } from './ports.ts'

/** People who are looked up at the most: Slack takes about a hundred such calls a minute (users.info, tier 4). */
const MOST_LOOKUPS = 50

/**
 * Only what can be approved is filed: enough full members on the route's list besides who asks, as Slack says now.
 * People are looked up until enough are found. A group that Slack does not show blocks nobody: the operator reads of it
 * in the log. Where too few are found and somebody could not be looked up, it is not known whether there are enough,
 * and that is what is said. Answers the groups that Slack does not show.
 */
export async function refuseUnapprovable(
  deps: Pick<Deps, 'workspace' | 'warnOnce'>,
  { approvers, required, source, destination }: Pick<Route, 'approvers' | 'required' | 'source' | 'destination'>,
  requestedBy: string,
): Promise<{ readonly deadGroups: readonly string[] } | Refusal> {
  const listed = new Set(approvers.users)
  const deadGroups: { readonly group: string; readonly problem: string }[] = []
  const membersOf = (group: string) => askWorkspace(() => deps.workspace.membersOf(group))
  const groups = await Promise.all(
    approvers.userGroups.map(async (group) => ({ group, members: await membersOf(group) })),
  )
  for (const { group, members } of groups) {
    if (isRefusal(members)) deadGroups.push({ group, problem: problemOf(members) })
    else for (const member of members) listed.add(member)
  }
  for (const { group, problem } of deadGroups)
    deps.warnOnce(
      `dead group ${group}`,
      { group, problem, route: destination.alias },
      'Slack does not show a user group',
    )
  const enough = { deadGroups: deadGroups.map(({ group }) => group) }
  listed.delete(requestedBy)
  let found = 0
  let unknown: Refusal | undefined
  for (const id of [...listed].slice(0, MOST_LOOKUPS)) {
    const person = await askWorkspace(() => deps.workspace.person(id))
    if (isRefusal(person)) unknown ??= person
    else if (!person.flaw) found++
    if (found >= required) return enough
  }
  // Of those who were not looked up nothing is known, so nobody is refused for them: their approvals are checked when
  // they come.
  if (listed.size > MOST_LOOKUPS) return enough
  if (unknown && deadGroups.length === 0) return unknown
  const places = { source: source.alias, destination: destination.alias }
  return refuse({ code: 'nobody-may-approve', required, found, ...places, deadGroups })
}
