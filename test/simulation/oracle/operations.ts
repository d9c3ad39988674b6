import type { Stage } from '../stage.ts'
import { MINUTE } from '../time.ts'
import type { Deed } from '../world/hsms.ts'
import type { RequestDoc } from './records.ts'

/** A run looks at the count two minutes before its first login at the most, and then says so to the bastion. */
const UNSEEN_MS = 3 * MINUTE

/** Each operation started its tool at most once; no login after a failed one; where nothing has run, nothing has. */
export function judgeOperations({ hsms, engine }: Stage, requests: readonly RequestDoc[]): string[] {
  const violations: string[] = []
  const starts = new Map<string, number>()
  for (const { did, operation = '' } of hsms.deeds)
    if (did === 'start') starts.set(operation, (starts.get(operation) ?? 0) + 1)
  for (const [operation, count] of starts)
    if (count > 1) violations.push(`operation ${operation} started its tool ${count} times`)
  for (const deed of hsms.deeds) {
    // CMU shows the count: the second failure is the last; what failed elsewhere a moment ago nobody can have seen.
    // CloudHSM CLI shows none before the lock: the bastion counts its own, so that nobody is locked by it alone.
    if (deed.did !== 'login') continue
    const known =
      deed.before - failedBy(hsms.deeds, deed).filter(({ at }) => at > deed.at - UNSEEN_MS && at < deed.at).length
    if (engine === 'cmu' && known >= 2) violations.push(`with ${known} failed logins long before, ${told(deed)}`)
    if (!deed.ok && deed.before === 4 && (engine === 'cmu' || failedBy(hsms.deeds, deed).length > 4))
      violations.push(`an account was locked: ${told(deed)}`)
  }
  for (const request of requests) {
    const deeds = deedsOf(hsms.deeds, request.id)
    violations.push(...judgeLogins(request, deeds))
    if (NOTHING_RAN.has(request.state)) {
      const deed = deeds.find(({ did }) => did !== 'start' && did !== 'end')
      if (deed) violations.push(`request ${request.id} is ${request.state}, so nothing has run, but ${told(deed)}`)
    }
  }
  return violations
}

/** Failed logins of the bot at this HSM since the last that worked, up to this one. */
function failedBy(deeds: readonly Deed[], last: Deed & { readonly did: 'login' }): readonly Deed[] {
  const here = deeds
    .filter((deed) => deed.did === 'login' && deed.where === last.where && deed.user === last.user)
    .filter(({ at }) => at <= last.at)
  const worked = here.findLastIndex((deed) => deed.did === 'login' && deed.ok)
  return here.slice(worked + 1)
}

const NOTHING_RAN: ReadonlySet<string> = new Set(['pending', 'approved', 'rejected', 'withdrawn', 'expired', 'stale'])

function judgeLogins({ id, outcome }: RequestDoc, deeds: readonly Deed[]): string[] {
  const logins = deeds.filter((deed) => deed.did === 'login')
  const failed = logins.find(({ ok }) => !ok)
  if (!failed) return []
  const violations: string[] = []
  const isKnown = outcome?.lastLogin === undefined || outcome.lastLogin === 'doubt'
  if (!isKnown) violations.push(`request ${id}: its last login is told as "${outcome.lastLogin}", but ${told(failed)}`)
  // One command of CMU logs in on every server: what happens in that moment is one login.
  const later = logins.find(({ at }) => at > failed.at)
  if (later) violations.push(`request ${id} logged in again (${told(later)}) after a failed login (${told(failed)})`)
  const failures = new Map<string, number>()
  for (const { where, user, ok } of logins)
    if (!ok) failures.set(`${where} ${user}`, (failures.get(`${where} ${user}`) ?? 0) + 1)
  for (const [where, count] of failures)
    if (count > 1) violations.push(`request ${id}: ${count} failed logins on ${where}`)
  return violations
}

export function deedsOf(deeds: readonly Deed[], request: string): readonly Deed[] {
  return deeds.filter(({ operation }) => operation?.startsWith(`${request}.`))
}

export function told(deed: Deed): string {
  const at = new Date(deed.at).toISOString().slice(11, 23)
  switch (deed.did) {
    case 'start':
      return `the tool started at ${at} (${deed.operation})`
    case 'end':
      return `the session ended at ${at} (${deed.operation}: ${deed.result})`
    case 'login':
      return `${deed.user} logged in on ${deed.where} at ${at} (${deed.operation}, ${deed.ok ? 'worked' : 'failed'})`
    case 'user':
      return `user ${deed.name} was written on ${deed.hsm} at ${at} (${deed.operation})`
    case 'key':
      return `key ${deed.handle} was written on ${deed.hsm} at ${at} (${deed.operation})`
    default:
      return deed satisfies never
  }
}
