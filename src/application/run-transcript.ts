import { operationId } from '../domain/ids.ts'
import { redact } from '../domain/redact.ts'
import { isFinished } from '../domain/request.ts'
import { assembleAsync } from '../engines/printed.ts'
import type { RequestView } from './list-requests.ts'
import type { Deps } from './ports.ts'

/** Slack takes snippets of up to 1 MB. */
const LONGEST = 900_000

/**
 * What was said between the bot and the tool in a finished run, step by step; `undefined` before the end or if nothing
 * was said. Cut first, redacted then.
 */
export async function runTranscript(
  deps: Pick<Deps, 'store' | 'engines'>,
  { request, unreadable }: RequestView,
): Promise<string | undefined> {
  if (!isFinished(request) || unreadable !== undefined) return undefined
  const engine = deps.engines[request.spec.engine]
  const steps = await deps.store.steps(request.id)
  if (steps.length === 0) return undefined
  let text = ''
  let isCut = false
  for (const step of steps) {
    const printed = await assembleAsync(step.blocks)
    const head = `===== ${operationId(request.id, step.n)} ${step.plan.kind} · SSM command ${step.commandId ?? 'not known'} · ${printed?.result ?? step.end?.kind ?? ''}`
    const left = LONGEST - text.length
    const part = printed && { ...printed, text: cutLine(printed.text, left) }
    isCut ||= part?.text !== printed?.text
    text += `${text === '' ? '' : '\n'}${head}\n${part ? engine.transcript(request.spec, step.plan, part) : ''}`
    isCut ||= text.length > LONGEST
    if (isCut) break
  }
  const whole = redact(cutLine(text, LONGEST) ?? '')
  return isCut
    ? `${whole}\n… (cut: the bastion keeps all of it for 30 days, in ${request.spec.bastion.stateDir}/operations)\n`
    : whole
}

/** At most so many characters, whole lines: half a line could hide the shape of a secret. */
function cutLine(text: string | undefined, most: number): string | undefined {
  if (text === undefined || text.length <= most) return text
  return text.slice(0, text.lastIndexOf('\n', Math.max(0, most)) + 1)
}
