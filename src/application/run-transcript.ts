import { operationId } from '../domain/ids.ts'
import { assemble } from '../engines/printed.ts'
import type { RequestView } from './list-requests.ts'
import type { Deps } from './ports.ts'

/** Slack takes snippets of up to 1 MB. */
const LONGEST = 900_000

/** What was said between the bot and the tool in a finished run, step by step; `undefined` before the end or if nothing was said. */
export async function runTranscript(
  deps: Pick<Deps, 'store' | 'engines'>,
  { request }: RequestView,
): Promise<string | undefined> {
  if (!('outcome' in request)) return undefined
  const engine = deps.engines[request.spec.engine]
  const steps = await deps.store.steps(request.id)
  if (steps.length === 0) return undefined
  const parts = steps.map((step) => {
    const printed = assemble(step.blocks)
    const head = `===== ${operationId(request.id, step.n)} ${step.plan.kind} · SSM command ${step.commandId ?? 'not sent'} · ${printed?.result ?? step.end?.kind ?? ''}`
    return `${head}\n${printed ? engine.transcript(request.spec, step.plan, printed) : ''}`
  })
  const text = parts.join('\n')
  return text.length <= LONGEST
    ? text
    : `${text.slice(0, LONGEST)}\n… (cut: the whole transcript stands on the bastion, in ${request.spec.bastion.stateDir}/operations)\n`
}
