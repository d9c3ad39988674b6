import { type DoneStep, type StopCode, stopOf } from './step.ts'

/** What is known of a run's last login. `none`: no step of it got as far as one that may have failed. */
export type LastLogin = 'none' | 'worked' | 'doubt'

/**
 * Ends of a step that show that no login failed in it: it ended before one, or after it had listed. After any other end
 * nobody but a person lets the bot log in again by itself.
 */
export const NO_FAILED_LOGIN: ReadonlySet<StopCode> = new Set([
  'not-connected',
  'not-encrypted',
  'wrong-partition',
  'other-hsms',
  'not-configured',
  'bastion-busy',
  'not-executed',
  'not-approved',
  'could-not-check',
  'users-changed',
  'inconsistent',
  'partial-view',
])

/** Here nobody logged in, because of a login: it would be so again. */
export const NOT_LOGGED_IN: ReadonlySet<StopCode> = new Set(['login-risk', 'second-factor', 'no-officer'])

/** A login failed, or may have, in so many words. */
export const OF_A_LOGIN: ReadonlySet<StopCode> = new Set(['login-failed', 'login-unsure'])

/** By the newest step that tells: a step that ended without a stop has logged in. */
export function lastLogin(steps: readonly DoneStep[]): LastLogin {
  for (const { plan, evidence, reading } of steps.toReversed()) {
    if (plan.kind === 'inspect' || evidence === 'nothing-sent') continue
    const stop = stopOf(reading)
    if (!stop) return 'worked'
    if (!NO_FAILED_LOGIN.has(stop.code) && !NOT_LOGGED_IN.has(stop.code)) return 'doubt'
  }
  return 'none'
}
