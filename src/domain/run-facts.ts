import { arrivedAlone, canaryStop, refusedCanaries } from './canary.ts'
import { type Diff, diffOnce } from './diff.ts'
import { type Evidence, provesUnchanged, together } from './evidence.ts'
import type { ServerNumber } from './ids.ts'
import { type Inventory, userKey } from './inventory.ts'
import { OF_A_LOGIN } from './last-login.ts'
import { type Round, roundsOf } from './listing.ts'
import type { Spec } from './spec.ts'
import { type DoneStep, isWrite, type ServerUsers, type Stop, stopOf } from './step.ts'

/** Everything that is known of a run so far, folded from its finished steps. */
export interface RunFacts {
  readonly inspected: readonly ServerUsers[] | undefined
  /** Who the bot logs in as, where the bastion told it. */
  readonly logins: readonly string[] | undefined
  readonly before: readonly Inventory[] | undefined
  /** A listing of which parts are still to be listed. */
  readonly open: Round | undefined
  readonly diff: Diff | undefined
  /** The newest readable listing after a write. */
  readonly after: readonly Inventory[] | undefined
  /** How many times it was listed after a write, and whether the last of these could be read. */
  readonly checks: number
  readonly lastCheckRead: boolean
  /** Users of every server by the newest listing. */
  readonly usersNow: readonly ServerUsers[]
  readonly triedUsers: ReadonlySet<string>
  readonly triedKeys: ReadonlySet<number>
  readonly keySteps: readonly DoneStep[]
  /** Did one key alone have exactly the expected effect? */
  readonly isProved: boolean
  /** What was sent to the HSMs at the most, by what is proved of each step. */
  readonly evidence: Evidence
  /** May a write have been sent? */
  readonly wrote: boolean
  /** The first reason to stop writing; but a login that failed later, or may have, goes before it. */
  readonly stop: Stop | undefined
  /** The first reason, where that is another. */
  readonly earlier: Stop | undefined
  /** Was everything looked at once more (without login) since a write step whose end is not known? */
  readonly reinspected: 'no' | 'read' | 'unreadable'
}

/** How often a step that proved never to have run is sent in all. */
const RESENDS = 3

export function runFactsOf(spec: Spec, all: readonly DoneStep[]): RunFacts {
  const steps = withoutResent(all)
  const lastWrite = steps.findLastIndex((step) => isWrite(step.plan))
  const [first] = roundsOf(steps, 'before')
  const before = first?.inventories
  const checks = roundsOf(steps, 'after')
  const keySteps = steps.filter((step) => step.plan.kind === 'sync-keys')
  const evidence = together(all.map((step) => step.evidence))
  return {
    inspected: inspected(firstLooks(steps).at(-1)),
    logins: loginsOf(steps),
    before,
    open: [checks.at(-1), first].find((round) => round?.isOpen),
    diff: before && diffOnce(before, spec.scope),
    after: checks.findLast(({ inventories }) => inventories)?.inventories,
    checks: checks.length,
    lastCheckRead: checks.at(-1)?.inventories !== undefined,
    usersNow: usersNow(steps),
    triedUsers: new Set(
      steps.flatMap(({ plan }) =>
        plan.kind === 'sync-users' ? plan.users.map((user) => tried(plan.server, userKey(user))) : [],
      ),
    ),
    triedKeys: new Set(keySteps.flatMap(({ plan }) => (plan.kind === 'sync-keys' ? plan.handles : []))),
    keySteps,
    isProved: keySteps.some(arrivedAlone),
    evidence,
    wrote: !provesUnchanged(evidence),
    ...mainStop(spec, steps, before, refusedCanaries(keySteps)),
    reinspected: reinspected(steps.slice(lastWrite + 1)),
  }
}

/**
 * Steps that came to nothing are as if they had not been planned, so the fold plans them again; unless too many did in
 * a row.
 */
export function withoutResent(all: readonly DoneStep[]): readonly DoneStep[] {
  return all.filter((step, position) => {
    if (!wasNeverSent(step)) return true
    const row = all.slice(position + 1 - RESENDS, position + 1)
    return row.length === RESENDS && row.every(wasNeverSent)
  })
}

/**
 * What the bastion refuses before the tool is started may pass: the look-up of a cluster or a secret throttled, a lock
 * not free yet.
 */
const MAY_PASS: ReadonlySet<string> = new Set(['not-configured', 'bastion-busy', 'credentials'])

/**
 * Proved that nothing was sent, and that it never will be: it is planned again. Also a listing after the writes that
 * was refused before the tool was started.
 */
export function wasNeverSent({ plan, reading, evidence }: DoneStep): boolean {
  const code = stopOf(reading)?.code
  if (evidence !== 'nothing-sent' || code === undefined) return false
  if (code === 'not-executed') return true
  return plan.kind === 'inventory' && plan.purpose === 'after' && MAY_PASS.has(code)
}

/** One word for "this user, to this server". */
export function tried(server: ServerNumber, user: string): string {
  return `${server} ${user}`
}

/** A login that failed is what people must know before anything else. */
function mainStop(
  spec: Spec,
  steps: readonly DoneStep[],
  before: readonly Inventory[] | undefined,
  otherwise: Stop | undefined,
): Pick<RunFacts, 'stop' | 'earlier'> {
  const stops = steps.flatMap((step) => stopAfter(spec, step, before) ?? [])
  const first = stops[0] ?? otherwise
  const login = stops.findLast(({ code }) => OF_A_LOGIN.has(code))
  return { stop: login ?? first, earlier: login && login !== first ? first : undefined }
}

/**
 * Why nothing more may be written after this step, by what it found; `undefined` if it may. `before`: the listings at
 * the start of the run.
 */
export function stopAfter(
  spec: Spec,
  step: Pick<DoneStep, 'plan' | 'reading'>,
  before: readonly Inventory[] | undefined,
): Stop | undefined {
  return stopOf(step.reading) ?? canaryStop(spec, step, before) ?? batchStop(step)
}

/** A whole batch that failed is no accident of one key. */
function batchStop({ plan, reading }: Pick<DoneStep, 'plan' | 'reading'>): Stop | undefined {
  if (plan.kind !== 'sync-keys' || reading.kind !== 'keys-synced' || reading.attempts.length < 2) return undefined
  if (reading.attempts.some((attempt) => attempt.verdict === 'success')) return undefined
  return { code: 'batch-failed', detail: reading.attempts[0]?.said ?? '' }
}

/** The looks at users before the first login: there is more than one where the first became old. */
function firstLooks(steps: readonly DoneStep[]): readonly DoneStep[] {
  const end = steps.findIndex(({ plan }) => plan.kind !== 'inspect')
  return end < 0 ? steps : steps.slice(0, end)
}

function inspected(step: DoneStep | undefined): readonly ServerUsers[] | undefined {
  return step?.reading.kind === 'inspected' && !step.reading.stop ? step.reading.servers : undefined
}

function loginsOf(steps: readonly DoneStep[]): readonly string[] | undefined {
  for (const { reading } of steps.toReversed())
    if (reading.kind === 'inspected' && reading.logins) return reading.logins
  return undefined
}

function reinspected(sinceWrite: readonly DoneStep[]): RunFacts['reinspected'] {
  const again = sinceWrite.find((step) => step.plan.kind === 'inspect')
  if (!again) return 'no'
  return inspected(again) ? 'read' : 'unreadable'
}

function usersNow(steps: readonly DoneStep[]): readonly ServerUsers[] {
  for (const { reading } of steps.toReversed()) {
    if (reading.kind === 'users-synced' && reading.after) return reading.after
    if (reading.kind === 'listed') return reading.inventories
    if (reading.kind === 'inspected' || reading.kind === 'marked') return reading.servers
  }
  return []
}
