import { sha256 } from '../domain/digest.ts'
import type { RequestId } from '../domain/ids.ts'
import { operationId } from '../domain/ids.ts'
import type { Spec } from '../domain/spec.ts'
import { isWrite } from '../domain/step.ts'
import type { Engine, ScriptLines } from '../engines/engine.ts'
import { type Block, missingPiece, parseBlock } from '../engines/printed.ts'
import { askBastion } from './ask-bastion.ts'
import { awaitCommand } from './await-command.ts'
import type { Deps } from './ports.ts'
import type { AuditEntry, StepEnd, StepRecord } from './store.ts'

/** Above the bastion script's own limit for its tool, so that the script can still say what happened. */
const EXECUTION_SECONDS = 720
const FETCH_SECONDS = 60
const RUNNING_LIMIT_MS = 20 * 60_000
const RECOVERY_TRIES = 20
const RECOVERY_PAUSE_MS = 30_000
const THROTTLE_TRIES = 6

export interface Running {
  readonly id: RequestId
  readonly spec: Spec
  readonly engine: Engine
  readonly signal: AbortSignal
}

/**
 * Brings one stored step to its end and stores it: sends its command, or finds out what became of it. The order is the safety: the intent is stored before this is
 * called, the command id as soon as it is known. What SSM cannot tell, the bastion can: it remembers every operation, and can see to it that one that never
 * started never will. Answers the ended step; `undefined` when aborted before it was known.
 */
export async function runStep(
  deps: Deps,
  run: Running,
  step: StepRecord,
  isNew: boolean,
): Promise<StepRecord | undefined> {
  const sent = step.commandId ? step : isNew ? await send(deps, run, step) : await findAgain(deps, run, step)
  if (sent.end || run.signal.aborted) return sent.end ? sent : undefined
  const ended = sent.commandId ? await follow(deps, run, sent) : sent
  const known = ended.end || ended.blocks.length > 0 ? ended : await recover(deps, run, ended)
  const whole = known && (await collect(deps, run, known))
  if (!whole || run.signal.aborted) return undefined
  const done = { ...whole, end: whole.end ?? ({ kind: 'printed' } as const), endedAt: deps.clock.now() }
  // SendCommand's answer was lost and SSM never showed the command, yet the bastion ran it: that is recorded too.
  const isUnrecorded = done.commandId === undefined && done.end.kind !== 'not-executed'
  await save(deps, run, done, isUnrecorded ? commandEntry(deps, run, done) : undefined)
  return done
}

/** The Comment of a step's command: how it is found again after a crash. */
export function commentOf(id: RequestId, step: StepRecord): string {
  return `hsm-sync ${operationId(id, step.n)} ${step.plan.kind}`
}

async function send(deps: Deps, run: Running, step: StepRecord): Promise<StepRecord> {
  const command = { lines: linesOf(run, step), comment: commentOf(run.id, step), executionSeconds: EXECUTION_SECONDS }
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
    if (!sent.again || attempt >= THROTTLE_TRIES) return save(deps, run, notExecuted(deps, step, sent.problem))
    await deps.clock.sleep(attempt * 2_000, run.signal)
    if (run.signal.aborted) return step
  }
}

/** After a restart: the command may be with SSM, or never have left. */
async function findAgain(deps: Deps, run: Running, step: StepRecord): Promise<StepRecord> {
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

async function follow(deps: Deps, run: Running, step: StepRecord): Promise<StepRecord> {
  const command = { commandId: step.commandId ?? '', executionSeconds: EXECUTION_SECONDS, signal: run.signal }
  const end = await awaitCommand(deps, run.spec.bastion, command)
  if (end.kind !== 'ended') return step
  if (end.executed === 'no') return notExecuted(deps, step, end.status)
  const block = parseBlock(end.output)
  const isOurs = block?.operation === operationId(run.id, step.n)
  // Started twice: the first one's result is on the bastion.
  if (!block || !isOurs || block.result === 'refused-already-started') return step
  return { ...step, blocks: [block] }
}

/** Asks the bastion itself, for a while: done, running, killed, or never started and now sealed. */
async function recover(deps: Deps, run: Running, step: StepRecord): Promise<StepRecord | undefined> {
  const started = deps.clock.now()
  let failures = 0
  let problem = ''
  while (failures < RECOVERY_TRIES && deps.clock.now() - started < RUNNING_LIMIT_MS) {
    const answer = await fetchPiece(deps, run, step, 1)
    if (run.signal.aborted) return undefined
    if ('problem' in answer) {
      failures++
      problem = answer.problem
    } else if (answer.block.result === 'sealed' || neverBegan(answer.block)) {
      return notExecuted(deps, step, 'the bastion never started it')
    } else if (answer.block.result !== 'running') {
      return { ...step, blocks: [answer.block] }
    }
    await deps.clock.sleep('problem' in answer ? RECOVERY_PAUSE_MS : 3_000, run.signal)
    if (run.signal.aborted) return undefined
  }
  const end: StepEnd = { kind: 'lost', status: problem || 'still running' }
  return { ...step, end }
}

/** Killed before its first mark: no login and no write was sent, and the bastion will not start it any more. */
function neverBegan({ result, mark }: Block): boolean {
  return result === 'stopped-killed' && mark === ''
}

/** Output too long for one answer comes in pieces. */
async function collect(deps: Deps, run: Running, step: StepRecord): Promise<StepRecord | undefined> {
  let known = step
  for (let piece = missingPiece(known.blocks); piece !== undefined; piece = missingPiece(known.blocks)) {
    const answer = await fetchPiece(deps, run, known, piece)
    if (run.signal.aborted) return undefined
    if ('problem' in answer || answer.block.content?.piece !== piece) {
      // What arrived is not whole: the reader will say so, and nothing counts as done.
      deps.log.error(
        { requestId: run.id, step: step.n, piece, problem: 'problem' in answer ? answer.problem : 'another piece' },
        'output could not be fetched',
      )
      return known
    }
    known = { ...known, blocks: [...known.blocks, answer.block] }
    await save(deps, run, known)
  }
  return known
}

function fetchPiece(
  deps: Deps,
  run: Running,
  step: StepRecord,
  piece: number,
): Promise<{ block: Block } | { problem: string }> {
  const operation = operationId(run.id, step.n)
  const lines = run.engine.fetch(run.spec.bastion, { operation, piece, seal: true })
  return askBastion(deps, run.spec.bastion, {
    lines,
    comment: `hsm-sync ${operation} fetch ${piece}`,
    executionSeconds: FETCH_SECONDS,
    signal: run.signal,
  })
}

function notExecuted(deps: Deps, step: StepRecord, status: string): StepRecord {
  return { ...step, end: { kind: 'not-executed', status }, endedAt: deps.clock.now() }
}

async function save(deps: Deps, run: Running, step: StepRecord, audit?: AuditEntry): Promise<StepRecord> {
  await deps.store.saveStep(run.id, step, deps.holder, audit)
  deps.changed(run.id)
  return step
}

function linesOf(run: Running, step: StepRecord): ScriptLines {
  return run.engine.write(run.spec, step.plan, operationId(run.id, step.n))
}

function commandEntry(deps: Deps, run: Running, step: StepRecord): AuditEntry {
  const facts = {
    commandId: step.commandId,
    document: 'AWS-RunShellScript',
    operation: operationId(run.id, step.n),
    sentDigest: sha256(linesOf(run, step).join('\n')),
  }
  return {
    at: deps.clock.now(),
    type: isWrite(step.plan) ? 'ssm-write' : 'ssm-read',
    actor: 'bot',
    request: run.id,
    facts,
  }
}
