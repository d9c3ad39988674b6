import type { HsmUser } from './inventory.ts'
import { type Spec, targetName } from './spec.ts'
import type { ServerUsers, Stop } from './step.ts'

/** A crypto officer is locked out after five failed logins (user guide); with this many a run does not try. */
export const FAILED_LOGINS_LIMIT = 2

/** What is known of the users before a login: who the bot logs in as (the officer first), where the bastion told it. */
export interface Entrance {
  readonly servers: readonly ServerUsers[]
  readonly logins: readonly string[] | undefined
}

/**
 * Why nobody logs in, or nothing. Only the users that the bot logs in as count: somebody else's failed logins are not
 * at risk.
 */
export function loginRisk(spec: Spec, { servers, logins }: Entrance): Stop | undefined {
  const officer = logins?.[0]?.toLowerCase()
  for (const { server, users } of servers) {
    const place = targetName(spec, server)
    const mine = users.filter((user) => user.role === 'CO' && (officer === undefined || user.name === officer))
    if (officer !== undefined && mine.length === 0)
      return { code: 'no-officer', detail: `there is no crypto officer ${officer} on ${place}` }
    const owners = ownersOf(spec, users)
    const second = [...(officer === undefined ? [] : mine), ...owners].find((user) => user.hasSecondFactor)
    if (second) return { code: 'second-factor', detail: `${second.name} on ${place}` }
    const risky = mine.find((user) => user.failedLogins >= FAILED_LOGINS_LIMIT || user.isLocked)
    if (risky) {
      const why = risky.isLocked ? 'is locked' : `has ${risky.failedLogins} failed logins`
      return { code: 'login-risk', detail: `crypto officer ${risky.name} ${why} on ${place}` }
    }
  }
  return undefined
}

/** Crypto users that log in too, to list their own keys; one that is locked is left out there. */
function ownersOf({ bastion }: Spec, users: readonly HsmUser[]): readonly HsmUser[] {
  const names = new Set((bastion.cryptoUsers ?? []).map(({ user }) => user))
  return users.filter(({ role, name }) => role === 'CU' && names.has(name))
}

/**
 * Has the crypto officer that the bot logs in as more failed logins than before? Where it is not known who that is, any
 * of them.
 */
export function failedMore(before: readonly ServerUsers[], { servers, logins }: Entrance): boolean {
  const officer = logins?.[0]?.toLowerCase()
  const failures = (hsms: readonly ServerUsers[]) =>
    new Map(
      hsms.flatMap(({ server, users }) =>
        users
          .filter(({ role, name }) => role === 'CO' && (officer === undefined || name === officer))
          .map(
            ({ name, failedLogins, isLocked }) => [`${server} ${name}`, isLocked ? Infinity : failedLogins] as const,
          ),
      ),
    )
  const then = failures(before)
  return [...failures(servers)].some(([who, count]) => count > (then.get(who) ?? 0))
}
