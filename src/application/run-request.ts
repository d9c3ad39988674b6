import { provesUnchanged } from '../domain/evidence.ts'
import { isSameHold } from '../domain/hold.ts'
import type { HsmId, RequestId } from '../domain/ids.ts'
import { concludeUnstarted } from '../domain/outcome.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import {
  type Approved,
  isFinished,
  type Request,
  type RequestEvent,
  type Running as RunningRequest,
  transition,
} from '../domain/request.ts'
import { findRoute, type Route } from '../domain/route.ts'
import { next } from '../domain/run-plan.ts'
import { differences, digestOf } from '../domain/spec.ts'
import type { Stop } from '../domain/step.ts'
import { findTicket } from '../domain/ticket.ts'
import { WATCHER } from '../domain/watch.ts'
import type { Engine } from '../engines/engine.ts'
import { deriveSpec } from './derive-spec.ts'
import { holdOf, LOOK_AGAIN_MS } from './hold-runs.ts'
import type { Deps } from './ports.ts'
import { refuseAsker } from './refuse-asker.ts'
import { fitsCommand, runStep } from './run-step.ts'
import { doneSteps } from './run-view.ts'
import type { AuditType, StepRecord, StoredRequest } from './store.ts'
import { failedLoginOn, isAnyUnreadable } from './watch-bar.ts'

const RECHECK_TRIES = 3
const RECHECK_PAUSE_MS = 20_000
/**
 * Far above any run: the most keys that a cluster holds (16,666), ten in a step where each costs seconds. A fold that
 * does not end is stopped.
 */
const MOST_STEPS = 3_000
/**
 * What a run knows of the HSMs is this old at the most when it writes: measured from when its last step was planned,
 * however long that took or nobody looked.
 */
const LONGEST_PAUSE_MS = 30 * 60_000
const JOIN_TRIES = 3

/**
 * Drives one approved request to its end, or on from wherever it was left: next → store intent → act → store result
 *. The caller holds the request's lease. Ends early when aborted; nothing is lost then. Answers in how many
 * milliseconds to look again, where the brake or a calendar holds it.
 */
export async function runRequest(deps: Deps, id: RequestId, signal: AbortSignal): Promise<number | undefined> {
  const stored = await deps.store.load(id)
  let request: Request | Refusal | undefined = stored?.request
  if (request?.state === 'approved') request = await recheck(deps, request, signal)
  if (request === undefined || isRefusal(request)) return undefined
  if (request.state === 'approved') return request.held && LOOK_AGAIN_MS[request.held.kind]
  if (request.state === 'running') await runSteps(deps, request, signal)
  return undefined
}

/**
 * What was approved must be what would run now: everything is derived again and the digests compared. While something
 * holds it, it stays approved.
 */
async function recheck(deps: Deps, request: Approved, signal: AbortSignal): Promise<Request | Refusal | undefined> {
  const { spec } = request
  if (digestOf(spec) !== request.digest)
    return apply(deps, request.id, {
      type: 'found-stale',
      changed: ['the stored request itself: it is not what was approved'],
    })
  if (deps.clock.now() >= request.expiresAt) return apply(deps, request.id, TOO_OLD)
  const route = findRoute(deps.landscape, spec.source.clusterId, spec.destination.clusterId)
  if (!route)
    return apply(deps, request.id, { type: 'found-stale', changed: ['the route: it is no longer in the settings'] })
  const flaw = request.isWatch && flawOfWatch(request, route)
  if (flaw) return apply(deps, request.id, { type: 'found-stale', changed: [flaw] })
  if (
    !request.isWatch &&
    route.ticket !== undefined &&
    (spec.ticket === undefined || findTicket(route.ticket, spec.ticket) === undefined)
  )
    return apply(deps, request.id, { type: 'found-stale', changed: ['the route: it asks for another ticket now'] })
  let current = await lookWhatHolds(deps, request, { route, signal })
  // A look that the brake holds is called off: it would keep people from asking.
  if (request.isWatch && current && !isRefusal(current) && current.state === 'approved' && current.held)
    return apply(deps, request.id, { type: 'withdraw', by: WATCHER })
  if (!mayStart(current)) return current
  const asker = await recheckAsker(deps, request, { route, signal })
  if (signal.aborted) return undefined
  if (asker) return apply(deps, request.id, asker)
  for (let attempt = 1; ; attempt++) {
    const asking = { request: request.id, lineage: request.lineage, signal }
    const now = await deriveSpec(deps, route, spec, asking)
    if (signal.aborted) return undefined
    // All of that takes time too.
    if (deps.clock.now() >= request.expiresAt) return apply(deps, request.id, TOO_OLD)
    if (!isRefusal(now)) {
      const changed = differences(spec, now.spec)
      if (changed.length > 0) return apply(deps, request.id, { type: 'found-stale', changed })
      current = await lookWhatHolds(deps, current, { route, signal })
      if (!mayStart(current)) return current
      // Called off: the watch waits, or pauses, at its next turn.
      if (request.isWatch && ((await isAnyUnreadable(deps)) || (await failedLoginOn(deps, route))))
        return apply(deps, request.id, { type: 'withdraw', by: WATCHER })
      return apply(deps, request.id, { type: 'start' })
    }
    deps.log.warn({ requestId: request.id, attempt, refused: now.refused }, 'could not check what would run')
    if (STALE_REFUSALS.has(now.refused.code))
      return apply(deps, request.id, { type: 'found-stale', changed: [], refused: now.refused })
    if (attempt >= RECHECK_TRIES) {
      const outcome = concludeUnstarted(now.refused)
      return apply(deps, request.id, { type: 'finish', outcome })
    }
    await deps.clock.sleep(RECHECK_PAUSE_MS, signal)
    if (signal.aborted) return undefined
  }
}

/** The settings are what approves a comparison of the watch, and they approve nothing else. */
function flawOfWatch({ spec: { mode } }: Approved, { watch }: Route): string | undefined {
  if (mode !== 'plan') return 'the stored request itself: the watch only compares'
  return watch ? undefined : 'the settings: the route is no longer watched'
}

/** The request with what holds it now; stored, for its card, where that has changed. */
async function lookWhatHolds(
  deps: Deps,
  request: Approved,
  { route, signal }: { readonly route: Route; readonly signal: AbortSignal },
): Promise<Request | Refusal | undefined> {
  // A calendar is for changes: a look of the watch is none.
  const { calendar, ...uncalendared } = route
  const hold = await holdOf(deps, request.isWatch ? uncalendared : route, signal)
  if (signal.aborted) return undefined
  if (isSameHold(hold, request.held)) return request
  return apply(deps, request.id, { type: 'hold', ...(hold ? { hold } : {}) })
}

function mayStart(request: Request | Refusal | undefined): request is Approved {
  return request !== undefined && !isRefusal(request) && request.state === 'approved' && !request.held
}

/**
 * Where a route names who may ask, who asked must still be one of them. While Slack does not tell, the request waits,
 * until it expires.
 */
async function recheckAsker(
  deps: Deps,
  { requestedBy, expiresAt, id }: Approved,
  { route, signal }: { readonly route: Route; readonly signal: AbortSignal },
): Promise<RequestEvent | undefined> {
  while (route.requesters && requestedBy !== WATCHER && !signal.aborted) {
    const refusal = await refuseAsker(deps, route, requestedBy)
    if (deps.clock.now() >= expiresAt) return TOO_OLD
    if (!refusal) return undefined
    const { refused } = refusal
    if (refused.code !== 'identity-unknown') return { type: 'found-stale', changed: [], refused }
    deps.log.warn({ requestId: id, refused }, 'Slack does not tell whether who asked may still ask')
    await deps.clock.sleep(RECHECK_PAUSE_MS, signal)
  }
  return undefined
}

const TOO_OLD: RequestEvent = {
  type: 'found-stale',
  changed: ['the time: the approval is older than the request may get'],
}

/** Refusals that say the world has changed, not that it could not be looked at. */
const STALE_REFUSALS: ReadonlySet<string> = new Set([
  'cluster-not-found',
  'cluster-not-active',
  'no-active-hsm',
  'hsm-without-ip',
  'same-address',
  'hsm-not-active',
  'wrong-hsm-type',
  'cluster-migrating',
  'mixed-hsm-types',
  'type-direction',
  'not-clones',
  'base-config',
  'tool-missing',
  'tool-version',
  'document-wrong',
])

async function runSteps(deps: Deps, started: RunningRequest, signal: AbortSignal): Promise<void> {
  const { id, spec } = started
  const engine = deps.engines[spec.engine]
  const run = { id, spec, engine, signal }
  const steps: StepRecord[] = [...(await deps.store.steps(id))]
  let waitedAfter: number | undefined
  while (!signal.aborted) {
    const open = steps.at(-1)
    if (open && !open.end) {
      const ended = await runStep(deps, run, open, false)
      if (!ended) return
      steps[steps.length - 1] = ended
    }
    const stored = await decided(deps, id, { engine, steps })
    if (stored?.request.state !== 'running') return
    const { request, version } = stored
    const { halt, joined, frozen } = request
    const control = {
      stopAsked: request.stopAskedAt !== undefined,
      isLookOld: isLookOld(steps, deps.clock.now()),
      ...(frozen ? { frozen } : {}),
      fits: (plan: StepRecord['plan']) => fitsCommand(run, plan),
      ...(halt ? { halt } : {}),
      ...(joined ? { joined } : {}),
    }
    const step = next(spec, doneSteps(engine, request, steps), control)
    if (step.kind === 'end') {
      // HSMs that came to the destination while the run was going know nothing of what it wrote.
      if (!provesUnchanged(step.outcome.evidence) && joined === undefined) {
        const hsms = await joinedHsms(deps, request, signal)
        if (signal.aborted) return
        await apply(deps, id, { type: 'join', hsms })
        continue
      }
      await apply(deps, id, { type: 'finish', outcome: step.outcome })
      return
    }
    // Only where there is more to do: what has come to its end was not stopped.
    const freeze = request.stopAskedAt === undefined ? await deps.store.frozen() : undefined
    if (freeze) {
      // Refused where it was asked to stop in this very moment: decided anew in either case.
      await apply(deps, id, { type: 'brake', freeze })
      continue
    }
    if (step.afterMs > 0 && waitedAfter !== steps.length) {
      await deps.clock.sleep(step.afterMs, signal)
      waitedAfter = steps.length
      // Decided anew: somebody may have asked it to stop meanwhile, or what it knows has grown old.
      continue
    }
    const intent: StepRecord = { n: steps.length + 1, plan: step.step, plannedAt: deps.clock.now(), blocks: [] }
    // Somebody may ask it to stop in this very moment: then it is decided anew.
    if (!(await deps.store.planStep(id, intent, deps.holder, version))) continue
    deps.changed(id)
    const ended = await runStep(deps, run, intent, true)
    if (!ended) return
    steps.push(ended)
  }
}

/**
 * The request as it is now. That it may not write any more is decided once, and recorded before anything follows from
 * it.
 */
async function decided(
  deps: Deps,
  id: RequestId,
  { engine, steps }: { readonly engine: Engine; readonly steps: readonly StepRecord[] },
): Promise<StoredRequest | undefined> {
  const stored = await deps.store.load(id)
  if (stored?.request.state !== 'running' || stored.request.halt) return stored
  const stop = reasonToHalt(deps, stored.request, engine, steps)
  if (!stop) return stored
  const halted = await apply(deps, id, { type: 'halt', stop })
  return isRefusal(halted) ? undefined : deps.store.load(id)
}

/** HSMs that the run does not know; asked a few times, since an HSM that nobody saw would lack what was written. */
async function joinedHsms(
  deps: Deps,
  { id, spec: { destination } }: RunningRequest,
  signal: AbortSignal,
): Promise<readonly HsmId[] | 'unknown'> {
  for (let attempt = 1; attempt <= JOIN_TRIES && !signal.aborted; attempt++) {
    if (attempt > 1) await deps.clock.sleep(RECHECK_PAUSE_MS, signal)
    const now = await deps.directory.describe(destination.clusterId, destination.region, signal)
    if (!isRefusal(now)) {
      const known = new Set([...destination.hsms, ...destination.leftOut].map(({ hsmId }) => hsmId))
      return now.hsms.map(({ hsmId }) => hsmId).filter((hsmId) => !known.has(hsmId))
    }
    deps.log.warn({ requestId: id, attempt, refused: now.refused }, 'could not describe the destination after the run')
  }
  return 'unknown'
}

/**
 * Why nothing more may be written, however far the run is: what would run is not what was approved, or too much time
 * has passed since the last look.
 */
function reasonToHalt(
  deps: Deps,
  request: RunningRequest,
  engine: Engine,
  steps: readonly StepRecord[],
): Stop | undefined {
  const { spec } = request
  const isSameProgram =
    engine.scriptDigest(spec.bastion) === spec.scriptDigest && engine.programDigest === spec.programDigest
  const isAllowed = !request.isWatch || spec.mode === 'plan'
  if (!isSameProgram || !isAllowed || digestOf(spec) !== request.digest)
    return { code: 'not-approved', detail: 'the bot was updated or its store was changed while the run was going' }
  if (steps.length >= MOST_STEPS) return { code: 'interrupted', detail: `${steps.length} steps without an end` }
  const last = steps.at(-1)
  if (!last || deps.clock.now() - last.plannedAt < LONGEST_PAUSE_MS) return undefined
  return { code: 'interrupted', detail: 'the run was interrupted for too long: what it knows of the HSMs is old' }
}

/** So old may the count of failed logins be before the first login; it is looked at a few times only. */
const LOOK_MS = 2 * 60_000
const MOST_LOOKS = 3

export function isLookOld(steps: readonly StepRecord[], now: number): boolean {
  // One that was never sent has not looked.
  const looks = steps.filter(({ plan, end }) => plan.kind === 'inspect' && end?.kind === 'printed')
  const last = looks.at(-1)
  return last !== undefined && now - last.plannedAt > LOOK_MS && looks.length < MOST_LOOKS
}

/** Applies an event under the run's lease, with its row in the record. */
export async function apply(deps: Deps, id: RequestId, event: RequestEvent): Promise<Request | Refusal> {
  const stored = await deps.store.change(
    id,
    (request) => transition(request, event, deps.clock.now()),
    (after) => ({
      at: deps.clock.now(),
      type: AUDIT[event.type] ?? after.state,
      actor: 'bot',
      request: id,
      facts: outcomeFacts(after),
    }),
    deps.holder,
  )
  deps.changed(id)
  return isRefusal(stored) ? stored : stored.request
}

/** Where the record's word is not the state that follows. */
const AUDIT: Partial<Record<RequestEvent['type'], AuditType>> = {
  hold: 'held',
  brake: 'braked',
  halt: 'halted',
  join: 'looked-for-joined',
}

function outcomeFacts(request: Request): Record<string, unknown> {
  const { digest } = request
  if (isFinished(request)) return { digest, outcome: request.outcome }
  if (request.state === 'running') {
    const { halt, joined, frozen } = request
    return { digest, ...(frozen ? { frozen } : {}), ...(halt ? { halt } : {}), ...(joined ? { joined } : {}) }
  }
  if (request.state === 'approved') return { digest, hold: request.held ?? null }
  if (request.state !== 'stale') return { digest }
  return { digest, changed: request.changed, ...(request.refused ? { refused: request.refused } : {}) }
}
