import { serverNumber } from '../../domain/ids.ts'
import { type HsmKey, type HsmUser, type Inventory, isWhole, userKey } from '../../domain/inventory.ts'
import { keyName, type Spec, targetName, targetsOf } from '../../domain/spec.ts'
import type { Attempt, Reading, ServerUsers, StepPlan, Stop } from '../../domain/step.ts'
import { unreadable } from '../refused.ts'
import type { Slices } from '../slices.ts'
import { countHsms, inconsistentOthers, insteadOf, judge, keysIn, parseKeys, parseUsers } from './answers.ts'
import {
  clusters,
  listHsmsOf,
  listKeys,
  listOwnKeys,
  listUsersOf,
  ownersAt,
  replicateKey,
  replicateUser,
} from './dialogue.ts'
import { type Exchange, exchangeOf, pagesOf } from './session.ts'

type Session = readonly Exchange[]

export interface Ended {
  /** Why the session did not play to its end, if it did not. */
  readonly stop: Stop | undefined
  readonly logins: readonly string[] | undefined
  /** Is everything that was sent in the transcript? If not, what is not there may have been sent. */
  readonly isCounted: boolean
}

/** What a step's session found. */
export function* readSession(
  spec: Spec,
  plan: StepPlan,
  session: Session,
  { stop, logins, isCounted }: Ended,
): Slices<Reading> {
  switch (plan.kind) {
    case 'inspect': {
      const problem = stop ?? wrongHsms(spec, session) ?? tornUsers(spec, session)
      const servers = problem ? undefined : usersOf(spec, session)
      if (!servers) return { kind: 'nothing', stop: problem ?? unreadable(`the list of users${unread(spec, session)}`) }
      const areCounted = countsOf(spec, session).every((count) => count !== undefined)
      return { kind: 'inspected', servers, ...(areCounted ? { isCounted: true } : {}), ...(logins ? { logins } : {}) }
    }
    case 'inventory':
      return stop ? { kind: 'nothing', stop } : yield* readInventories(spec, plan, session)
    case 'sync-users': {
      const attempts = plan.users.map((user) => ({
        item: user,
        ...judged('user', user.name, exchangeOf(session, replicateUser(spec, user)), isCounted),
      }))
      const after = usersOf(spec, session)
      const problem = stop ?? (after ? undefined : unreadable(`the list of users afterwards${unread(spec, session)}`))
      return { kind: 'users-synced', attempts, ...(after ? { after } : {}), ...(problem ? { stop: problem } : {}) }
    }
    case 'sync-keys': {
      const attempts = plan.handles.map((handle) => ({
        item: handle,
        ...judged('key', keyName(spec, handle), exchangeOf(session, replicateKey(spec, handle)), isCounted),
      }))
      const after = plan.canary && !stop ? readCanary(spec, plan.canary, session) : undefined
      return { kind: 'keys-synced', attempts, ...(after ? { after } : {}), ...(stop ? { stop } : {}) }
    }
    default:
      return plan satisfies never
  }
}

function judged(
  noun: 'user' | 'key',
  name: string,
  exchange: Exchange | undefined,
  isCounted: boolean,
): Omit<Attempt<unknown>, 'item'> {
  if (exchange) return judge(noun, name, exchange)
  return { verdict: isCounted ? 'untried' : 'unclear', said: '' }
}

/** What there is instead of a readable list of users. */
function unread(spec: Spec, session: Session): string {
  const lists = clusters(spec).map((cluster) => exchangeOf(session, listUsersOf(cluster)))
  return insteadOf(lists.find((list) => list === undefined || parseUsers(list) === undefined))
}

/** Users of both clusters; `undefined` if one list cannot be read. */
function usersOf(spec: Spec, session: Session): readonly ServerUsers[] | undefined {
  const places = clusters(spec).map((cluster, number) => ({
    server: serverNumber(number),
    users: parseUsers(exchangeOf(session, listUsersOf(cluster))),
  }))
  return places.every((place): place is ServerUsers => place.users !== undefined) ? places : undefined
}

function* readInventories(spec: Spec, plan: StepPlan & { kind: 'inventory' }, session: Session): Slices<Reading> {
  const wrong = wrongHsms(spec, session) ?? (plan.purpose === 'before' ? tornUsers(spec, session) : undefined)
  if (wrong) return { kind: 'nothing', stop: wrong }
  const now = usersOf(spec, session)
  if (!now) return { kind: 'nothing', stop: unreadable(`the list of users${unread(spec, session)}`) }
  const changed = now.find(({ server, users }) => {
    const then = plan.users.find((place) => place.server === server)?.users ?? []
    return namesOf(users) !== namesOf(then)
  })
  if (changed) {
    const detail = `users were added or removed on ${targetName(spec, changed.server)} since they were listed`
    return { kind: 'nothing', stop: { code: 'users-changed', detail } }
  }
  const inventories: Inventory[] = []
  for (const place of now) {
    const planned = plan.users.find(({ server }) => server === place.server) ?? place
    const keys = yield* keysOf(spec, planned, session)
    if (keys.stop) return { kind: 'nothing', stop: keys.stop }
    inventories.push({ ...place, keys: keys.found })
  }
  return { kind: 'listed', inventories }
}

interface FoundKeys {
  readonly found: readonly HsmKey[]
  readonly stop?: Stop
}

/**
 * What the administrator sees of a cluster's keys, with what their owners see of them where the settings let the owners
 * list.
 */
function* keysOf(spec: Spec, place: ServerUsers, session: Session): Slices<FoundKeys> {
  const cluster = clusters(spec)[place.server] ?? ''
  const name = targetName(spec, place.server)
  const pages = pagesOf(session, listKeys(cluster))
  const listed = yield* keysIn(pages)
  if (!listed) return { found: [], stop: unreadable(`the keys of ${name}${insteadOf(pages.at(-1))}`) }
  const keys = new Map(listed.map((key) => [key.handle, key]))
  for (const owner of ownersAt(spec, place)) {
    const ownPages = pagesOf(session, listOwnKeys(cluster), owner)
    const own = yield* keysIn(ownPages)
    if (!own) return { found: [], stop: unreadable(`${owner}'s keys of ${name}${insteadOf(ownPages.at(-1))}`) }
    // What an administrator's listing leaves out is not documented: one that leaves out a single key proves nothing
    // about the others.
    const unseen = own.find(({ handle }) => !keys.has(handle))
    if (unseen) {
      const detail = `${owner} lists key ${keyName(spec, unseen.handle)} on ${name}, the administrator's listing does not`
      return { found: [], stop: { code: 'partial-view', detail } }
    }
    for (const key of own) {
      // Those shared with somebody are listed too: what the owner is shown of a key counts for more.
      const isOwner = key.owner?.split(',').includes(owner) ?? false
      const known = keys.get(key.handle)
      if (!isWhole(key)) keys.set(key.handle, key)
      else if (key.shows === undefined && (isOwner || known?.shows !== undefined)) keys.set(key.handle, key)
    }
  }
  return { found: [...keys.values()].sort((a, b) => a.handle - b.handle) }
}

function countsOf(spec: Spec, session: Session): readonly (number | undefined)[] {
  return clusters(spec).map((cluster) => countHsms(exchangeOf(session, listHsmsOf(cluster))))
}

/** Connected to another number of HSMs than was approved; `undefined` also where the tool does not show it. */
function wrongHsms(spec: Spec, session: Session): Stop | undefined {
  for (const { server, alias, hsms } of targetsOf(spec)) {
    const count = countsOf(spec, session)[server]
    if (count === undefined || count === hsms.length) continue
    const detail = `${alias} has ${hsms.length} approved HSMs, the tool is connected to ${count}`
    return { code: 'other-hsms', detail }
  }
  return undefined
}

/** Users that are never touched count too: what only some HSMs have makes every listing of the cluster doubtful. */
function tornUsers(spec: Spec, session: Session): Stop | undefined {
  const [inconsistent] = clusters(spec).flatMap((cluster) =>
    inconsistentOthers(exchangeOf(session, listUsersOf(cluster))),
  )
  return inconsistent === undefined ? undefined : { code: 'inconsistent', detail: `user ${inconsistent}` }
}

function readCanary(spec: Spec, canary: ServerUsers, session: Session): Inventory | undefined {
  const keys = parseKeys(pagesOf(session, listKeys(spec.destination.clusterId)))
  return keys && { ...canary, keys: [...keys].sort((a, b) => a.handle - b.handle) }
}

function namesOf(users: readonly HsmUser[]): string {
  return users.map(userKey).sort().join()
}
