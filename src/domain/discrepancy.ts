import { shownOf } from './diff.ts'
import { provesUnchanged } from './evidence.ts'
import type { HsmId, ServerNumber } from './ids.ts'
import { compareKeys, type HsmKey, type HsmUser, type Inventory, isSameKey, isWhole, userKey } from './inventory.ts'
import type { RunFacts } from './run-facts.ts'
import { keyName, type Spec } from './spec.ts'
import type { DoneStep } from './step.ts'

/** A user or key that did not get where it should, and why. */
export interface Discrepancy {
  readonly kind: 'user' | 'key' | 'HSM' | 'run'
  readonly name: string
  /** The destination HSM; absent where it holds for the whole destination. */
  readonly server?: ServerNumber
  readonly problem:
    | 'failed'
    | 'untried'
    | 'unverified'
    | 'unexpected'
    | 'left-out'
    | 'conflict'
    | 'blocked'
    | 'unknown-on-source'
    | 'not-spread'
    /** On some HSMs of a cluster only. */
    | 'incomplete'
    | 'stopped'
  readonly why: string
}

/** Everything in scope that is not where it should be, by the newest listing. */
export function discrepanciesOf(
  spec: Spec,
  facts: RunFacts,
  steps: readonly DoneStep[],
  destinations: readonly Inventory[],
): Discrepancy[] {
  const diff = facts.diff
  if (!diff) return []
  const said = saidOf(steps)
  const named = (handle: number) => keyName(spec, handle)
  const discrepancies: Discrepancy[] = [
    ...diff.unknown.users.map(
      (name): Discrepancy => ({ kind: 'user', name, problem: 'unknown-on-source', why: 'not on the source' }),
    ),
    ...diff.unknown.keys.map(
      (handle): Discrepancy => ({
        kind: 'key',
        name: named(handle),
        problem: 'unknown-on-source',
        why: 'not on the source',
      }),
    ),
    ...diff.userConflicts.map(
      ({ server, name, problem }): Discrepancy => ({ kind: 'user', name, server, problem: 'conflict', why: problem }),
    ),
    ...diff.keys.conflicts.map(
      ({ handle, problem }): Discrepancy => ({ kind: 'key', name: named(handle), problem: 'conflict', why: problem }),
    ),
    ...diff.keys.blocked.map(
      (key): Discrepancy => ({
        kind: 'key',
        name: named(key.handle),
        problem: 'blocked',
        why: `the destination lacks ${key.lacks.join(', ')}`,
      }),
    ),
  ]
  for (const { server, missing } of diff.users) {
    const listed = destinations.find((hsm) => hsm.server === server)?.users ?? []
    const there = new Map(listed.map((user) => [userKey(user), user]))
    for (const user of missing) {
      const copy = there.get(userKey(user))
      if (copy && isWhole(copy)) continue
      const answer = said.get(`user ${server} ${userKey(user)}`)
      discrepancies.push({
        kind: 'user',
        name: user.name,
        server,
        ...(copy ? incompleteOn(copy, answer) : failure(answer)),
      })
    }
  }
  const indexes = destinations.map((hsm) => ({
    server: hsm.server,
    keys: new Map(hsm.keys.map((key) => [key.handle, key])),
  }))
  const unsure = spec.reach === 'cluster' && spec.destination.hsms.length > 1 ? unsureKeys(steps) : new Set()
  // Somebody may have shared a key on the source meanwhile: what it is there now counts as well.
  const sourceNow = new Map(facts.after?.[0]?.keys.map((key) => [key.handle, key]))
  const isSeenWhole = (handle: number) => indexes.some(({ keys }) => keys.get(handle)?.coverage === 'full')
  for (const key of diff.keys.missing) {
    const answer = said.get(`key ${key.handle}`)
    const name = named(key.handle)
    const found = keyDiscrepancies([key, sourceNow.get(key.handle) ?? key], { name, indexes, answer })
    if (found.length === 0 && unsure.has(key.handle) && !isSeenWhole(key.handle)) {
      const why = `listed, but perhaps not on every HSM of the cluster; the tool said: ${answer}`
      discrepancies.push({ kind: 'key', name, problem: 'incomplete', why })
    } else discrepancies.push(...found)
  }
  return discrepancies
}

interface KeySearch {
  readonly name: string
  readonly indexes: readonly { readonly server: ServerNumber; readonly keys: ReadonlyMap<number, HsmKey> }[]
  readonly answer: string | undefined
}

/** `key`: as the source had it when the run began, and as it has it now. */
function keyDiscrepancies([key, now]: readonly [HsmKey, HsmKey], { name, indexes, answer }: KeySearch): Discrepancy[] {
  const copies = indexes.map(({ server, keys }) => ({ server, copy: keys.get(key.handle) }))
  if (copies.every(({ copy }) => copy === undefined)) return [{ kind: 'key', name, ...failure(answer) }]
  return copies.flatMap(({ server, copy }): Discrepancy[] => {
    if (!copy)
      return [{ kind: 'key', name, server, problem: 'not-spread', why: 'not yet on this HSM of the destination' }]
    if (!isWhole(copy)) return [{ kind: 'key', name, server, ...incompleteOn(copy, answer) }]
    switch (isSameKey(copy, now) ? 'same' : compareKeys(copy, key)) {
      case 'same':
      case 'same-label':
        return []
      case 'unknown': {
        const why = `it is there, but nothing shows whether it is the same key: ${shownOf(copy)}`
        return [{ kind: 'key', name, server, problem: 'unverified', why }]
      }
      default:
        return [{ kind: 'key', name, server, problem: 'failed', why: `it arrived otherwise: ${shownOf(copy)}` }]
    }
  })
}

export function incompleteOn(
  { coverage }: HsmUser | HsmKey,
  answer: string | undefined,
): { problem: 'incomplete'; why: string } {
  const said = answer === undefined ? '' : `; the tool said: ${answer}`
  return { problem: 'incomplete', why: `not whole on every HSM of the cluster (${coverage})${said}` }
}

/** Keys that a whole cluster was asked to take, where the tool did not say that all of its HSMs did. */
function unsureKeys(steps: readonly DoneStep[]): ReadonlySet<number> {
  return new Set(
    steps.flatMap(({ plan, reading, evidence }) => {
      // No answer at all: any of them may have got anywhere.
      const isOpen = reading.kind === 'nothing' && !provesUnchanged(evidence)
      if (plan.kind === 'sync-keys' && isOpen) return plan.handles
      if (reading.kind !== 'keys-synced') return []
      return reading.attempts.flatMap(({ item, verdict }) =>
        verdict === 'incomplete' || verdict === 'unclear' ? [item] : [],
      )
    }),
  )
}

function failure(answer: string | undefined): { problem: 'failed' | 'untried'; why: string } {
  if (answer === undefined) return { problem: 'untried', why: 'not tried' }
  return { problem: 'failed', why: `not there afterwards; the tool said: ${answer}` }
}

/**
 * What stands on a destination HSM now, did not before, and was not asked for: another handle than the source's, or
 * somebody else's work.
 */
export function unexpected(spec: Spec, { wrote, before, after, diff, triedKeys }: RunFacts): Discrepancy[] {
  if (!wrote || !before || !after || !diff) return []
  const planned = new Set(
    diff.users.flatMap(({ server, missing }) => missing.map((user) => `${server} ${userKey(user)}`)),
  )
  return after.slice(1).flatMap(({ server, users, keys }): Discrepancy[] => {
    const earlier = before.find((hsm) => hsm.server === server)
    const users0 = new Set(earlier?.users.map(userKey))
    const keys0 = new Set(earlier?.keys.map(({ handle }) => handle))
    // A key that stood on another HSM of the destination may have spread here meanwhile.
    const elsewhere = new Set(before.slice(1).flatMap((hsm) => hsm.keys.map(({ handle }) => handle)))
    const newUsers = users.filter((user) => !users0.has(userKey(user)) && !planned.has(`${server} ${userKey(user)}`))
    const newKeys = keys.filter(({ handle }) => !keys0.has(handle) && !triedKeys.has(handle) && !elsewhere.has(handle))
    const why = 'it appeared during the run and was not asked for'
    return [
      ...newUsers.map(({ name }): Discrepancy => ({ kind: 'user', name, server, problem: 'unexpected', why })),
      ...newKeys.map(
        ({ handle }): Discrepancy => ({ kind: 'key', name: keyName(spec, handle), server, problem: 'unexpected', why }),
      ),
    ]
  })
}

/**
 * HSMs of the destination that were not ACTIVE, or joined it during the run: users do not spread to them by themselves.
 */
export function leftOut({ destination }: Spec, joined: readonly HsmId[] | 'unknown'): Discrepancy[] {
  const missed = (name: HsmId, why: string): Discrepancy => ({ kind: 'HSM', name, problem: 'left-out', why })
  return [
    ...destination.leftOut.map(({ hsmId, state }) => missed(hsmId, `it was ${state}`)),
    ...(joined === 'unknown'
      ? [unlooked(destination.alias)]
      : joined.map((hsmId) => missed(hsmId, 'it joined the cluster during the run'))),
  ]
}

function unlooked(alias: string): Discrepancy {
  const why = 'I could not look whether one joined the cluster during the run: AWS did not tell'
  return { kind: 'HSM', name: `of ${alias}`, problem: 'unverified', why }
}

/** What was tried and never listed afterwards, with the tool's word; and what was not tried. */
export function unverified(spec: Spec, facts: RunFacts, steps: readonly DoneStep[]): Discrepancy[] {
  const said = saidOf(steps)
  const discrepancy = (answer: string | undefined): Pick<Discrepancy, 'problem' | 'why'> =>
    answer === undefined
      ? { problem: 'untried', why: 'not tried' }
      : { problem: 'unverified', why: `the tool said: ${answer}` }
  const users = (facts.diff?.users ?? []).flatMap(({ server, missing }) =>
    missing.map(
      (user): Discrepancy => ({
        kind: 'user',
        name: user.name,
        server,
        ...discrepancy(said.get(`user ${server} ${userKey(user)}`)),
      }),
    ),
  )
  const keys = (facts.diff?.keys.missing ?? []).map(
    (key): Discrepancy => ({
      kind: 'key',
      name: keyName(spec, key.handle),
      ...discrepancy(said.get(`key ${key.handle}`)),
    }),
  )
  return [...users, ...keys]
}

/** What the tool said, by item. */
function saidOf(steps: readonly DoneStep[]): ReadonlyMap<string, string> {
  const said = new Map<string, string>()
  for (const { plan, reading, evidence } of steps) {
    // Proved that no write was sent: nothing was tried.
    if (provesUnchanged(evidence)) continue
    if (plan.kind === 'sync-users') {
      const attempts = reading.kind === 'users-synced' ? reading.attempts : []
      for (const user of plan.users) {
        const attempt = attempts.find(({ item }) => item.name === user.name && item.role === user.role)
        if (attempt?.verdict !== 'untried')
          said.set(`user ${plan.server} ${userKey(user)}`, attempt?.said || 'no readable answer')
      }
    } else if (plan.kind === 'sync-keys') {
      const attempts = new Map(
        reading.kind === 'keys-synced' ? reading.attempts.map((attempt) => [attempt.item, attempt]) : [],
      )
      for (const handle of plan.handles) {
        const attempt = attempts.get(handle)
        if (attempt?.verdict !== 'untried') said.set(`key ${handle}`, attempt?.said || 'no readable answer')
      }
    }
  }
  return said
}
