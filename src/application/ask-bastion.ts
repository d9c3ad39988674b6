import type { OperationId, RequestId } from '../domain/ids.ts'
import type { ScriptCall } from '../engines/engine.ts'
import { type OutputBlock, parseBlock } from '../engines/printed.ts'
import { awaitCommand } from './await-command.ts'
import type { Deps, Instance } from './ports.ts'
import { sentDigest } from './sent-digest.ts'
import type { AuditType } from './store.ts'

const TRIES = 4
const PAUSE_MS = [500, 2_000, 5_000]

export interface Question {
  readonly call: ScriptCall
  readonly request: RequestId
  readonly operation: OperationId
  readonly about: 'read-config' | `fetch ${number}`
  /** Above what the script takes at the most, so that it can still say what held it up. */
  readonly executionSeconds: number
  readonly signal?: AbortSignal
}

export type BastionAnswer =
  | { readonly kind: 'answered'; readonly block: OutputBlock }
  /** `problem`: what SSM said last. */
  | { readonly kind: 'unanswered'; readonly problem: string }

/**
 * Runs a script that only reads, and answers its block. Because it changes nothing it is sent again when its answer is
 * lost, a few times. Every command is a row of the record, before it is sent and once its id is known.
 */
export async function askBastion(
  deps: Pick<Deps, 'bastions' | 'clock' | 'log' | 'store'>,
  bastion: Instance,
  question: Question,
): Promise<BastionAnswer> {
  const { call, request, operation, about, executionSeconds, signal } = question
  const comment = `hsm-sync ${operation} ${about}`
  let problem = 'stopped'
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await deps.clock.sleep(PAUSE_MS[attempt - 1] ?? 5_000, signal)
    if (signal?.aborted) break
    const facts = { operation, about, bastion: bastion.name, sentDigest: sentDigest(bastion, call) }
    const record = (type: AuditType, more: object) =>
      deps.store.audit({ at: deps.clock.now(), type, actor: 'bot', request, facts: { ...facts, ...more } })
    await record('ssm-intent', {})
    const sent = await deps.bastions.send(bastion, { call, comment, executionSeconds })
    if (sent.kind !== 'sent') {
      problem = sent.problem
      if (sent.kind === 'refused' && !sent.again) break
      continue
    }
    const { commandId } = sent
    await record('ssm-read', { commandId })
    deps.log.info({ requestId: request, bastion: bastion.name, commandId, comment }, 'ssm command started')
    const end = await awaitCommand(deps, bastion, { commandId, executionSeconds, signal })
    const block = end.kind === 'ended' ? parseBlock(end.output) : undefined
    if (block?.operation === operation) return { kind: 'answered', block }
    problem = end.kind === 'ended' ? unanswered(end) : end.problem
  }
  return { kind: 'unanswered', problem }
}

/** A command that ended without an answer that can be read: what its shell complained of says most. */
export function unanswered({ status, complaint }: { readonly status: string; readonly complaint: string }): string {
  return `${status}, without a readable answer${complaint === '' ? '' : `: ${complaint}`}`
}
