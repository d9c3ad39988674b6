import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Route } from '../domain/route.ts'
import { askWorkspace } from './ask-workspace.ts'
import type { Deps } from './ports.ts'

/** People who are looked up at the most: Slack takes about a hundred such calls a minute (users.info, tier 4). */
const MOST_LOOKUPS = 50

/**
 * Only what can be approved is filed: enough full members on the route's list besides who asks, as Slack says now. People are looked up until enough are found. A group that Slack does not show blocks
 * nobody: the operator reads of it in the log. Where too few are found and somebody could not be looked up, it is not known whether there are enough, and that is what is said.
 */
export async function refuseUnapprovable(
  deps: Pick<Deps, 'workspace' | 'log'>,
  { approvers, required, source, destination }: Route,
  requestedBy: string,
): Promise<Refusal | undefined> {
  const groups = await Promise.all(
    approvers.userGroups.map(async (group) => ({
      group,
      members: await askWorkspace(() => deps.workspace.membersOf(group)),
    })),
  )
  const dead = groups.flatMap(({ group, members }) => (isRefusal(members) ? [{ group, refusal: members }] : []))
  for (const { group, refusal } of dead)
    deps.log.warn({ group, route: destination.alias, problem: refusal.refused }, 'Slack does not show a user group')
  const listed = new Set([...approvers.users, ...groups.flatMap(({ members }) => (isRefusal(members) ? [] : members))])
  listed.delete(requestedBy)
  let found = 0
  let unknown: Refusal | undefined
  for (const id of [...listed].slice(0, MOST_LOOKUPS)) {
    const person = await askWorkspace(() => deps.workspace.person(id))
    if (isRefusal(person)) unknown ??= person
    else if (!person.flaw) found++
    if (found >= required) return undefined
  }
  const [first] = dead
  if (unknown && !first) return unknown
  const problem = first?.refusal.refused.code === 'identity-unknown' ? { problem: first.refusal.refused.problem } : {}
  const places = { source: source.alias, destination: destination.alias }
  const deadGroups = dead.map(({ group }) => group)
  return refuse({ code: 'nobody-may-approve', required, found, ...places, deadGroups, ...problem })
}
