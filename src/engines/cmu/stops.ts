import { type Spec, serversOf } from '../../domain/spec.ts'
import type { Stop } from '../../domain/step.ts'
import type { Printed } from '../printed.ts'
import { parseConnected, parseEncrypted, parseInfo, words } from './answers.ts'
import { answerTo, type Session } from './session.ts'

const STATE = 'it could not record any more what it does (is the disk full, or read only?), so it stopped at once'

/** Why a session did not play to its end; `undefined` if it did. */
export function sessionStop(spec: Spec, printed: Printed, session: Session): Stop | undefined {
  if (printed.result === 'done') return undefined
  const asked = session.unfinished ? `${session.unfinished}: ` : ''
  const tail = words(session.answers.at(-1)?.text ?? session.banner)
  switch (printed.result) {
    case 'stopped-need':
      return unmetNeed(spec, printed, session)
    case 'stopped-question':
      return { code: 'question', detail: `${asked}${tail}` }
    case 'stopped-state':
      return { code: 'bastion-refused', detail: STATE }
    case 'stopped-silent':
      return { code: 'no-answer', detail: `${asked}${tail || 'the tool said nothing'}` }
    case 'stopped-gone':
      return { code: 'no-answer', detail: `${asked}the tool ended by itself. ${tail}` }
    case 'stopped-killed':
      return { code: 'lost', detail: 'the step was killed on the bastion' }
    default:
      return { code: 'lost', detail: `the bastion said ${printed.result}` }
  }
}

/** Which guard it was that did not hold, by what CMU printed. */
function unmetNeed(spec: Spec, printed: Printed, session: Session): Stop {
  const servers = serversOf(spec)
  if (printed.mark !== 'none') {
    const answer = answerTo(session, 'loginHSM') ?? ''
    const isIn = servers.every((_, number) => answer.includes(`loginHSM success on server ${number}(`))
    if (isIn) return { code: 'unreadable', detail: `expected: ${printed.detail}` }
    return { code: 'login-failed', detail: words(answer) || printed.detail }
  }
  const connected = parseConnected(session.banner)
  const away = servers.flatMap(({ ip }, number) => (connected.has(ip) ? [] : [`server ${number} (${ip})`]))
  if (away.length > 0) return { code: 'not-connected', detail: `${away.join(', ')}. ${complaints(session.banner)}` }
  const encrypted = parseEncrypted(session.banner)
  const open = servers.flatMap(({ ip }, number) => (encrypted.has(number) ? [] : [`server ${number} (${ip})`]))
  if (open.length > 0) return { code: 'not-encrypted', detail: `${open.join(', ')}. ${complaints(session.banner)}` }
  for (const [number, { hsmId }] of servers.entries()) {
    const answer = answerTo(session, `info server ${number}`)
    const row = answer === undefined ? undefined : parseInfo(answer)
    if (row?.partition === hsmId && row.connected) continue
    const found = row ? `${row.partition}, ${row.connected ? 'connected' : 'not connected'}` : 'no readable answer'
    return { code: 'wrong-partition', detail: `server ${number} should be ${hsmId}, found: ${found}` }
  }
  return { code: 'unreadable', detail: `expected: ${printed.detail}` }
}

/** The lines of CMU's start text that complain. */
function complaints(banner: string): string {
  const lines = banner
    .split('\n')
    .filter((line) => /error|fail|not exist|doesn't|unencrypted|limited|timed out|refused/i.test(line))
  return words(lines.join(' '))
}
