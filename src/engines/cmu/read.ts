import { type ServerNumber, serverNumber } from '../../domain/ids.ts'
import { type HsmUser, inventoryOf, type KeyMarks } from '../../domain/inventory.ts'
import { type Spec, serversOf } from '../../domain/spec.ts'
import type { Attempt, ListingPart, Reading, ServerUsers, StepPlan, Stop } from '../../domain/step.ts'
import { unreadable } from '../refused.ts'
import { judge } from './answers.ts'
import { enter, findKeys, ownersIn } from './dialogue.ts'
import { type KeyListing, parseKeys, parseUsers } from './listings.ts'
import { answerTo, type Session } from './session.ts'

export interface Ended {
  /** Why the session did not play to its end, if it did not. */
  readonly stop: Stop | undefined
  readonly logins: readonly string[] | undefined
}

/** What a step's session found. */
export function readSession(spec: Spec, plan: StepPlan, session: Session, { stop, logins }: Ended): Reading {
  switch (plan.kind) {
    case 'inspect': {
      const servers = stop ? undefined : usersOf(spec, answerTo(session, 'listUsers'))
      if (servers) return { kind: 'inspected', servers, ...(logins ? { logins } : {}) }
      return { kind: 'nothing', stop: stop ?? unreadable('the list of users') }
    }
    case 'inventory':
      return stop ? { kind: 'nothing', stop } : readMarks(spec, plan, session)
    case 'sync-users': {
      const attempts = readAttempts('syncUser', plan.users, (user) => `syncUser ${user.id} ${plan.server}`, session)
      const after = usersOf(spec, answerTo(session, 'listUsers'))
      const problem = stop ?? (after ? undefined : unreadable('the list of users afterwards'))
      return { kind: 'users-synced', attempts, ...(after ? { after } : {}), ...(problem ? { stop: problem } : {}) }
    }
    case 'sync-keys': {
      const attempts = readAttempts('syncKey', plan.handles, (handle) => `syncKey ${handle} ${plan.server}`, session)
      const marks = plan.canary && !stop ? keyMarks(plan.canary, undefined, session) : undefined
      const after = marks && inventoryOf([marks])
      return { kind: 'keys-synced', attempts, ...(after ? { after } : {}), ...(stop ? { stop } : {}) }
    }
    default:
      return plan satisfies never
  }
}

function readMarks(spec: Spec, plan: StepPlan & { kind: 'inventory' }, session: Session): Reading {
  const now = usersOf(spec, answerTo(session, 'listUsers'))
  if (!now) return { kind: 'nothing', stop: unreadable('the list of users') }
  const changed = plan.users.find(
    ({ server, users }) => !sameUsers(users, now.find((hsm) => hsm.server === server)?.users ?? []),
  )
  if (changed) {
    const detail = `users were added or removed on server ${changed.server} since they were listed`
    return { kind: 'nothing', stop: { code: 'users-changed', detail } }
  }
  const servers: KeyMarks[] = []
  for (const hsm of now) {
    const marks = keyMarks(hsm, plan.part, session)
    if (!marks) return { kind: 'nothing', stop: unreadable(`the keys of server ${hsm.server}`) }
    servers.push(marks)
  }
  return { kind: 'marked', servers }
}

/**
 * What was marked on one server for each crypto user that was listed; `undefined` if one of these listings cannot be
 * read.
 */
function keyMarks(hsm: ServerUsers, part: ListingPart | undefined, session: Session): KeyMarks | undefined {
  const { server, users } = hsm
  const listed: { user: string; keys: KeyListing['keys'] }[] = []
  let keyHash: string | undefined
  for (const user of ownersIn(hsm, part)) {
    const listing = listingOf(session, server, user)
    if (!listing) return undefined
    keyHash ??= listing.keyHash
    listed.push({ user: user.name, keys: listing.keys })
  }
  return { server, users, listed, ...(keyHash ? { keyHash } : {}) }
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
    if (answer === undefined) return { item, verdict: session.isCounted ? 'untried' : 'unclear', said: '' }
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
