import type { Instant } from './brand.ts'
import type { Freeze } from './freeze.ts'
import type { Hold } from './hold.ts'
import type { Digest, HsmId, RequestId } from './ids.ts'
import type { Lineage } from './lineage.ts'
import type { OutcomeReport } from './outcome.ts'
import { type Refusal, type RefusalFacts, refuse } from './refusal.ts'
import type { Spec } from './spec.ts'
import type { Stop } from './step.ts'

export interface Decision {
  readonly by: string
  readonly verdict: 'approve' | 'reject'
  readonly at: Instant
  readonly reason?: string
}

export interface ApprovalRule {
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly required: number
}

interface Asked {
  readonly id: RequestId
  /** Who asked; `bot` where `isWatch`. */
  readonly requestedBy: string
  /** A comparison of the watch: the bot's own, approved by the settings. It may only read. */
  readonly isWatch?: true
  readonly requestedAt: Instant
  readonly expiresAt: Instant
  readonly reason: string
  /** Names the delivery that asked for it. Absent in requests of older versions. */
  readonly askedIn?: string
  /** The route's channel: where the card and the thread stand. */
  readonly channel: string
  /** As it stood when asked; the live route is asked again at each click. */
  readonly rule: ApprovalRule
  readonly spec: Spec
  readonly digest: Digest
  /** Whether the clusters are clones, as AWS told when it was asked. Absent in requests of older versions. */
  readonly lineage?: Lineage
  readonly decisions: readonly Decision[]
  /** User groups of the rule whose members Slack did not show when it was asked. */
  readonly deadGroups?: readonly string[]
  /** When to remind the approvers, and the reminders given. Absent in requests of older versions. */
  readonly remindAt?: readonly Instant[]
  readonly reminders?: readonly Reminder[]
}

/** Why what was approved is no longer what would run: what differs, or the rule that refuses it now. */
export interface Changed {
  readonly changed: readonly string[]
  readonly refused?: RefusalFacts
}

export interface Reminder {
  readonly at: Instant
  /** The listed users who had not decided; groups are named as groups. */
  readonly undecided: readonly string[]
}

export type Pending = Asked & { readonly state: 'pending' }
export type Approved = Asked & {
  readonly state: 'approved'
  readonly approvedAt: Instant
  /** Why it does not start yet, as it was last seen. */
  readonly held?: Hold
}
export type Running = Asked & {
  readonly state: 'running'
  readonly approvedAt: Instant
  readonly startedAt: Instant
  /** The requester asked to stop, or the brake was put on: it takes effect between batches. */
  readonly stopAskedAt?: Instant
  /** The brake, where that is why. */
  readonly frozen?: Freeze
  /** Why nothing more may be written, whatever the steps say: decided once, and it stays so. */
  readonly halt?: Stop
  /** HSMs that were in the destination at the end and that the run did not know. */
  readonly joined?: readonly HsmId[] | 'unknown'
}
export type Finished = Asked & {
  readonly state: 'succeeded' | 'partial' | 'failed' | 'unknown'
  readonly approvedAt: Instant
  readonly startedAt: Instant
  readonly finishedAt: Instant
  readonly outcome: OutcomeReport
}

/** One ask, by state. Only `transition` makes the next state. */
export type Request =
  | Pending
  | Approved
  | Running
  | Finished
  | (Asked & { readonly state: 'rejected'; readonly by: string; readonly at: Instant; readonly because: string })
  | (Asked & { readonly state: 'withdrawn'; readonly by: string; readonly at: Instant })
  | (Asked & { readonly state: 'expired'; readonly at: Instant })
  | (Asked & { readonly state: 'stale'; readonly at: Instant } & Changed)

export type RequestState = Request['state']

export type RequestEvent =
  /** `required`: by the live settings; the stricter of both counts. */
  | { readonly type: 'approve'; readonly by: string; readonly required?: number }
  | { readonly type: 'reject'; readonly by: string; readonly reason: string }
  | { readonly type: 'withdraw'; readonly by: string }
  | { readonly type: 'expire' }
  | { readonly type: 'remind' }
  /** Absent: nothing holds it any more. */
  | { readonly type: 'hold'; readonly hold?: Hold }
  | { readonly type: 'start' }
  | { readonly type: 'brake'; readonly freeze: Freeze }
  | { readonly type: 'halt'; readonly stop: Stop }
  | { readonly type: 'join'; readonly hsms: readonly HsmId[] | 'unknown' }
  | ({ readonly type: 'found-stale' } & Changed)
  | { readonly type: 'finish'; readonly outcome: OutcomeReport }

export const OPEN_STATES = ['pending', 'approved', 'running'] as const satisfies readonly RequestState[]

export function isOpen(request: Request): request is Pending | Approved | Running {
  return (OPEN_STATES as readonly RequestState[]).includes(request.state)
}

const END_STATES = ['succeeded', 'partial', 'failed', 'unknown'] as const satisfies readonly RequestState[]

/** Has it run to an outcome? */
export function isFinished(request: Request): request is Finished {
  return (END_STATES as readonly RequestState[]).includes(request.state)
}

export function isExpired(request: Pending, now: Instant): boolean {
  return now >= request.expiresAt
}

export function approvalsOf(request: Request): readonly Decision[] {
  return request.decisions.filter((decision) => decision.verdict === 'approve')
}

/**
 * The only writer of state: the request after the event, or why the event cannot happen to it now. End states are never
 * left. Who may is decided before, in `approval-policy.ts`.
 */
export function transition(request: Request, event: RequestEvent, now: Instant): Request | Refusal {
  switch (event.type) {
    case 'approve':
      if (request.state !== 'pending') return notOpen(request, 'approve')
      return isExpired(request, now) ? tooLate(request) : approve(request, event, now)
    case 'reject':
      if (request.state !== 'pending') return notOpen(request, 'reject')
      if (isExpired(request, now)) return tooLate(request)
      return {
        ...request,
        state: 'rejected',
        by: event.by,
        at: now,
        because: event.reason,
        decisions: [...request.decisions, { by: event.by, verdict: 'reject', at: now, reason: event.reason }],
      }
    case 'withdraw':
      if (request.state === 'running') {
        return request.stopAskedAt === undefined ? { ...request, stopAskedAt: now } : notOpen(request, 'withdraw')
      }
      if (request.state !== 'pending' && request.state !== 'approved') return notOpen(request, 'withdraw')
      return { ...asked(request), state: 'withdrawn', by: event.by, at: now }
    case 'expire':
      if (request.state !== 'pending' || !isExpired(request, now)) return notOpen(request, 'expire')
      return { ...request, state: 'expired', at: now }
    case 'remind':
      return isReminderDue(request, now) ? remind(request, now) : notOpen(request, 'remind')
    case 'start':
      if (request.state !== 'approved') return notOpen(request, 'start')
      if (now >= request.expiresAt) return tooLate(request)
      return { ...asked(request), state: 'running', approvedAt: request.approvedAt, startedAt: now }
    case 'hold':
      if (request.state !== 'approved') return notOpen(request, 'hold')
      return {
        ...asked(request),
        state: 'approved',
        approvedAt: request.approvedAt,
        ...(event.hold ? { held: event.hold } : {}),
      }
    case 'brake':
      if (request.state !== 'running' || request.stopAskedAt !== undefined) return notOpen(request, 'brake')
      return { ...request, stopAskedAt: now, frozen: event.freeze }
    case 'halt':
      if (request.state !== 'running' || request.halt) return notOpen(request, 'halt')
      return { ...request, halt: event.stop }
    case 'join':
      return request.state === 'running' ? { ...request, joined: event.hsms } : notOpen(request, 'join')
    case 'found-stale':
      if (request.state !== 'approved') return notOpen(request, 'found-stale')
      return {
        ...asked(request),
        state: 'stale',
        at: now,
        changed: event.changed,
        ...(event.refused ? { refused: event.refused } : {}),
      }
    case 'finish':
      return finish(request, event.outcome, now)
    default:
      return event satisfies never
  }
}

/** Is it time to remind the approvers? Reminders that were missed come as one. */
export function isReminderDue(request: Request, now: Instant): request is Pending {
  if (request.state !== 'pending' || isExpired(request, now)) return false
  const last = request.reminders?.at(-1)?.at ?? 0
  return (request.remindAt ?? []).some((at) => at <= now && at > last)
}

function remind(request: Pending, now: Instant): Pending {
  const undecided = request.rule.users.filter(
    (user) => !request.decisions.some((decision) => decision.by === user) && user !== request.requestedBy,
  )
  return { ...request, reminders: [...(request.reminders ?? []), { at: now, undecided }] }
}

function approve(request: Pending, { by, required = 0 }: RequestEvent & { type: 'approve' }, now: Instant): Request {
  const rule = { ...request.rule, required: Math.max(request.rule.required, required) }
  const decided: Pending = { ...request, rule, decisions: [...request.decisions, { by, verdict: 'approve', at: now }] }
  const people = new Set(approvalsOf(decided).map((decision) => decision.by))
  return people.size >= rule.required ? { ...decided, state: 'approved', approvedAt: now } : decided
}

/** A run may also end before its first step: what should be checked right before it could not be. */
function finish(request: Request, outcome: OutcomeReport, now: Instant): Request | Refusal {
  if (request.state !== 'running' && request.state !== 'approved') return notOpen(request, 'finish')
  const startedAt = request.state === 'running' ? request.startedAt : now
  const { approvedAt } = request
  return { ...asked(request), state: outcome.state, approvedAt, startedAt, finishedAt: now, outcome }
}

function asked(request: Request): Asked {
  const {
    id,
    requestedBy,
    requestedAt,
    expiresAt,
    reason,
    channel,
    rule,
    spec,
    digest,
    decisions,
    lineage,
    askedIn,
    deadGroups,
    remindAt,
    reminders,
    isWatch,
  } = request
  const optional = {
    ...(lineage ? { lineage } : {}),
    ...(isWatch ? { isWatch } : {}),
    ...(askedIn === undefined ? {} : { askedIn }),
    ...(deadGroups ? { deadGroups } : {}),
    ...(remindAt ? { remindAt } : {}),
    ...(reminders ? { reminders } : {}),
  }
  return { id, requestedBy, requestedAt, expiresAt, reason, channel, rule, spec, digest, decisions, ...optional }
}

function notOpen(request: Request, wanted: string): Refusal {
  const by = request.state === 'rejected' || request.state === 'withdrawn' ? { by: request.by } : {}
  return refuse({ code: 'not-open', request: request.id, state: request.state, wanted, ...by })
}

function tooLate(request: Pending | Approved): Refusal {
  return refuse({ code: 'expired', request: request.id, expiresAt: request.expiresAt })
}
