import { isTokenRefused, slackAnswer } from '../../adapters/slack/api/slack-problem.ts'
import type { Clock } from '../../application/ports.ts'
import { redact } from '../../domain/redact.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { plainly } from '../plainly.ts'

/** `ok` only by a positive statement; what could not be looked at is `unknown`. */
export type Verdict =
  | { readonly state: 'ok' }
  | { readonly state: 'wrong' | 'unwise' | 'unknown'; readonly problem: string; readonly mend?: string }

/** One line of the doctor's. `check`: what was looked at, a word that stays; `about`: of which one. */
export type Finding = Verdict & { readonly check: string; readonly about: string }

export interface Check {
  readonly check: string
  readonly about: string
  readonly limitMs?: number
  /** What it throws is unknown. */
  readonly look: (signal: AbortSignal) => Promise<Verdict | readonly Finding[]>
}

export const OK: Verdict = { state: 'ok' }

export function wrong(problem: string, mend?: string): Verdict {
  return { state: 'wrong', problem, ...(mend === undefined ? {} : { mend }) }
}

export function unwise(problem: string, mend?: string): Verdict {
  return { state: 'unwise', problem, ...(mend === undefined ? {} : { mend }) }
}

export function unknown(problem: string, mend?: string): Verdict {
  return { state: 'unknown', problem, ...(mend === undefined ? {} : { mend }) }
}

/** A refusal says what is wrong; only where the service itself did not tell, that is not known. */
export function refused(refusal: Refusal): Verdict {
  const facts = refusal.refused
  const isUntold = facts.code === 'aws' && facts.problem !== 'access-denied'
  return isUntold ? unknown(plainly(refusal)) : wrong(plainly(refusal))
}

const LIMIT_MS = 8_000

/** Everything at once, each within its own time. In the order of the checks. */
export async function runChecks(checks: readonly Check[], clock: Clock): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map((check) => run(check, clock)))).flat()
}

async function run({ check, about, limitMs = LIMIT_MS, look }: Check, clock: Clock): Promise<readonly Finding[]> {
  const limit = new AbortController()
  const late = clock.sleep(limitMs, limit.signal).then(() => unknown(`no answer in ${limitMs / 1000} seconds`))
  try {
    const found = await Promise.race([look(limit.signal), late])
    return 'state' in found ? [{ check, about, ...found }] : found
  } catch (error) {
    return [{ check, about, ...failed(error) }]
  } finally {
    limit.abort()
  }
}

/** Words of Slack's that say what is wrong with the installation; any others say that it did not tell. */
const TELLING: ReadonlySet<string> = new Set(['missing_scope', 'no_such_subteam', 'user_not_found', 'user_not_visible'])

/** By Slack's own word, where it is Slack's. */
export function failed(error: unknown): Verdict {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const problem = redact(error instanceof Error ? error.message : String(error)).slice(0, 400)
  return TELLING.has(slackAnswer(cause) ?? '') || isTokenRefused(cause) ? wrong(problem) : unknown(problem)
}
