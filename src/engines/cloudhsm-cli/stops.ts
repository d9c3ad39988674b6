import { isWrite, type StepPlan, type Stop, type StopCode } from '../../domain/step.ts'
import type { Printed } from '../printed.ts'
import { adviceFor, saidIn } from './answers.ts'
import type { Exchange } from './session.ts'

const CODES: ReadonlyMap<string, StopCode> = new Map(
  Object.entries({
    'stopped-login': 'login-failed',
    'stopped-risk': 'login-risk',
    'stopped-need': 'tool-refused',
    'stopped-failed': 'unknown-failure',
    'stopped-question': 'question',
    'stopped-silent': 'no-answer',
    'stopped-gone': 'no-answer',
    'stopped-time': 'no-answer',
    'stopped-state': 'bastion-refused',
  } as const),
)

/** What is said where the tool itself said nothing. */
const SILENCE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'stopped-silent': 'the tool said nothing',
    'stopped-gone': 'the tool ended by itself',
    'stopped-time': 'the time for one step was used up',
    'stopped-state': 'it could not write to its state directory',
  }),
)

/** Why a session did not play to its end; `undefined` if it did. */
export function sessionStop(plan: StepPlan, printed: Printed, session: readonly Exchange[]): Stop | undefined {
  if (printed.result === 'done') return undefined
  // The mark is set before the first command that can change anything is sent.
  const wrote = isWrite(plan) && printed.mark === 'write' ? 'maybe' : 'no'
  const last = session.at(-1)
  const code = codeOf(printed, session)
  if (code === 'login-risk') return { code, detail: printed.detail, wrote }
  if (!code) return { code: 'lost', detail: 'the step was killed on the bastion', wrote }
  const isOwn = printed.result !== 'stopped-state' && printed.result !== 'stopped-time'
  const own = isOwn && last ? saidIn(last) : ''
  const said = (own && `${own}${adviceFor('key', own)}`) || SILENCE.get(printed.result) || 'no readable answer'
  return { code, detail: last ? `${last.command}: ${said}` : said, wrote }
}

/** The login's own word, or a stop before another command was begun. */
const CERTAIN: ReadonlySet<string> = new Set(['stopped-login', 'stopped-risk', 'stopped-time'])

/**
 * What ends abnormally where a login was going on may be a failed login, and CloudHSM CLI shows no count of them: nothing logs in any more then. In single
 * command mode every command logs in.
 */
function codeOf({ result, mark }: Printed, session: readonly Exchange[]): StopCode | undefined {
  const isSingle = session.some(({ status }) => status !== undefined)
  const isLogin = mark === 'login' || (mark !== '' && isSingle && result !== 'stopped-state')
  return isLogin && !CERTAIN.has(result) ? 'login-unsure' : CODES.get(result)
}
