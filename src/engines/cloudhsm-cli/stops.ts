import type { Stop, StopCode } from '../../domain/step.ts'
import type { Printed } from '../printed.ts'
import type { Result } from '../results.ts'
import { adviceFor, saidIn } from './answers.ts'
import type { Exchange } from './session.ts'

const CODES: Partial<Record<Result, StopCode>> = {
  'stopped-login': 'login-failed',
  'stopped-risk': 'login-risk',
  'stopped-need': 'tool-refused',
  'stopped-failed': 'unknown-failure',
  'stopped-question': 'question',
  'stopped-silent': 'no-answer',
  'stopped-gone': 'no-answer',
  'stopped-time': 'no-answer',
  'stopped-state': 'bastion-refused',
}

/** What is said where the tool itself said nothing. */
const SILENCE: Partial<Record<Result, string>> = {
  'stopped-silent': 'the tool said nothing',
  'stopped-gone': 'the tool ended by itself',
  'stopped-time': 'the time for one step was used up',
  'stopped-state': 'it could not record any more what it does (is the disk full, or read only?), so it stopped at once',
}

/** Why a session did not play to its end; `undefined` if it did. */
export function sessionStop(printed: Printed, session: readonly Exchange[]): Stop | undefined {
  if (printed.result === 'done') return undefined
  const last = session.at(-1)
  const code = codeOf(printed, session)
  if (code === 'login-risk') return { code, detail: printed.detail }
  if (printed.result === 'stopped-killed' && !code)
    return { code: 'lost', detail: 'the step was killed on the bastion' }
  if (!code) return { code: 'lost', detail: `the bastion said ${printed.result}` }
  const isOwn = printed.result !== 'stopped-state' && printed.result !== 'stopped-time'
  const own = isOwn && last ? saidIn(last) : ''
  const said = (own && `${own}${adviceFor('key', own)}`) || SILENCE[printed.result] || 'no readable answer'
  return { code, detail: last ? `${last.command}: ${said}` : said }
}

/** The login's own word, or a stop before another command was begun. */
const CERTAIN: ReadonlySet<Result> = new Set(['stopped-login', 'stopped-risk', 'stopped-time'])

/**
 * What ends abnormally where a login was going on may be a failed login, and CloudHSM CLI shows no count of them:
 * nothing logs in any more then. In single command mode every command logs in.
 */
function codeOf({ result, mark }: Printed, session: readonly Exchange[]): StopCode | undefined {
  const isSingle = session.some(({ status }) => status !== undefined)
  // A mark that is not told may be any.
  const isLogin = mark === 'login' || mark === undefined || (mark !== 'none' && isSingle && result !== 'stopped-state')
  return isLogin && !CERTAIN.has(result) ? 'login-unsure' : CODES[result]
}
