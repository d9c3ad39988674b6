import type { HsmId, ServerNumber } from './ids.ts'
import { type HsmKey, type Inventory, sameMarks, userKey } from './inventory.ts'
import type { RefusalFacts } from './refusal.ts'
import type { RunFacts } from './run-facts.ts'
import { type Spec, serversOf } from './spec.ts'
import type { DoneStep, Stop } from './step.ts'

export interface Tally {
  readonly already: number
  readonly synced: number
  readonly failed: number
  readonly untried: number
  readonly conflicts: number
}

/** A user or key that did not get where it should, and why. */
export interface Trouble {
  readonly kind: 'user' | 'key' | 'HSM'
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
  readonly why: string
}

export interface DestinationReport {
  readonly server: ServerNumber
  readonly hsmId: HsmId
  readonly ip: string
  readonly users: Tally
  readonly keys: Tally
}

/** What a run came to, from what was listed, not from what was printed. Stored with the request. */
export interface OutcomeReport {
  readonly state: 'succeeded' | 'partial' | 'failed' | 'unknown'
  /** `after`: listed again after the writes. `before`: nothing was written, the one listing holds. `none`: no listing proves anything. */
  readonly proof: 'after' | 'before' | 'none'
  readonly stop?: Stop
  /** Why the run did not even begin. */
  readonly because?: RefusalFacts
  readonly withdrawn: boolean
  /** Was any write sent to an HSM, as far as can be known? */
  readonly wrote: boolean
  readonly destinations: readonly DestinationReport[]
  readonly troubles: readonly Trouble[]
  /** Key Hash by server number, where printed. Equal values prove equal ownership; unequal ones prove nothing (facts, section 2.5). */
  readonly keyHashes: readonly { readonly server: ServerNumber; readonly hash: string }[]
}

interface Ending {
  readonly stop: Stop | undefined
  readonly withdrawn: boolean
}

/** The outcome of a run that ends now. */
export function conclude(
  spec: Spec,
  steps: readonly DoneStep[],
  facts: RunFacts,
  { stop, withdrawn }: Ending,
): OutcomeReport {
  const [, ...before] = facts.before ?? []
  const [, ...destinations] = (facts.wrote ? facts.after : facts.before) ?? []
  const found = facts.diff ? [...troublesOf(facts, steps, destinations), ...unexpected(facts), ...leftOut(spec)] : []
  // A plan tries nothing: what is missing is its result, not its trouble.
  const troubles =
    spec.mode === 'plan' ? found.filter(({ problem }) => problem !== 'untried' && problem !== 'left-out') : found
  const reports = before.map((hsm, index) =>
    report(spec, facts, { before: hsm, now: destinations[index] ?? hsm, troubles }),
  )
  const common = { withdrawn, wrote: facts.wrote, destinations: reports, troubles, ...(stop ? { stop } : {}) }
  if (facts.wrote && !facts.after) {
    // Nothing was listed afterwards, so nothing may be counted: only what was tried can be told.
    return {
      ...common,
      destinations: [],
      troubles: [...unverified(facts, steps), ...troubles.filter(({ problem }) => KEPT.has(problem))],
      state: 'unknown',
      proof: 'none',
      keyHashes: [],
    }
  }
  const keyHashes = ((facts.wrote ? facts.after : facts.before) ?? []).flatMap(({ server, keyHash }) =>
    keyHash ? [{ server, hash: keyHash }] : [],
  )
  const proof = facts.wrote ? 'after' : facts.before ? 'before' : 'none'
  const ending = { stop, withdrawn, isListed: facts.diff !== undefined }
  return { ...common, state: stateOf(spec, ending, reports, troubles), proof, keyHashes }
}

/** Troubles that no later listing changes. */
const KEPT: ReadonlySet<Trouble['problem']> = new Set(['conflict', 'blocked', 'unknown-on-source', 'left-out'])

/** A run that ended before its first step, for a reason outside the HSMs. */
export function concludeUnstarted(because: RefusalFacts): OutcomeReport {
  const stop: Stop = { code: 'could-not-check', detail: because.code, wrote: 'no' }
  const nothing = { destinations: [], troubles: [], keyHashes: [] }
  return { state: 'failed', proof: 'none', stop, because, withdrawn: false, wrote: false, ...nothing }
}

function stateOf(
  spec: Spec,
  { stop, withdrawn, isListed }: Ending & { readonly isListed: boolean },
  reports: readonly DestinationReport[],
  troubles: readonly Trouble[],
): OutcomeReport['state'] {
  if (spec.mode === 'plan') return stop || withdrawn ? 'failed' : 'succeeded'
  // Everything asked for is listed at its place: that a step's answer got lost, or that a stop came too late, does not matter any more.
  const isHarmless = !stop || (stop.wrote === 'maybe' && stop.code !== 'canary-effect')
  if (isListed && troubles.length === 0 && isHarmless) return 'succeeded'
  const synced = reports.some(({ users, keys }) => users.synced + keys.synced > 0)
  if (synced) return 'partial'
  const onlyKept =
    !stop && !withdrawn && troubles.every(({ problem }) => problem === 'conflict' || problem === 'blocked')
  return onlyKept ? 'partial' : 'failed'
}

function report(
  spec: Spec,
  facts: RunFacts,
  seen: { readonly before: Inventory; readonly now: Inventory; readonly troubles: readonly Trouble[] },
): DestinationReport {
  const { before, now, troubles } = seen
  const target = serversOf(spec)[before.server]
  if (!target) throw new RangeError(`no server ${before.server} in the spec`)
  const mine = troubles.filter((trouble) => trouble.server === undefined || trouble.server === before.server)
  const count = (kind: Trouble['kind'], problems: readonly Trouble['problem'][]) =>
    mine.filter((trouble) => trouble.kind === kind && problems.includes(trouble.problem)).length
  const plan = facts.diff?.users.find((part) => part.server === before.server)
  const userNames = new Set(now.users.map(userKey))
  const knownKeys = new Set(before.keys.map((key) => key.handle))
  const keysNow = new Map(now.keys.map((key) => [key.handle, key]))
  const arrived = (facts.diff?.keys.missing ?? []).filter((key) => {
    const copy = keysNow.get(key.handle)
    return copy !== undefined && sameMarks(copy, key) && !knownKeys.has(key.handle)
  })
  const failures = ['failed', 'blocked', 'unknown-on-source', 'not-spread'] as const
  return {
    server: before.server,
    hsmId: target.hsmId,
    ip: target.ip,
    users: {
      already: plan?.present ?? 0,
      synced: (plan?.missing ?? []).filter((user) => userNames.has(userKey(user))).length,
      failed: count('user', failures),
      untried: count('user', ['untried']),
      conflicts: count('user', ['conflict']),
    },
    keys: {
      already: (facts.diff?.keys.present ?? []).filter((key) => knownKeys.has(key.handle)).length,
      synced: arrived.length,
      failed: count('key', failures),
      untried: count('key', ['untried']),
      conflicts: count('key', ['conflict']),
    },
  }
}

function troublesOf(facts: RunFacts, steps: readonly DoneStep[], destinations: readonly Inventory[]): Trouble[] {
  const diff = facts.diff
  if (!diff) return []
  const said = saidOf(steps)
  const troubles: Trouble[] = [
    ...diff.unknown.users.map(
      (name): Trouble => ({ kind: 'user', name, problem: 'unknown-on-source', why: 'not on the source' }),
    ),
    ...diff.unknown.keys.map(
      (handle): Trouble => ({ kind: 'key', name: `${handle}`, problem: 'unknown-on-source', why: 'not on the source' }),
    ),
    ...diff.userConflicts.map(
      ({ server, name, problem }): Trouble => ({ kind: 'user', name, server, problem: 'conflict', why: problem }),
    ),
    ...diff.keys.conflicts.map(
      ({ handle, problem }): Trouble => ({ kind: 'key', name: `${handle}`, problem: 'conflict', why: problem }),
    ),
    ...diff.keys.blocked.map(
      (key): Trouble => ({
        kind: 'key',
        name: `${key.handle}`,
        problem: 'blocked',
        why: `the destination lacks ${key.lacks.join(', ')}`,
      }),
    ),
  ]
  for (const { server, missing } of diff.users) {
    const there = new Set(destinations.find((hsm) => hsm.server === server)?.users.map(userKey))
    for (const user of missing) {
      if (there.has(userKey(user))) continue
      const answer = said.get(`user ${server} ${userKey(user)}`)
      troubles.push({ kind: 'user', name: user.name, server, ...failure(answer) })
    }
  }
  const indexes = destinations.map((hsm) => ({
    server: hsm.server,
    keys: new Map(hsm.keys.map((key) => [key.handle, key])),
  }))
  for (const key of diff.keys.missing) troubles.push(...keyTroubles(key, indexes, said.get(`key ${key.handle}`)))
  for (const key of diff.keys.present) {
    for (const { server, keys } of indexes) {
      if (!keys.has(key.handle)) {
        troubles.push({
          kind: 'key',
          name: `${key.handle}`,
          server,
          problem: 'not-spread',
          why: 'on other HSMs of the destination, not on this one',
        })
      }
    }
  }
  return troubles
}

function keyTroubles(
  key: HsmKey,
  indexes: readonly { readonly server: ServerNumber; readonly keys: ReadonlyMap<number, HsmKey> }[],
  answer: string | undefined,
): Trouble[] {
  const name = `${key.handle}`
  const copies = indexes.map(({ server, keys }) => ({ server, copy: keys.get(key.handle) }))
  if (copies.every(({ copy }) => copy === undefined)) return [{ kind: 'key', name, ...failure(answer) }]
  return copies.flatMap(({ server, copy }): Trouble[] => {
    if (!copy)
      return [{ kind: 'key', name, server, problem: 'not-spread', why: 'not yet on this HSM of the destination' }]
    if (sameMarks(copy, key)) return []
    return [
      {
        kind: 'key',
        name,
        server,
        problem: 'failed',
        why: `it arrived with ${copy.owner ? `owner ${copy.owner}` : 'no owner'}`,
      },
    ]
  })
}

function failure(answer: string | undefined): { problem: 'failed' | 'untried'; why: string } {
  if (answer === undefined) return { problem: 'untried', why: 'not tried' }
  return { problem: 'failed', why: `not there afterwards; the tool said: ${answer}` }
}

/** What stands on a destination HSM now, did not before, and was not asked for: another handle than the source's, or somebody else's work. */
function unexpected({ wrote, before, after, diff, triedKeys }: RunFacts): Trouble[] {
  if (!wrote || !before || !after || !diff) return []
  const planned = new Set(
    diff.users.flatMap(({ server, missing }) => missing.map((user) => `${server} ${userKey(user)}`)),
  )
  return after.slice(1).flatMap(({ server, users, keys }): Trouble[] => {
    const earlier = before.find((hsm) => hsm.server === server)
    const users0 = new Set(earlier?.users.map(userKey))
    const keys0 = new Set(earlier?.keys.map(({ handle }) => handle))
    // A key that stood on another HSM of the destination may have spread here meanwhile.
    const elsewhere = new Set(before.slice(1).flatMap((hsm) => hsm.keys.map(({ handle }) => handle)))
    const newUsers = users.filter((user) => !users0.has(userKey(user)) && !planned.has(`${server} ${userKey(user)}`))
    const newKeys = keys.filter(({ handle }) => !keys0.has(handle) && !triedKeys.has(handle) && !elsewhere.has(handle))
    const why = 'it appeared during the run and was not asked for'
    return [
      ...newUsers.map(({ name }): Trouble => ({ kind: 'user', name, server, problem: 'unexpected', why })),
      ...newKeys.map(({ handle }): Trouble => ({ kind: 'key', name: `${handle}`, server, problem: 'unexpected', why })),
    ]
  })
}

/** HSMs of the destination that were not ACTIVE: users do not spread to them by themselves. */
function leftOut({ destination }: Spec): Trouble[] {
  return destination.leftOut.map(({ hsmId, state }) => ({
    kind: 'HSM',
    name: hsmId,
    problem: 'left-out',
    why: `it was ${state}`,
  }))
}

/** What was tried and never listed afterwards, with the tool's word; and what was not tried. */
function unverified(facts: RunFacts, steps: readonly DoneStep[]): Trouble[] {
  const said = saidOf(steps)
  const trouble = (answer: string | undefined): Pick<Trouble, 'problem' | 'why'> =>
    answer === undefined
      ? { problem: 'untried', why: 'not tried' }
      : { problem: 'unverified', why: `the tool said: ${answer}` }
  const users = (facts.diff?.users ?? []).flatMap(({ server, missing }) =>
    missing.map(
      (user): Trouble => ({
        kind: 'user',
        name: user.name,
        server,
        ...trouble(said.get(`user ${server} ${userKey(user)}`)),
      }),
    ),
  )
  const keys = (facts.diff?.keys.missing ?? []).map(
    (key): Trouble => ({ kind: 'key', name: `${key.handle}`, ...trouble(said.get(`key ${key.handle}`)) }),
  )
  return [...users, ...keys]
}

/** What the tool said, by item. */
function saidOf(steps: readonly DoneStep[]): ReadonlyMap<string, string> {
  const said = new Map<string, string>()
  for (const { plan, reading } of steps) {
    // Proved never sent: nothing was tried.
    if (reading.kind === 'nothing' && reading.stop.wrote === 'no') continue
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
