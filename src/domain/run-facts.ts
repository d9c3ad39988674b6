import { type Diff, diffInventories, shownOf } from './diff.ts'
import type { ServerNumber } from './ids.ts'
import { type HsmKey, type Inventory, sameMarks, userKey } from './inventory.ts'
import { keyName, type Spec } from './spec.ts'
import { type DoneStep, isWrite, type ServerUsers, type StepPlan, type Stop, stopOf } from './step.ts'

/** Everything that is known of a run so far, folded from its finished steps. */
export interface RunFacts {
  readonly inspected: readonly ServerUsers[] | undefined
  readonly before: readonly Inventory[] | undefined
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
  /** Was a write step started, whatever became of it? */
  readonly wrote: boolean
  /** The first reason to stop writing. */
  readonly stop: Stop | undefined
  /** Was everything looked at once more (without login) since a write step whose end is not known? */
  readonly reinspected: 'no' | 'read' | 'unreadable'
}

/** How often a step that proved never to have run is sent in all. */
const RESENDS = 3

export function factsOf(spec: Spec, all: readonly DoneStep[]): RunFacts {
  const steps = withoutResent(all)
  const lastWrite = steps.findLastIndex((step) => isWrite(step.plan))
  const before = listed(steps.find((step) => step.plan.kind === 'inventory' && step.plan.purpose === 'before'))
  const [source, ...destinations] = before ?? []
  const checks = steps.filter((step) => step.plan.kind === 'inventory' && step.plan.purpose === 'after')
  const keySteps = steps.filter((step) => step.plan.kind === 'sync-keys')
  return {
    inspected: inspected(steps.find((step) => step.plan.kind === 'inspect')),
    before,
    diff: source && diffInventories(source, destinations, spec.scope),
    after: listed(checks.findLast((step) => step.reading.kind === 'listed')),
    checks: checks.length,
    lastCheckRead: checks.at(-1)?.reading.kind === 'listed',
    usersNow: usersNow(steps),
    triedUsers: new Set(
      steps.flatMap(({ plan }) =>
        plan.kind === 'sync-users' ? plan.users.map((user) => tried(plan.server, userKey(user))) : [],
      ),
    ),
    triedKeys: new Set(keySteps.flatMap(({ plan }) => (plan.kind === 'sync-keys' ? plan.handles : []))),
    keySteps,
    isProved: keySteps.some(arrivedAlone),
    wrote: lastWrite >= 0 && steps.some((step) => isWrite(step.plan) && stopOf(step.reading)?.wrote !== 'no'),
    stop: firstStop(spec, steps, before) ?? refusedCanaries(keySteps),
    reinspected: reinspected(steps.slice(lastWrite + 1)),
  }
}

/** Steps that came to nothing are as if they had not been planned, so the fold plans them again; unless too many did in a row. */
function withoutResent(all: readonly DoneStep[]): readonly DoneStep[] {
  return all.filter((step, position) => {
    if (!cameToNothing(step)) return true
    const row = all.slice(position + 1 - RESENDS, position + 1)
    return row.length === RESENDS && row.every(cameToNothing)
  })
}

/** What the bastion refuses before the tool is started may pass: the look-up of a cluster or a secret throttled, a lock not free yet. */
const MAY_PASS: ReadonlySet<string> = new Set(['not-configured', 'bastion-busy', 'credentials'])

/** Proved never to have run; or a listing after the writes that never reached the tool, so that no login was tried. */
export function cameToNothing({ plan, reading }: DoneStep): boolean {
  const code = stopOf(reading)?.code
  if (code === 'not-executed') return true
  const isVerification = plan.kind === 'inventory' && plan.purpose === 'after'
  return isVerification && reading.kind === 'nothing' && code !== undefined && MAY_PASS.has(code)
}

/** One word for "this user, to this server". */
export function tried(server: ServerNumber, user: string): string {
  return `${server} ${user}`
}

function firstStop(spec: Spec, steps: readonly DoneStep[], before: readonly Inventory[] | undefined): Stop | undefined {
  for (const step of steps) {
    const stop = stopAfter(spec, step, before)
    if (stop) return stop
  }
  return undefined
}

/** Why nothing more may be written after this step, by what it found; `undefined` if it may. `before`: the listings at the start of the run. */
export function stopAfter(spec: Spec, step: DoneStep, before: readonly Inventory[] | undefined): Stop | undefined {
  return stopOf(step.reading) ?? canaryStop(spec, step, before) ?? batchStop(step)
}

/** After one key alone exactly that handle must have appeared, with that owner: else a comparison by handles would copy keys twice. */
function canaryStop(
  spec: Spec,
  { plan, reading }: DoneStep,
  before: readonly Inventory[] | undefined,
): Stop | undefined {
  if (plan.kind !== 'sync-keys' || !plan.canary || reading.kind !== 'keys-synced') return undefined
  const [handle = 0] = plan.handles
  const named = (key: number) => keyName(spec, key)
  const source = before?.[0]?.keys.find((key) => key.handle === handle)
  const earlier = before?.find((hsm) => hsm.server === plan.server)
  if (!reading.after || !source || !earlier) {
    return {
      code: 'canary-effect',
      detail: `key ${named(handle)}: the listing after it could not be read`,
      wrote: 'maybe',
    }
  }
  const known = new Set(earlier.keys.map((key) => key.handle))
  const appeared = reading.after.keys.filter((key) => !known.has(key.handle))
  const now = new Map(reading.after.keys.map((key) => [key.handle, key]))
  const gone = earlier.keys.filter((key) => {
    const copy = now.get(key.handle)
    return copy === undefined || !sameMarks(copy, key)
  })
  const [only] = appeared
  // Refused in so many words, and nothing happened: that says something about this key, nothing about comparing by references.
  const isRefused = spec.reach === 'cluster' && reading.attempts[0]?.verdict === 'failure'
  if (isRefused && appeared.length === 0 && gone.length === 0) return undefined
  const isWide = reading.attempts[0]?.verdict !== 'incomplete'
  if (isWide && gone.length === 0 && appeared.length === 1 && only && sameKey(only, source)) return undefined
  const said = reading.attempts[0]?.said ?? ''
  return {
    code: 'canary-effect',
    detail: `key ${named(handle)}: ${effectOf(spec, appeared, gone)}; the tool said: ${said}`,
    wrote: 'maybe',
  }
}

function arrivedAlone({ plan, reading }: DoneStep): boolean {
  return (
    plan.kind === 'sync-keys' &&
    plan.canary !== undefined &&
    reading.kind === 'keys-synced' &&
    reading.attempts[0]?.verdict !== 'failure'
  )
}

/** One key after the other, each alone, and none arrived. */
const MOST_CANARIES = 3

function refusedCanaries(keySteps: readonly DoneStep[]): Stop | undefined {
  const last = keySteps.at(-1)?.reading
  if (keySteps.length < MOST_CANARIES || keySteps.some(arrivedAlone) || last?.kind !== 'keys-synced') return undefined
  return { code: 'batch-failed', detail: last.attempts[0]?.said ?? '', wrote: 'maybe' }
}

function effectOf(spec: Spec, appeared: readonly HsmKey[], changed: readonly HsmKey[]): string {
  if (appeared.length === 0 && changed.length === 0) return 'nothing appeared on the destination'
  const words = appeared.map((key) => `handle ${keyName(spec, key.handle)} (${shownOf(key)}) appeared`)
  return [...words, ...changed.map((key) => `handle ${keyName(spec, key.handle)} changed or went away`)]
    .slice(0, 10)
    .join('; ')
}

/** A whole batch that failed is no accident of one key. */
function batchStop({ plan, reading }: DoneStep): Stop | undefined {
  if (plan.kind !== 'sync-keys' || reading.kind !== 'keys-synced' || reading.attempts.length < 2) return undefined
  if (reading.attempts.some((attempt) => attempt.verdict === 'success')) return undefined
  return { code: 'batch-failed', detail: reading.attempts[0]?.said ?? '', wrote: 'maybe' }
}

function sameKey(a: HsmKey, b: HsmKey): boolean {
  return a.handle === b.handle && sameMarks(a, b)
}

function inspected(step: DoneStep | undefined): readonly ServerUsers[] | undefined {
  return step?.reading.kind === 'inspected' && !step.reading.stop ? step.reading.servers : undefined
}

function reinspected(sinceWrite: readonly DoneStep[]): RunFacts['reinspected'] {
  const again = sinceWrite.find((step) => step.plan.kind === 'inspect')
  if (!again) return 'no'
  return inspected(again) ? 'read' : 'unreadable'
}

function listed(step: DoneStep | undefined): readonly Inventory[] | undefined {
  return step?.reading.kind === 'listed' ? step.reading.inventories : undefined
}

function usersNow(steps: readonly DoneStep[]): readonly ServerUsers[] {
  for (const { reading } of steps.toReversed()) {
    if (reading.kind === 'users-synced' && reading.after) return reading.after
    if (reading.kind === 'listed') return reading.inventories
    if (reading.kind === 'inspected') return reading.servers
  }
  return []
}

/** The plan of the step that lists everything again. */
export function listAgain(facts: RunFacts): StepPlan {
  return {
    kind: 'inventory',
    purpose: 'after',
    users: facts.usersNow.map(({ server, users }) => ({ server, users })),
  }
}
