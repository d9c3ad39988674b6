import type { Reach } from './cluster.ts'
import type { Freeze } from './freeze.ts'
import { type HsmId, serverNumber } from './ids.ts'
import { type HsmKey, type HsmUser, isWhole, userKey } from './inventory.ts'
import { listAll, listOn } from './listing.ts'
import { failedMore, loginRisk } from './login-risk.ts'
import { conclude, type OutcomeReport } from './outcome.ts'
import { type RunFacts, runFactsOf, tried, wasNeverSent } from './run-facts.ts'
import { keyName, type Spec, targetName } from './spec.ts'
import type { DoneStep, ServerUsers, StepPlan, Stop } from './step.ts'

export type Next =
  /** `afterMs`: wait this long first. */
  | { readonly kind: 'step'; readonly step: StepPlan; readonly afterMs: number }
  | { readonly kind: 'end'; readonly outcome: OutcomeReport }

/** Keys go to one destination HSM; the service spreads them to the others (user guide, cluster synchronization). */
export const KEY_SERVER = serverNumber(1)

/** Where a tool writes to whole clusters each user may cost two slow logins. */
const USERS_PER_BATCH: Readonly<Record<Reach, number>> = { hsm: 60, cluster: 25 }
const FIRST_KEY_BATCH = 10
const KEY_BATCH_GROWTH = 10
const LARGEST_KEY_BATCH = 1000
const BATCH_SECONDS = 45
/** Time for a bastion that went away to come back. */
const RESEND_WAIT_MS = 20_000
const SPREAD_TRIES = 5
const SPREAD_WAIT_MS = 15_000

/** What a run knows beside its steps. */
export interface Control {
  /** The requester wants it to stop, or the brake is on. */
  readonly stopAsked: boolean
  /** The brake, where that is why. */
  readonly frozen?: Freeze
  /** Nothing more may be written, for a reason outside the steps. */
  readonly halt?: Stop
  /** HSMs that the destination has at the end and the run did not know. */
  readonly joined?: readonly HsmId[] | 'unknown'
  /** The look at the users before the first login was too long ago: others may have failed to log in meanwhile. */
  readonly isLookOld?: boolean
  /** Does a step go into one SSM command? By bytes, as its engine writes it. Absent: whatever it is. */
  readonly fits?: (step: StepPlan) => boolean
}

/**
 * What a run does next: a pure fold over its finished steps. Answers the next step, or the outcome.
 *
 *     inspect ── list (before) ── users ── one key ── more keys, in growing batches ── list (after)
 *        │            │              └─ each HSM in turn                  again while keys may spread
 *        │            └─ a comparison ends here
 *        └─ no login before this is known to be harmless
 *
 * A stop, a halt or a withdrawal ends the writing; what may have been written is listed all the same, unless a login
 * may have failed. A step that was never sent is as if it had not been planned.
 */
export function next(spec: Spec, steps: readonly DoneStep[], control: Control): Next {
  const known = runFactsOf(spec, steps)
  const stopped = known.stop ?? control.halt
  const facts: RunFacts = stopped ? { ...known, stop: stopped } : known
  const finish = (stop = facts.stop): Next => ({
    kind: 'end',
    outcome: conclude(spec, steps, facts, {
      stop,
      withdrawn: control.stopAsked,
      ...(control.frozen ? { frozen: control.frozen } : {}),
      ...(control.joined ? { joined: control.joined } : {}),
    }),
  })

  const last = steps.at(-1)
  const resend = last && wasNeverSent(last) ? RESEND_WAIT_MS : 0
  if (!facts.before) {
    if (facts.stop) return finish()
    const isOld = control.isLookOld && !facts.open
    if (!facts.inspected || isOld) return control.stopAsked ? finish() : now({ kind: 'inspect' }, resend)
    const entrance = { servers: facts.inspected, logins: facts.logins }
    const risk = incoherent(spec, facts.inspected) ?? loginRisk(spec, entrance)
    if (risk || control.stopAsked) return finish(risk)
    return now(facts.open ? listOn(facts.open, spec.reach) : listAll('before', facts.inspected, spec.reach), resend)
  }
  const incoherence = facts.wrote ? undefined : incoherent(spec, facts.before)
  if (incoherence) return finish(facts.stop ?? incoherence)
  if (spec.mode === 'plan') return finish()
  const mayWrite = !facts.stop && !control.stopAsked && facts.checks === 0
  const write = mayWrite ? (nextUsers(spec, facts) ?? nextKeys(facts)) : undefined
  if (write) return now(fitting(write, control.fits), resend)
  return facts.wrote ? verify(spec, facts, { resend, finish, halt: control.halt }) : finish()
}

/** A login failed, or may have; or what would be sent is not what was approved. */
const NO_MORE: ReadonlySet<Stop['code']> = new Set(['login-failed', 'login-unsure', 'not-approved'])

/** Lists again what was written, until the keys have spread or the tries are used up. */
function verify(
  spec: Spec,
  facts: RunFacts,
  {
    resend,
    finish,
    halt,
  }: { readonly resend: number; readonly finish: (stop?: Stop) => Next; readonly halt: Stop | undefined },
): Next {
  // A login is never retried: after a failed one nothing logs in again. And nothing is sent that was not approved.
  if (facts.stop && NO_MORE.has(facts.stop.code)) return finish()
  if (halt?.code === 'not-approved') return finish()
  // Something went wrong: look without login first, in case it was a login that failed.
  if (facts.stop && facts.checks === 0) {
    if (facts.reinspected === 'no') return now({ kind: 'inspect' }, resend)
    const entrance = { servers: facts.usersNow, logins: facts.logins }
    if (facts.reinspected === 'unreadable') return finish()
    if (failedMore(facts.inspected ?? [], entrance))
      return finish({ code: 'login-unsure', detail: 'more failed logins are counted than before' })
    const risk = loginRisk(spec, entrance)
    if (risk) return finish(risk)
  }
  if (facts.open) return now(listOn(facts.open, spec.reach), resend)
  const again = listAll('after', facts.usersNow, spec.reach)
  if (facts.checks === 0) return now(again, resend)
  if (!facts.lastCheckRead || facts.checks >= SPREAD_TRIES || hasSpread(facts)) return finish()
  return now(again, Math.max(SPREAD_WAIT_MS, resend))
}

function hasSpread(facts: RunFacts): boolean {
  const [, ...destinations] = facts.after ?? []
  const everywhere = destinations.map((hsm) => new Set(hsm.keys.map((key) => key.handle)))
  const arrived = [...facts.triedKeys].filter((handle) => everywhere.some((handles) => handles.has(handle)))
  return arrived.every((handle) => everywhere.every((handles) => handles.has(handle)))
}

function nextUsers({ reach = 'hsm' }: Spec, facts: RunFacts): StepPlan | undefined {
  for (const { server, missing } of facts.diff?.users ?? []) {
    const left = missing.filter((user) => !facts.triedUsers.has(tried(server, userKey(user))))
    if (left.length > 0) {
      const users = left.slice(0, USERS_PER_BATCH[reach]).map(({ id, name, role }) => ({ id, name, role }))
      return { kind: 'sync-users', server, users }
    }
  }
  return undefined
}

function nextKeys(facts: RunFacts): StepPlan | undefined {
  const left = possibleKeys(facts).filter((key) => !facts.triedKeys.has(key.handle))
  const handles = left.slice(0, nextBatchSize(facts)).map((key) => key.handle)
  if (handles.length === 0) return undefined
  const owners = facts.usersNow.find((hsm) => hsm.server === KEY_SERVER)
  if (!owners) return undefined
  const canary = facts.isProved ? {} : { canary: owners }
  return { kind: 'sync-keys', server: KEY_SERVER, handles, ...canary }
}

/** Missing keys whose owner and sharers are on every destination HSM by the newest listing. */
export function possibleKeys(facts: RunFacts): readonly HsmKey[] {
  const [, ...destinations] = facts.usersNow
  const there = destinations.map(
    ({ users }) => new Set(users.filter((user) => user.role === 'CU' && isWhole(user)).map((user) => user.name)),
  )
  const isThere = (name: string) => there.every((names) => names.has(name))
  return (facts.diff?.keys.missing ?? []).filter(
    (key) => (key.owner === null || isThere(key.owner)) && key.sharedWith.every(isThere),
  )
}

/** One key first; then ten times the batch before, as long as the last one's pace stays well below a minute. */
function nextBatchSize({ keySteps, isProved }: RunFacts): number {
  if (!isProved) return 1
  const last = keySteps.at(-1)
  if (last?.plan.kind !== 'sync-keys' || last.plan.canary) return FIRST_KEY_BATCH
  const count = last.plan.handles.length
  // A bastion that does not say how long it took gets no larger batch.
  if (last.seconds === undefined) return count
  const perKey = last.seconds / count
  const affordable = perKey > 0 ? Math.floor(BATCH_SECONDS / perKey) : LARGEST_KEY_BATCH
  return Math.max(1, Math.min(count * KEY_BATCH_GROWTH, affordable, LARGEST_KEY_BATCH))
}

/**
 * Users or keys that only some HSMs of a cluster have: what a listing of the cluster shows does not hold for all of it
 * then.
 */
function incoherent(
  spec: Spec,
  places: readonly (ServerUsers & { readonly keys?: readonly HsmKey[] })[],
): Stop | undefined {
  for (const { server, users, keys = [] } of places) {
    const user: HsmUser | undefined = users.find((candidate) => !isWhole(candidate))
    const key = user ? undefined : keys.find((candidate) => !isWhole(candidate))
    const what = user ? `user ${user.name}` : key && `key ${keyName(spec, key.handle)}`
    if (!what) continue
    const detail = `${what} on ${targetName(spec, server)} has ${(user ?? key)?.coverage}`
    return { code: 'inconsistent', detail }
  }
  return undefined
}

/** The largest beginning of a batch that goes into one command; a single item always is one. */
function fitting(step: StepPlan, fits: Control['fits'] = () => true): StepPlan {
  let shorter = step
  while (!fits(shorter)) {
    if (shorter.kind === 'sync-users' && shorter.users.length > 1)
      shorter = { ...shorter, users: shorter.users.slice(0, Math.floor(shorter.users.length / 2)) }
    else if (shorter.kind === 'sync-keys' && shorter.handles.length > 1)
      shorter = { ...shorter, handles: shorter.handles.slice(0, Math.floor(shorter.handles.length / 2)) }
    else return shorter
  }
  return shorter
}

function now(step: StepPlan, afterMs = 0): Next {
  return { kind: 'step', step, afterMs }
}
