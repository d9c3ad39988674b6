import { unanswered } from '../../application/ask-bastion.ts'
import { awaitCommand } from '../../application/await-command.ts'
import type { Deps } from '../../application/ports.ts'
import type { Bastion } from '../../domain/route.ts'
import type { BastionFacts } from '../../domain/spec.ts'
import { checkCall, findingsIn } from '../../engines/check.ts'
import { parseBlock } from '../../engines/printed.ts'

/** Above what check.sh takes at the most. */
const SECONDS = 30

export type Checked =
  | { readonly kind: 'findings'; readonly findings: ReadonlyMap<string, string> }
  | { readonly kind: 'refused' | 'unanswered'; readonly problem: string }

interface Question {
  readonly document: BastionFacts['document']
  /** Addresses whose ports are looked at. */
  readonly hosts: readonly string[]
  readonly signal: AbortSignal
}

/**
 * Has the bastion look at itself: one command, sent once, that changes nothing. Unlike what the bot sends it is no row
 * of the record, because a doctor must not need the database.
 */
export async function askCheck(
  deps: Pick<Deps, 'bastions' | 'clock' | 'log'>,
  bastion: Bastion,
  { document, hosts, signal }: Question,
): Promise<Checked> {
  const { name, instanceId, region, platform } = bastion
  const instance = { name, instanceId, region, platform, ...(document ? { document } : {}) }
  const call = checkCall(bastion, hosts)
  const comment = `hsm-sync doctor ${name}`
  const sent = await deps.bastions.send(instance, { call, comment, executionSeconds: SECONDS })
  if (sent.kind !== 'sent')
    return { kind: sent.kind === 'refused' && !sent.again ? 'refused' : 'unanswered', problem: sent.problem }
  const end = await awaitCommand(deps, instance, { commandId: sent.commandId, executionSeconds: SECONDS, signal })
  if (end.kind === 'gave-up') return { kind: 'unanswered', problem: end.problem }
  const block = parseBlock(end.output)
  const findings = block && findingsIn(block)
  if (findings) return { kind: 'findings', findings }
  return block?.action === 'check' && block.result !== 'done'
    ? { kind: 'refused', problem: `${block.result}: ${block.detail}` }
    : { kind: 'unanswered', problem: unanswered(end) }
}
