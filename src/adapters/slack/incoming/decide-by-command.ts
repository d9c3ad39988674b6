import { type Click, decideRequest } from '../../../application/decide-request.ts'
import { recordRefusedClick } from '../../../application/refused-click.ts'
import { parseRequestId, type RequestId } from '../../../domain/ids.ts'
import { isRefusal, refuse } from '../../../domain/refusal.ts'
import { decidedText } from '../views/decided.ts'
import { explain } from '../views/explain.ts'
import { REQUESTS_USAGE } from '../views/requests.ts'
import { code } from '../views/text.ts'
import type { Answer, ListenerDeps } from './answer.ts'
import type { Command } from './deliveries.ts'
import { LONGEST_REASON } from './grammar.ts'
import type { Work } from './inbox.ts'
import { bareWord, plainTyping, undressed } from './typing.ts'

/**
 * `/hsm-requests <id> approve <digest>|reject <reason>|withdraw`: what the buttons do, by the same rules, where there
 * is no button to press.
 */
export async function decideByCommand(
  deps: ListenerDeps,
  command: Command,
  { answer, how }: { readonly answer: Answer; readonly how: Work },
): Promise<void> {
  const [, id = '', verb = '', rest = ''] = /^(\S+)\s+(\S+)\s*(.*)$/su.exec(typedText(command.text)) ?? []
  const request = parseRequestId(bareWord(id))
  const click = { by: command.user, button: bareWord(verb).toLowerCase() }
  if (!request) {
    const refusal = refuse({ code: 'no-such-request', text: id })
    await recordRefusedClick(deps, click, refusal)
    return answer({ text: `${explain(refusal)} ${REQUESTS_USAGE}` })
  }
  const read = readVerdict(click.button, undressed(rest), request)
  if ('problem' in read) return answer({ text: read.problem })
  const decided = await decideRequest(deps, { by: click.by, request, delivery: how, ...read })
  await answer({ text: isRefusal(decided) ? explain(decided) : decidedText(decided, read.verdict) })
}

function readVerdict(
  verb: string,
  rest: string,
  request: RequestId,
): Pick<Click, 'verdict' | 'shown' | 'reason'> | { readonly problem: string } {
  const form = (words: string) => code(`/hsm-requests ${request} ${words}`)
  switch (verb) {
    case 'approve': {
      if (rest !== '') return { verdict: 'approve', shown: { kind: 'typed', digest: rest.toLowerCase() } }
      return {
        problem: `An approval names what it is for: ${form('approve <first 12 characters of the digest>')}. ${form('').trim()} shows what the request covers, and its digest.`,
      }
    }
    case 'reject': {
      if (rest.length < 3) return { problem: `Say why, the channel will see it: ${form('reject <reason>')}.` }
      if (rest.length > LONGEST_REASON)
        return { problem: `The reason has ${rest.length} characters, ${LONGEST_REASON} is the most.` }
      return { verdict: 'reject', shown: { kind: 'typed' }, reason: rest }
    }
    case 'withdraw':
      if (rest === '') return { verdict: 'withdraw', shown: { kind: 'typed' } }
      return { problem: `${code(rest)} behind ${code('withdraw')} says nothing to me: ${form('withdraw')}.` }
    default:
      return { problem: `${code(verb)} is nothing that can be done with a request. ${REQUESTS_USAGE}` }
  }
}

/** Without what was pasted around it: the command itself, signs around all of it. */
function typedText(text: string): string {
  return undressed(plainTyping(text)).replace(/^\/?hsm-requests\s+/i, '')
}
