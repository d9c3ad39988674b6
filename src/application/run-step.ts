import type { OperationId, RequestId } from '../domain/ids.ts'
import { operationId } from '../domain/ids.ts'
import { PLATFORMS } from '../domain/platform.ts'
import type { Spec } from '../domain/spec.ts'
import { isWrite } from '../domain/step.ts'
import type { Engine, ScriptCall } from '../engines/engine.ts'
import { isAbout, missingChunk, type OutputBlock, parseBlock } from '../engines/printed.ts'
import { askBastion, type BastionAnswer, unanswered } from './ask-bastion.ts'
import { awaitCommand } from './await-command.ts'
import { findingOf } from './finding.ts'
import type { Deps } from './ports.ts'
import { sentDigest } from './sent-digest.ts'
import type { AuditEntry, StepEnd, StepRecord } from './store.ts'

/** Above the bastion script's own limit for its tool, so that the script can still say what happened. */
const EXECUTION_SECONDS = 720
const FETCH_SECONDS = 60
const RUNNING_LIMIT_MS = 20 * 60_000
const RECOVERY_TRIES = 20
const RUNNING_PAUSE_MS = 3_000
const RECOVERY_PAUSE_MS = 30_000
const THROTTLE_TRIES = 6
/**
 * The bastion removes what it knows of an operation after 30 days (`KEEP_DAYS` in bastion.sh): from then on that it
 * knows none proves nothing.
 */
const REMEMBERED_MS = 25 * 24 * 3_600_000
/** How long after it was planned the bastion may still begin a step: what it was planned from grows old. */
const BEGIN_WITHIN_MS = 15 * 60_000

export interface RunContext {
  readonly id: RequestId
  readonly spec: Spec
  readonly engine: Engine
  readonly signal: AbortSignal
}

/**
 * Brings one stored step to its end and stores it, with what it was found to say: sends its command, or finds out what
 * became of it. The order is the safety: the intent is stored before this is called, the command id as soon as it is
 * known. What SSM says of a command proves nothing; the bastion knows: it remembers every operation, and can see to it
 * that one that never started never will. Answers the ended step; `undefined` when aborted before it was known.
 */
export async function runStep(
  deps: Deps,
  run: RunContext,
  step: StepRecord,
  isNew: boolean,
): Promise<StepRecord | undefined> {
  const sent = step.commandId ? step : isNew ? await send(deps, run, step) : await findAgain(deps, run, step)
  if (run.signal.aborted && !sent.end) return undefined
  const told = sent.end || !sent.commandId ? sent : await follow(deps, run, sent)
  const known = told.end || told.blocks.length > 0 ? told : await recover(deps, run, told)
  const whole = known && (await collect(deps, run, known))
  if (!whole || (run.signal.aborted && !whole.end)) return undefined
  const ended = { ...whole, end: whole.end ?? ({ kind: 'printed' } as const), endedAt: deps.clock.now() }
  const done = { ...ended, finding: await findingOf(deps.clock, run, ended) }
  // SendCommand's answer was lost and SSM never showed the command, yet the bastion ran it, or may have: that is
  // recorded too.
  const isUnrecorded = done.commandId === undefined && done.end.kind !== 'refused' && done.end.kind !== 'sealed'
  await save(deps, run, done, isUnrecorded ? commandEntry(deps, run, done) : undefined)
  return done
}

/** The Comment of a step's command: how it is found again after a crash. */
export function commentOf(id: RequestId, step: StepRecord): string {
  return `hsm-sync ${operationId(id, step.n)} ${step.plan.kind}`
}

/**
 * Does a step go into one SSM command? Its size is not published; beyond this much nothing is sure.
 */
const MOST_CHARACTERS = 32_000

export function fitsCommand({ id, spec, engine }: Omit<RunContext, 'signal'>, plan: StepRecord['plan']): boolean {
  const { lines } = engine.write(spec, plan, { operation: operationId(id, 9_999), until: Number.MAX_SAFE_INTEGER })
  return lines.join('\n').length <= MOST_CHARACTERS
}

async function send(deps: Deps, run: RunContext, step: StepRecord): Promise<StepRecord> {
  const command = { call: callFor(run, step), comment: commentOf(run.id, step), executionSeconds: EXECUTION_SECONDS }
  for (let attempt = 1; ; attempt++) {
    const sent = await deps.bastions.send(run.spec.bastion, command)
    if (sent.kind === 'sent') {
      const known = { ...step, commandId: sent.commandId, sentAt: deps.clock.now() }
      deps.log.info(
        { requestId: run.id, step: step.n, kind: step.plan.kind, commandId: sent.commandId },
        'ssm command started',
      )
      return save(deps, run, known, commandEntry(deps, run, known))
    }
    deps.log.warn({ requestId: run.id, step: step.n, problem: sent.problem }, `ssm command not started (${sent.kind})`)
    if (sent.kind === 'unsure') return step
    if (!sent.again || attempt >= THROTTLE_TRIES)
      return save(deps, run, { ...step, end: { kind: 'refused', status: sent.problem } })
    await deps.clock.sleep(attempt * 2_000, run.signal)
    if (run.signal.aborted) return step
    // It was not taken yet: what was frozen meanwhile is not sent again.
    if (await deps.store.frozen()) return save(deps, run, { ...step, end: { kind: 'refused', status: sent.problem } })
  }
}

/** After a restart: the command may be with SSM, or never have left. */
async function findAgain(deps: Deps, run: RunContext, step: StepRecord): Promise<StepRecord> {
  try {
    const commandId = await deps.bastions.find(run.spec.bastion, commentOf(run.id, step), step.plannedAt - 60_000)
    if (!commandId) return step
    const known = { ...step, commandId, sentAt: step.plannedAt }
    return await save(deps, run, known, commandEntry(deps, run, known))
  } catch (error) {
    deps.log.warn({ requestId: run.id, step: step.n, error }, 'could not list ssm commands')
    return step
  }
}

async function follow(deps: Deps, run: RunContext, step: StepRecord): Promise<StepRecord> {
  const command = { commandId: step.commandId ?? '', executionSeconds: EXECUTION_SECONDS, signal: run.signal }
  const end = await awaitCommand(deps, run.spec.bastion, command)
  const block = end.kind === 'ended' ? parseBlock(end.output) : undefined
  if (block && isAbout(block, operationId(run.id, step.n))) return { ...step, blocks: [block] }
  const problem = end.kind === 'ended' ? unanswered(end) : end.problem
  deps.log.warn({ requestId: run.id, step: step.n, problem }, 'no answer about the step: asking the bastion')
  return step
}

/**
 * Asks the bastion itself, for a while: done, running, killed, or never started and now sealed. A fetch that is refused
 * is no answer about the step.
 */
async function recover(deps: Deps, run: RunContext, step: StepRecord): Promise<StepRecord | undefined> {
  const started = deps.clock.now()
  let failures = 0
  let problem = ''
  while (failures < RECOVERY_TRIES && deps.clock.now() - started < RUNNING_LIMIT_MS) {
    const answer = await fetchChunk(deps, run, step, 1)
    if (run.signal.aborted) return undefined
    const fate = fateOf(answer, operationId(run.id, step.n))
    if (fate.kind === 'sealed') return { ...step, end: { kind: 'sealed' } }
    if (fate.kind === 'printed') return { ...step, blocks: [fate.block] }
    if (fate.kind === 'unclear') {
      failures++
      problem = fate.problem
    }
    await deps.clock.sleep(fate.kind === 'running' ? RUNNING_PAUSE_MS : RECOVERY_PAUSE_MS, run.signal)
    if (run.signal.aborted) return undefined
  }
  const end: StepEnd = { kind: 'lost', status: problem || 'still running' }
  return { ...step, end }
}

type Fate =
  | { readonly kind: 'printed'; readonly block: OutputBlock }
  | { readonly kind: 'sealed' | 'running' }
  | { readonly kind: 'unclear'; readonly problem: string }

/** What the bastion's answer to a fetch says of the operation. */
function fateOf(answer: BastionAnswer, operation: OperationId): Fate {
  if (answer.kind === 'unanswered') return { kind: 'unclear', problem: answer.problem }
  const { block } = answer
  if (isAbout(block, operation)) return block.result === 'sealed' ? { kind: 'sealed' } : { kind: 'printed', block }
  if (block.action === 'fetch' && block.result === 'running') return { kind: 'running' }
  return { kind: 'unclear', problem: `${block.result} ${block.detail}`.trim() }
}

/** Output too long for one answer comes in chunks. */
async function collect(deps: Deps, run: RunContext, step: StepRecord): Promise<StepRecord | undefined> {
  let known = step
  for (let chunk = missingChunk(known.blocks); chunk !== undefined; chunk = missingChunk(known.blocks)) {
    const answer = await fetchChunk(deps, run, known, chunk)
    if (run.signal.aborted) return undefined
    if (answer.kind === 'unanswered' || answer.block.content?.chunk !== chunk) {
      // What arrived is not whole: the reader will say so, and nothing counts as done.
      const problem = answer.kind === 'unanswered' ? answer.problem : `${answer.block.result} ${answer.block.detail}`
      deps.log.error({ requestId: run.id, step: step.n, chunk, problem }, 'output could not be fetched')
      return known
    }
    known = { ...known, blocks: [...known.blocks, answer.block] }
    await save(deps, run, known)
  }
  return known
}

function fetchChunk(deps: Deps, run: RunContext, step: StepRecord, chunk: number): Promise<BastionAnswer> {
  const operation = operationId(run.id, step.n)
  const seal = deps.clock.now() - step.plannedAt < REMEMBERED_MS
  return askBastion(deps, run.spec.bastion, {
    call: run.engine.fetch(run.spec.bastion, { operation, chunk, seal }),
    request: run.id,
    operation,
    about: `fetch ${chunk}`,
    executionSeconds: FETCH_SECONDS,
    signal: run.signal,
  })
}

async function save(deps: Deps, run: RunContext, step: StepRecord, audit?: AuditEntry): Promise<StepRecord> {
  await deps.store.saveStep(run.id, step, deps.holder, audit)
  deps.changed(run.id)
  return step
}

function callFor(run: RunContext, step: StepRecord): ScriptCall {
  const order = { operation: operationId(run.id, step.n), until: step.plannedAt + BEGIN_WITHIN_MS }
  return run.engine.write(run.spec, step.plan, order)
}

function commandEntry(deps: Deps, run: RunContext, step: StepRecord): AuditEntry {
  const { document, platform = 'linux' } = run.spec.bastion
  const facts = {
    commandId: step.commandId,
    document: document?.name ?? PLATFORMS[platform].document,
    operation: operationId(run.id, step.n),
    sentDigest: sentDigest(run.spec.bastion, callFor(run, step)),
  }
  return {
    at: deps.clock.now(),
    type: isWrite(step.plan) ? 'ssm-write' : 'ssm-read',
    actor: 'bot',
    request: run.id,
    facts,
  }
}
