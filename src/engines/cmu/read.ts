import { type ServerNumber, serverNumber } from '../../domain/ids.ts'
import type { HsmKey, HsmUser, Inventory } from '../../domain/inventory.ts'
import { type Spec, serversOf } from '../../domain/spec.ts'
import type { Attempt, Reading, ServerUsers, StepPlan, Stop } from '../../domain/step.ts'
import { unreadable } from '../refused.ts'
import { judge } from './answers.ts'
import { enter, findKeys } from './dialogue.ts'
import { type KeyListing, parseKeys, parseUsers } from './listings.ts'
import { answerTo, type Session } from './session.ts'

/** What a step's session found. `stop`: why it did not play to its end, if it did not. */
export function readSession(spec: Spec, plan: StepPlan, session: Session, stop: Stop | undefined): Reading {
  switch (plan.kind) {
    case 'inspect': {
      const servers = stop ? undefined : usersOf(spec, answerTo(session, 'listUsers'))
      if (servers) return { kind: 'inspected', servers }
      return { kind: 'nothing', stop: stop ?? unreadable('the list of users', plan) }
    }
    case 'inventory':
      return stop ? { kind: 'nothing', stop } : readInventories(spec, plan, session)
    case 'sync-users': {
      const attempts = readAttempts('syncUser', plan.users, (user) => `syncUser ${user.id} ${plan.server}`, session)
      const after = usersOf(spec, answerTo(session, 'listUsers'))
      const problem = stop ?? (after ? undefined : unreadable('the list of users afterwards', plan))
      return { kind: 'users-synced', attempts, ...(after ? { after } : {}), ...(problem ? { stop: problem } : {}) }
    }
    case 'sync-keys': {
      const attempts = readAttempts('syncKey', plan.handles, (handle) => `syncKey ${handle} ${plan.server}`, session)
      const after = plan.canary && !stop ? readKeys(plan.canary, session) : undefined
      return { kind: 'keys-synced', attempts, ...(after ? { after } : {}), ...(stop ? { stop } : {}) }
    }
    default:
      return plan satisfies never
  }
}

function readInventories(spec: Spec, plan: StepPlan & { kind: 'inventory' }, session: Session): Reading {
  const now = usersOf(spec, answerTo(session, 'listUsers'))
  if (!now) return { kind: 'nothing', stop: unreadable('the list of users', plan) }
  const changed = plan.users.find(
    ({ server, users }) => !sameUsers(users, now.find((hsm) => hsm.server === server)?.users ?? []),
  )
  if (changed) {
    const detail = `users were added or removed on server ${changed.server} since they were listed`
    return { kind: 'nothing', stop: { code: 'users-changed', detail, wrote: 'no' } }
  }
  const inventories: Inventory[] = []
  for (const hsm of plan.users) {
    const inventory = readKeys(hsm, session)
    if (!inventory) return { kind: 'nothing', stop: unreadable(`the keys of server ${hsm.server}`, plan) }
    inventories.push(inventory)
  }
  return { kind: 'listed', inventories }
}

/** The keys of one server: what each of its crypto users owns, shares or sees, put together. */
function readKeys({ server, users }: ServerUsers, session: Session): Inventory | undefined {
  const keys = new Map<number, { owner: string | null; sharedWith: string[] }>()
  let keyHash: string | undefined
  for (const user of users) {
    if (user.role !== 'CU') continue
    const listing = listingOf(session, server, user)
    if (!listing) return undefined
    keyHash ??= listing.keyHash
    for (const { handle, mark } of listing.keys) {
      const key = keys.get(handle) ?? { owner: null, sharedWith: [] }
      if (mark === 'owned') key.owner = user.name
      if (mark === 'shared') key.sharedWith.push(user.name)
      keys.set(handle, key)
    }
  }
  const found = [...keys].map(
    ([handle, { owner, sharedWith }]): HsmKey => ({ handle, owner, sharedWith: sharedWith.sort() }),
  )
  found.sort((a, b) => a.handle - b.handle)
  return { server, users, keys: found, ...(keyHash ? { keyHash } : {}) }
}

function listingOf(session: Session, server: ServerNumber, user: HsmUser): KeyListing | undefined {
  const answer = answerTo(session, findKeys(user.id), enter(server))
  const listing = answer === undefined ? undefined : parseKeys(answer)
  return listing?.server === undefined || listing.server === server ? listing : undefined
}

function readAttempts<Item>(
  command: 'syncUser' | 'syncKey',
  items: readonly Item[],
  commandFor: (item: Item) => string,
  session: Session,
): readonly Attempt<Item>[] {
  return items.map((item) => {
    const sent = commandFor(item)
    const answer = answerTo(session, sent)
    if (answer === undefined) return { item, verdict: 'untried', said: '' }
    const judged = judge(command, answer)
    return { item, ...judged, verdict: sent === session.unfinished ? 'unclear' : judged.verdict }
  })
}

/** Users of every server of the run, or `undefined` if one is missing. */
function usersOf(spec: Spec, answer: string | undefined): readonly ServerUsers[] | undefined {
  const listed = answer === undefined ? undefined : parseUsers(answer)
  const servers = serversOf(spec).map((_, number) => ({ server: serverNumber(number), users: listed?.get(number) }))
  return servers.every((hsm): hsm is ServerUsers => hsm.users !== undefined) ? servers : undefined
}

function sameUsers(a: readonly HsmUser[], b: readonly HsmUser[]): boolean {
  const words = (users: readonly HsmUser[]) =>
    users
      .map(({ id, name, role }) => `${id} ${name} ${role}`)
      .sort()
      .join()
  return words(a) === words(b)
}
