import { isListed, refuseRequester } from '../domain/approval-policy.ts'
import type { Freeze } from '../domain/freeze.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Landscape, PeopleList } from '../domain/route.ts'
import { askWorkspace, groupsOf } from './ask-workspace.ts'
import type { Deps } from './ports.ts'
import { recordRefusedClick } from './refused-click.ts'

type BrakeDeps = Pick<Deps, 'workspace' | 'landscape' | 'store' | 'clock' | 'log'>

/**
 * Puts the brake on: nothing starts any more, and runs end between batches. Operators may, and whoever may approve on
 * any route. A refusal is recorded.
 */
export async function freeze(
  deps: BrakeDeps,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<Freeze | Refusal> {
  const refusal = await refusePerson(deps, by, 'freeze')
  return refusal ? recorded(deps, by, 'freeze', refusal) : setFreeze(deps, { by, reason })
}

/** Takes the brake off: operators only. Answers the freeze that was. */
export async function unfreeze(deps: BrakeDeps, { by }: { readonly by: string }): Promise<Freeze | Refusal> {
  const refusal = await refusePerson(deps, by, 'unfreeze')
  return refusal ? recorded(deps, by, 'unfreeze', refusal) : liftFreeze(deps, by)
}

/** Who may was asked before. */
export async function setFreeze(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<Freeze | Refusal> {
  const wanted: Freeze = { by, reason, at: clock.now() }
  const found = await store.setFrozen(wanted, { at: wanted.at, type: 'frozen', actor: by, facts: { reason } })
  return found ? refuse({ code: 'frozen-already', freeze: found }) : wanted
}

export async function liftFreeze(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  by: string,
): Promise<Freeze | Refusal> {
  const found = await store.setFrozen(undefined, { at: clock.now(), type: 'unfrozen', actor: by, facts: {} })
  return found ?? refuse({ code: 'not-frozen' })
}

async function refusePerson(
  deps: BrakeDeps,
  userId: string,
  wanted: 'freeze' | 'unfreeze',
): Promise<Refusal | undefined> {
  const person = await askWorkspace(() => deps.workspace.person(userId))
  if (isRefusal(person)) return person
  const stranger = refuseRequester(person)
  if (stranger) return stranger
  const list = listFor(deps.landscape, wanted)
  if (isListed(list, { person, memberOf: [] })) return undefined
  let unread: Refusal | undefined
  // One after the other, up to the first: they may be those of every route, and a brake should not wait for all.
  for (const group of list.userGroups) {
    const found = await groupsOf(deps, [group], userId)
    if (found.memberOf.length > 0) return undefined
    unread ??= found.unread
  }
  // Who is in no group that can be read may be in the one that cannot: that is no "not on the list".
  return unread ?? refuse({ code: 'not-operator', wanted, operators: deps.landscape.operators ?? NOBODY })
}

const NOBODY: PeopleList = { users: [], userGroups: [] }

function listFor({ operators = NOBODY, routes }: Landscape, wanted: 'freeze' | 'unfreeze'): PeopleList {
  const lists = [operators, ...(wanted === 'freeze' ? routes.map(({ approvers }) => approvers) : [])]
  return {
    users: [...new Set(lists.flatMap(({ users }) => users))],
    userGroups: [...new Set(lists.flatMap(({ userGroups }) => userGroups))],
  }
}

async function recorded(deps: BrakeDeps, by: string, button: string, refusal: Refusal): Promise<Refusal> {
  await recordRefusedClick(deps, { by, button }, refusal)
  return refusal
}
