import { refuseRequester } from '../domain/approval-policy.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Deps } from './ports.ts'

/** What Slack answers, or a refusal when it does not: who cannot be looked up may not (fail closed). */
export async function askWorkspace<Found>(look: () => Promise<Found>): Promise<Found | Refusal> {
  try {
    return await look()
  } catch (error) {
    return refuse({ code: 'identity-unknown', problem: error instanceof Error ? error.message : String(error) })
  }
}

/** Why Slack did not tell, out of a refusal of `askWorkspace`. */
export function problemOf({ refused }: Refusal): string {
  return refused.code === 'identity-unknown' ? refused.problem : refused.code
}

/** Why this person may not use the bot at all, or nothing: full members of this workspace may. */
export async function refuseStranger(deps: Pick<Deps, 'workspace'>, userId: string): Promise<Refusal | undefined> {
  const person = await askWorkspace(() => deps.workspace.person(userId))
  return isRefusal(person) ? person : refuseRequester(person)
}

/**
 * Of these user groups, those whose member this person is now; `unread`: why one of them could not be read. One that
 * Slack does not show blocks no member of another.
 */
export async function groupsOf(
  deps: Pick<Deps, 'workspace'>,
  userGroups: readonly string[],
  userId: string,
): Promise<{ readonly memberOf: readonly string[]; readonly unread?: Refusal }> {
  const memberOf: string[] = []
  let unread: Refusal | undefined
  for (const group of userGroups) {
    const members = await askWorkspace(() => deps.workspace.membersOf(group))
    if (isRefusal(members)) unread ??= members
    else if (members.includes(userId)) memberOf.push(group)
  }
  return unread ? { memberOf, unread } : { memberOf }
}
