import { type Discrepancy, discrepanciesOf, leftOut, unexpected, unverified } from './discrepancy.ts'
import { type Evidence, provesUnchanged, together } from './evidence.ts'
import type { Freeze } from './freeze.ts'
import type { HsmId, ServerNumber } from './ids.ts'
import { compareKeys, type HsmKey, type Inventory, isWhole, userKey } from './inventory.ts'
import { type LastLogin, lastLogin, OF_A_LOGIN } from './last-login.ts'
import { presentDiscrepancies, usersBefore } from './present.ts'
import type { RefusalFacts } from './refusal.ts'
import type { RunFacts } from './run-facts.ts'
import { keyName, type RunTarget, type Spec, targetsOf } from './spec.ts'
import type { DoneStep, Stop } from './step.ts'

export interface Tally {
  readonly already: number
  readonly synced: number
  readonly failed: number
  readonly untried: number
  readonly conflicts: number
}

export interface DestinationReport {
  readonly server: ServerNumber
  /** The HSM, where the run lists each by itself. */
  readonly hsmId?: HsmId
  readonly ip?: string
  /** The cluster, where it lists whole clusters. */
  readonly cluster?: { readonly alias: string; readonly hsms: number }
  readonly users: Tally
  readonly keys: Tally
}

interface Report {
  /**
   * `after`: listed again after the writes. `before`: nothing was written, the one listing holds. `none`: no listing
   * proves anything.
   */
  readonly proof: 'after' | 'before' | 'none'
  readonly stop?: Stop
  /** What stopped it first, where `stop` is about a login that came later. */
  readonly earlier?: Stop
  /** Absent in outcomes of older versions, and where the steps could not be read. */
  readonly lastLogin?: LastLogin
  /** Why the run did not even begin. */
  readonly because?: RefusalFacts
  /** It was stopped, by who asked for it or by the brake. */
  readonly withdrawn: boolean
  /** The brake, where that stopped it. */
  readonly frozen?: Freeze
  /** What was sent to the HSMs at the most. */
  readonly evidence: Evidence
  readonly destinations: readonly DestinationReport[]
  /**
   * Key Hash by server number, where printed. Equal values prove equal ownership; unequal ones prove nothing (facts,
   * section 2.5).
   */
  readonly keyHashes: readonly { readonly server: ServerNumber; readonly hash: string }[]
  /** How the keys that are on both sides were compared, where the listings can differ in what they show. */
  readonly comparison?: { readonly byMaterial: number; readonly byLabel: number }
}

/**
 * What a run came to, from what was listed, not from what was printed. Stored with the request. Partly done is only
 * what names what is missing.
 */
export type OutcomeReport = Report &
  (
    | { readonly state: 'partial'; readonly discrepancies: readonly [Discrepancy, ...Discrepancy[]] }
    | { readonly state: 'succeeded' | 'failed' | 'unknown'; readonly discrepancies: readonly Discrepancy[] }
  )

interface Ending {
  readonly stop: Stop | undefined
  readonly earlier?: Stop | undefined
  readonly withdrawn: boolean
  readonly frozen?: Freeze
  /** HSMs that the destination has now and the run did not know. */
  readonly joined?: readonly HsmId[] | 'unknown'
}

/** The outcome of a run that ends now. */
export function conclude(
  spec: Spec,
  steps: readonly DoneStep[],
  facts: RunFacts,
  { stop, withdrawn, frozen, joined = [] }: Ending,
): OutcomeReport {
  const [, ...before] = facts.before ?? []
  const [, ...destinations] = (facts.wrote ? facts.after : facts.before) ?? []
  const discrepancies = facts.diff ? allDiscrepancies(spec, facts, { steps, destinations, joined }) : []
  const reports = before.map((hsm, index) =>
    report(spec, facts, { before: hsm, now: destinations[index] ?? hsm, discrepancies }),
  )
  const earlier = facts.earlier ?? (stop && facts.stop && facts.stop.code !== stop.code ? facts.stop : undefined)
  const common = {
    withdrawn,
    evidence: facts.evidence,
    lastLogin: stop && OF_A_LOGIN.has(stop.code) ? 'doubt' : lastLogin(steps),
    destinations: reports,
    ...(frozen ? { frozen } : {}),
    ...(stop ? { stop } : {}),
    ...(earlier ? { earlier } : {}),
  }
  if (facts.wrote && !facts.after) {
    // Nothing was listed afterwards, so nothing may be counted: only what was tried can be told.
    return {
      ...common,
      destinations: [],
      discrepancies: [...unverified(spec, facts, steps), ...discrepancies.filter(({ problem }) => KEPT.has(problem))],
      state: 'unknown',
      proof: 'none',
      keyHashes: [],
    }
  }
  const keyHashes = ((facts.wrote ? facts.after : facts.before) ?? []).flatMap(({ server, keyHash }) =>
    keyHash ? [{ server, hash: keyHash }] : [],
  )
  const proof = facts.wrote ? 'after' : facts.before ? 'before' : 'none'
  const ending = { stop, earlier, withdrawn, isListed: facts.diff !== undefined, proof } as const
  const found: Report = { ...common, proof, keyHashes, ...compared(spec, facts, destinations) }
  return { ...found, ...judged(spec, ending, reports, discrepancies) }
}

interface Evaluated {
  readonly steps: readonly DoneStep[]
  readonly destinations: readonly Inventory[]
  readonly joined: readonly HsmId[] | 'unknown'
}

function allDiscrepancies(spec: Spec, facts: RunFacts, { steps, destinations, joined }: Evaluated): Discrepancy[] {
  const all = [
    ...discrepanciesOf(spec, facts, steps, destinations),
    ...presentDiscrepancies(spec, facts, destinations),
    ...unexpected(spec, facts),
    ...leftOut(spec, joined),
  ]
  // A plan tries nothing: what is missing is its result, not its discrepancy.
  return spec.mode === 'plan' ? all.filter(({ problem }) => problem !== 'untried' && problem !== 'left-out') : all
}

/** Discrepancies that no later listing changes. */
const KEPT: ReadonlySet<Discrepancy['problem']> = new Set(['conflict', 'blocked', 'unknown-on-source', 'left-out'])

/** A run that ended before its first step, for a reason outside the HSMs: no step was ever stored, so none was sent. */
export function concludeUnstarted(because: RefusalFacts): OutcomeReport {
  const stop: Stop = { code: 'could-not-check', detail: because.code }
  return { state: 'failed', stop, because, ...NOTHING_LISTED, evidence: 'nothing-sent' }
}

/**
 * A run that I could not go on with, try after try, for a reason in me. `sent`: what is proved of its steps; absent
 * where they cannot be read.
 */
export function concludeBroken(detail: string, sent: readonly Evidence[] | undefined): OutcomeReport {
  const evidence = sent ? together(sent) : 'may-have-written'
  const state = provesUnchanged(evidence) ? 'failed' : 'unknown'
  return { state, stop: { code: 'broken', detail }, ...NOTHING_LISTED, evidence }
}

const NOTHING_LISTED = { proof: 'none', withdrawn: false, destinations: [], discrepancies: [], keyHashes: [] } as const

/** Of the keys that are on both sides now: how many both listings show with owner, type and check value. */
function compared(
  { reach, scope }: Spec,
  { diff }: RunFacts,
  [destination]: readonly Inventory[],
): Pick<OutcomeReport, 'comparison'> {
  if (reach !== 'cluster' || !diff || !destination) return {}
  if (scope.keys.kind === 'none') return {}
  const there = new Map(destination.keys.map((key) => [key.handle, key]))
  const pairs = [...diff.keys.present, ...diff.keys.missing].flatMap((key) => {
    const copy = there.get(key.handle)
    const likeness = copy ? compareKeys(key, copy) : 'unknown'
    return likeness === 'same' || likeness === 'same-label' ? [likeness === 'same'] : []
  })
  const byMaterial = pairs.filter((isShown) => isShown).length
  return { comparison: { byMaterial, byLabel: pairs.length - byMaterial } }
}

type Judgement =
  | Pick<OutcomeReport & { state: 'partial' }, 'state' | 'discrepancies'>
  | (Pick<OutcomeReport, 'discrepancies'> & { readonly state: 'succeeded' | 'failed' })

function judged(
  spec: Spec,
  ending: Ending & { readonly isListed: boolean; readonly proof: Report['proof'] },
  reports: readonly DestinationReport[],
  discrepancies: readonly Discrepancy[],
): Judgement {
  const { stop, earlier, withdrawn, isListed, proof } = ending
  if (spec.mode === 'plan') return { state: stop || withdrawn ? 'failed' : 'succeeded', discrepancies }
  // Everything asked for is listed at its place, after whatever was written: that an answer got lost, or that a stop
  // came too late, does not matter any more.
  const isHarmless = !stop || (proof === 'after' && ![stop, earlier].some((one) => one?.code === 'canary-effect'))
  if (isListed && discrepancies.length === 0 && isHarmless) return { state: 'succeeded', discrepancies }
  const stopped: Discrepancy[] = stop ? [{ kind: 'run', name: 'itself', problem: 'stopped', why: stop.detail }] : []
  const [first, ...others] = discrepancies.length > 0 ? discrepancies : stopped
  const isPartial = somethingArrived(reports, discrepancies) || (!stop && !withdrawn && isOnlyKept(discrepancies))
  if (first && isPartial) return { state: 'partial', discrepancies: [first, ...others] }
  return { state: 'failed', discrepancies }
}

function somethingArrived(reports: readonly DestinationReport[], discrepancies: readonly Discrepancy[]): boolean {
  return (
    reports.some(({ users, keys }) => users.synced + keys.synced > 0) ||
    discrepancies.some(({ problem }) => problem === 'incomplete')
  )
}

/** All that is amiss was so before, and is left as it is by the rules. */
function isOnlyKept(discrepancies: readonly Discrepancy[]): boolean {
  return discrepancies.every(({ problem }) => problem === 'conflict' || problem === 'blocked')
}

function report(
  spec: Spec,
  facts: RunFacts,
  seen: { readonly before: Inventory; readonly now: Inventory; readonly discrepancies: readonly Discrepancy[] },
): DestinationReport {
  const { before, now, discrepancies } = seen
  const place = targetsOf(spec)[before.server]
  if (!place) throw new RangeError(`no server ${before.server} in the spec`)
  const mine = discrepancies.filter(
    (discrepancy) => discrepancy.server === undefined || discrepancy.server === before.server,
  )
  const count = (kind: Discrepancy['kind'], problems: readonly Discrepancy['problem'][]) =>
    mine.filter((discrepancy) => discrepancy.kind === kind && problems.includes(discrepancy.problem)).length
  const plan = facts.diff?.users.find((part) => part.server === before.server)
  const userNames = new Set(now.users.filter(isWhole).map(userKey))
  const knownKeys = new Set(before.keys.map((key) => key.handle))
  const keysNow = new Set(now.keys.map((key) => key.handle))
  const namesOf = (kind: Discrepancy['kind']) =>
    new Set(mine.filter((one) => one.kind === kind).map(({ name }) => name))
  const [users, keys] = [namesOf('user'), namesOf('key')]
  const isGood = ({ handle }: HsmKey) => !keys.has(keyName(spec, handle))
  const source = facts.before?.[0]
  const had = source ? usersBefore(spec, source, before) : []
  const failures = ['failed', 'blocked', 'unknown-on-source', 'not-spread', 'incomplete', 'unverified'] as const
  return {
    server: before.server,
    ...nameOf(spec, place),
    users: {
      already: had.filter(({ name }) => !users.has(name)).length,
      synced: (plan?.missing ?? []).filter((user) => userNames.has(userKey(user))).length,
      failed: count('user', failures),
      untried: count('user', ['untried']),
      conflicts: count('user', ['conflict']),
    },
    keys: {
      already: (facts.diff?.keys.present ?? []).filter((key) => knownKeys.has(key.handle) && isGood(key)).length,
      synced: (facts.diff?.keys.missing ?? []).filter(
        (key) => keysNow.has(key.handle) && !knownKeys.has(key.handle) && isGood(key),
      ).length,
      failed: count('key', failures),
      untried: count('key', ['untried']),
      conflicts: count('key', ['conflict']),
    },
  }
}

function nameOf({ reach }: Spec, { alias, hsms }: RunTarget): Pick<DestinationReport, 'hsmId' | 'ip' | 'cluster'> {
  const [hsm] = hsms
  return reach === 'cluster' || !hsm ? { cluster: { alias, hsms: hsms.length } } : { hsmId: hsm.hsmId, ip: hsm.ip }
}
