import type { ScriptLines } from '../engines/engine.ts'
import { type Block, parseBlock } from '../engines/printed.ts'
import { awaitCommand } from './await-command.ts'
import type { Deps, Instance } from './ports.ts'

const TRIES = 4
const PAUSE_MS = [500, 2_000, 5_000]

export interface Question {
  readonly lines: ScriptLines
  readonly comment: string
  /** Above what the script takes at the most, so that it can still say what held it up. */
  readonly executionSeconds: number
  readonly signal?: AbortSignal
}

/**
 * Runs a script that only reads, and answers its block. Because it changes nothing it is sent again when its answer is lost, a few times. `problem`: what
 * SSM said last.
 */
export async function askBastion(
  deps: Pick<Deps, 'bastions' | 'clock' | 'log'>,
  bastion: Instance,
  question: Question,
): Promise<{ readonly block: Block } | { readonly problem: string }> {
  let problem = ''
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await deps.clock.sleep(PAUSE_MS[attempt - 1] ?? 5_000, question.signal)
    if (question.signal?.aborted) break
    const sent = await deps.bastions.send(bastion, {
      lines: question.lines,
      comment: question.comment,
      executionSeconds: question.executionSeconds,
    })
    if (sent.kind !== 'sent') {
      problem = sent.problem
      if (sent.kind === 'refused' && !sent.again) break
      continue
    }
    deps.log.info(
      { bastion: bastion.name, commandId: sent.commandId, comment: question.comment },
      'ssm command started',
    )
    const end = await awaitCommand(deps, bastion, {
      commandId: sent.commandId,
      executionSeconds: question.executionSeconds,
      signal: question.signal,
    })
    const block = end.kind === 'ended' ? parseBlock(end.output) : undefined
    if (block) return { block }
    problem = end.kind === 'ended' ? `${end.status}, without a readable answer` : end.problem
  }
  return { problem: problem || 'stopped' }
}
