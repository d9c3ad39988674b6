import type { Instant } from './brand.ts'
import { diffOnce } from './diff.ts'
import type { RequestId } from './ids.ts'
import { type Inventory, userKey } from './inventory.ts'
import { NO_FAILED_LOGIN, NOT_LOGGED_IN, OF_A_LOGIN } from './last-login.ts'
import type { OutcomeReport } from './outcome.ts'
import type { RefusalFacts } from './refusal.ts'
import { type Finished, isFinished, type Request } from './request.ts'
import type { StopCode } from './step.ts'
import { type Uneven, unevenUsers } from './uneven.ts'

/** Who asks for the comparisons of the watch. */
export const WATCHER = 'bot'

/**
 * What a comparison says of a route. In sync is said only where every HSM of the destination was listed and has all
 * that the source has; what it has beside is counted.
 */
export type Verdict =
  | {
      readonly kind: 'in-sync'
      /** Keys that the listings show by reference and label only. */
      readonly byLabel: number
      /** What the destination has and the source has not: no sync is for those. */
      readonly extra: Extra
    }
  | {
      readonly kind: 'behind'
      readonly users: number
      readonly keys: number
      /** What differs in another way: conflicts, keys without their owners, users on some HSMs only. */
      readonly others: number
    }
  /** It could not be looked: no statement about the clusters. */
  | { readonly kind: 'unknown'; readonly why: WhyUnknown }

export interface Extra {
  readonly users: number
  readonly keys: number
}

export type WhyUnknown =
  | { readonly kind: 'refused'; readonly refused: RefusalFacts }
  | { readonly kind: 'stopped'; readonly code: StopCode }
  | { readonly kind: 'changed'; readonly changed: readonly string[] }
  /** HSMs of the destination that are not active, and were not listed. */
  | { readonly kind: 'unlisted'; readonly hsms: number }

/** A route that is compared again and again, as the settings say: what is known of it. */
export interface Watch {
  /** Names the route: both cluster ids. */
  readonly route: string
  readonly nextAt: Instant
  /** A comparison that was begun. */
  readonly going?: { readonly request: RequestId; readonly at: Instant }
  /** Nothing is begun any more: the request in which a login failed, or may have. */
  readonly paused?: RequestId
  /** When a person said that it may go on: what failed before that is known. */
  readonly resumedAt?: Instant
  /** What was found last, by which comparison, and since when it is so, as far as anybody looked. */
  readonly found?: {
    readonly verdict: Verdict
    readonly request: RequestId
    readonly at: Instant
    readonly since: Instant
    /** Users that not every HSM of a cluster has, some of them. */
    readonly uneven?: readonly Uneven[]
  }
  /** The newest verdict that says something about the clusters. */
  readonly lastKnown?: { readonly verdict: Verdict; readonly at: Instant }
  /** Counts its messages: each time it became worse or came back there is a new one. */
  readonly edition: number
}

export function watchKey(route: {
  readonly source: { readonly clusterId: string }
  readonly destination: { readonly clusterId: string }
}): string {
  return `${route.source.clusterId}>${route.destination.clusterId}`
}

/** What an ended comparison says; `undefined`: it was called off, and says nothing. */
export function verdictOf(request: Request, listed: readonly Inventory[] | undefined): Verdict | undefined {
  if (request.state === 'withdrawn' || request.state === 'rejected') return undefined
  if (request.state === 'stale') {
    const why: WhyUnknown = request.refused
      ? { kind: 'refused', refused: request.refused }
      : { kind: 'changed', changed: request.changed }
    return { kind: 'unknown', why }
  }
  if (!isFinished(request)) return { kind: 'unknown', why: { kind: 'changed', changed: [] } }
  const { outcome } = request
  if (outcome.withdrawn) return undefined
  const diff = listed && diffOnce(listed, request.spec.scope)
  if (outcome.state !== 'succeeded' || !diff || outcome.stop) {
    if (outcome.because) return { kind: 'unknown', why: { kind: 'refused', refused: outcome.because } }
    return { kind: 'unknown', why: { kind: 'stopped', code: outcome.stop?.code ?? 'unreadable' } }
  }
  const unlisted = request.spec.destination.leftOut.length
  if (unlisted > 0) return { kind: 'unknown', why: { kind: 'unlisted', hsms: unlisted } }
  const users = new Set(diff.users.flatMap(({ missing }) => missing.map(({ name }) => name))).size
  const keys = diff.keys.missing.length
  const others = outcome.discrepancies.length
  if (users + keys + others > 0) return { kind: 'behind', users, keys, others }
  return { kind: 'in-sync', byLabel: outcome.comparison?.byLabel ?? 0, extra: extraIn(listed) }
}

/** Users and keys on any HSM of the destination that the source has not. */
function extraIn([source, ...destinations]: readonly Inventory[]): Extra {
  const users = new Set(destinations.flatMap((hsm) => hsm.users.map(userKey)))
  const keys = new Set(destinations.flatMap((hsm) => hsm.keys.map(({ handle }) => handle)))
  for (const user of source?.users ?? []) users.delete(userKey(user))
  for (const { handle } of source?.keys ?? []) keys.delete(handle)
  return { users: users.size, keys: keys.size }
}

/** Did a login fail, or may it have; or did nobody log in, because of one? */
export function mayHaveFailedLogin(request: Request): boolean {
  if (!isFinished(request)) return false
  const { stop } = request.outcome
  return (stop !== undefined && NOT_LOGGED_IN.has(stop.code)) || isInDoubt(request.outcome)
}

function isInDoubt({ lastLogin, evidence, proof, stop }: OutcomeReport): boolean {
  if (lastLogin) return lastLogin === 'doubt'
  // Of an older version, which remembered the first stop only: of what came after it nothing is known.
  if (!stop || evidence === 'nothing-sent' || NOT_LOGGED_IN.has(stop.code)) return false
  if (OF_A_LOGIN.has(stop.code)) return true
  return proof !== 'after' && (evidence === 'may-have-written' || !NO_FAILED_LOGIN.has(stop.code))
}

function hasWorked(outcome: OutcomeReport): boolean {
  const { lastLogin, proof } = outcome
  return proof !== 'none' && (lastLogin ? lastLogin === 'worked' : !isInDoubt(outcome))
}

/** What is known of the requests on one bastion: those that have ended, and those that nobody can read any more. */
export interface Ended {
  readonly ended: readonly Finished[]
  readonly lost: readonly { readonly id: RequestId; readonly at: Instant }[]
}

/**
 * The request of somebody that keeps a route's bastion from logging in by itself: one there in which a login failed, or
 * may have. A password is wrong on a cluster: only what has listed the same two clusters, and began when that had
 * ended, shows that the login works. `since`: what ended before that is known to people, or was followed by a look.
 */
export function failedLoginIn({ ended, lost }: Ended, route: string, since: Instant): RequestId | undefined {
  const worked = ended.filter(({ spec, outcome }) => watchKey(spec) === route && hasWorked(outcome))
  const isKnown = (at: Instant) => at <= since || worked.some(({ startedAt }) => startedAt > at)
  const failed = ended.find(({ outcome, finishedAt }) => isInDoubt(outcome) && !isKnown(finishedAt))
  return (failed ?? lost.find(({ at }) => !isKnown(at)))?.id
}

/** The watch where a login failed in a request of somebody: a look would be that login once more. */
export function barred(watch: Watch, request: RequestId): Watch {
  return { ...watch, paused: request, edition: watch.edition + (watch.found ? 1 : 0) }
}

const MOST_UNEVEN = 20

/** The watch after a comparison ended. `listed`: what it listed, the source first, where it listed all. */
export function settle(watch: Watch, request: Request, listed: readonly Inventory[] | undefined, now: Instant): Watch {
  const { going: _, ...rest } = watch
  const verdict = verdictOf(request, listed)
  const paused = mayHaveFailedLogin(request) ? { paused: request.id } : {}
  if (!verdict) return { ...rest, ...paused }
  const uneven = listed ? unevenUsers(request.spec, listed).slice(0, MOST_UNEVEN) : []
  // It was listed later than that: no look is called newer than it is.
  const at = isFinished(request) ? request.startedAt : now
  const after = found(
    { ...rest, ...paused },
    { verdict, request: request.id, at, ...(uneven.length > 0 ? { uneven } : {}) },
  )
  // That it looks no more is news too.
  const isNew = after.paused !== undefined && watch.paused === undefined && after.edition === watch.edition
  return isNew && watch.found ? { ...after, edition: after.edition + 1 } : after
}

/** The watch with what a look came to. */
export function found(watch: Watch, look: Omit<NonNullable<Watch['found']>, 'since'>): Watch {
  const before = watch.found
  const isSame = before?.verdict.kind === look.verdict.kind
  return {
    ...watch,
    found: { ...look, since: isSame ? before.since : look.at },
    ...(look.verdict.kind === 'unknown' ? {} : { lastKnown: { verdict: look.verdict, at: look.at } }),
    edition: watch.edition + (before && isNews(before.verdict, look.verdict) ? 1 : 0),
  }
}

/** People are told anew: it became worse, or came back. */
function isNews(before: Verdict, now: Verdict): boolean {
  if (before.kind !== now.kind) return true
  if (before.kind !== 'behind' || now.kind !== 'behind') return false
  return now.users > before.users || now.keys > before.keys || now.others > before.others
}

/**
 * When the route is first looked at: some way into its period, by its name, so that routes do not start together.
 */
export function firstLook(route: string, everyMs: number, now: Instant): Instant {
  let sum = 0
  for (const sign of route) sum = (sum * 31 + sign.charCodeAt(0)) % 10_007
  return now + Math.floor((everyMs * sum) / 10_007)
}
