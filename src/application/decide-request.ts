import { refuseDecision, refuseWithdrawal } from '../domain/approval-policy.ts'
import type { RequestId } from '../domain/ids.ts'
import { isRefusal, type Refusal, type RefusalFacts, refuse } from '../domain/refusal.ts'
import { type ApprovalRule, type Request, type RequestEvent, transition } from '../domain/request.ts'
import { findRoute } from '../domain/route.ts'
import { askWorkspace, groupsOf, problemOf } from './ask-workspace.ts'
import type { Deps } from './ports.ts'
import { recordRefusedClick } from './refused-click.ts'
import type { StoredRequest } from './store.ts'
import type { DeliveryOf } from './submit-request.ts'

/**
 * What somebody decides on: a card, with the digest it stood for and the message it was; or, by a command, the digest
 * as it was typed.
 */
export type Shown =
  | { readonly kind: 'card'; readonly digest: string; readonly ts: string }
  | { readonly kind: 'typed'; readonly digest?: string }

/** Characters of a digest that an approval by a command must name at the least. */
export const DIGEST_TYPED = 12

export interface Click {
  readonly by: string
  readonly request: RequestId
  readonly shown: Shown
  readonly verdict: 'approve' | 'reject' | 'withdraw'
  readonly reason?: string
  readonly delivery?: DeliveryOf
}

/**
 * Records one person's approve, reject or withdraw. Everything is asked now, at the moment of the click: who it is, the
 * groups, the live route, the stored request. A refusal is recorded too.
 */
export async function decideRequest(deps: Deps, click: Click): Promise<Request | Refusal> {
  const before = click.delivery?.isAgain ? await decidedBy(deps, click, click.delivery) : undefined
  if (before) return before
  const decided = await decide(deps, click)
  if (isRefusal(decided)) {
    await recordRefusal(deps, click, decided)
    return decided
  }
  deps.changed(click.request)
  return decided.request
}

/** The request, where this very decision was stored already. */
async function decidedBy(
  deps: Deps,
  { by, verdict, request: id }: Click,
  { receivedAt }: DeliveryOf,
): Promise<Request | undefined> {
  const request = (await deps.store.load(id))?.request
  if (!request) return undefined
  if (verdict !== 'withdraw') {
    const isStored = request.decisions.some(
      (decision) => decision.by === by && decision.verdict === verdict && decision.at >= receivedAt,
    )
    return isStored ? request : undefined
  }
  const withdrawnAt = request.state === 'withdrawn' ? request.at : request.state === 'running' ? request.stopAskedAt : 0
  return request.requestedBy === by && (withdrawnAt ?? 0) >= receivedAt ? request : undefined
}

/**
 * Could this person decide this request now? For a form that is opened first; the decision itself asks again. A refusal
 * is recorded.
 */
export async function previewDecision(deps: Deps, click: Click): Promise<Request | Refusal> {
  const previewed = await preview(deps, click)
  if (isRefusal(previewed)) await recordRefusal(deps, click, previewed)
  return previewed
}

async function preview(deps: Deps, click: Click): Promise<Request | Refusal> {
  const stored = await deps.store.load(click.request)
  if (!stored) return refuse({ code: 'no-such-request', text: click.request })
  const may = await authorise(deps, stored.request, click)
  if (isRefusal(may)) return may
  const after = transition(stored.request, eventOf(deps, click, stored.request), deps.clock.now())
  return isRefusal(after) ? after : stored.request
}

function recordRefusal(deps: Deps, { verdict, by, request, shown }: Click, refusal: Refusal): Promise<void> {
  const digest = shown.digest === undefined ? {} : { digest: shown.digest }
  return recordRefusedClick(deps, { by, button: verdict, request, ...digest }, refusal)
}

async function decide(deps: Deps, click: Click): Promise<StoredRequest | Refusal> {
  const before = await deps.store.load(click.request)
  if (!before) return refuse({ code: 'no-such-request', text: click.request })
  const may = await authorise(deps, before.request, click)
  if (isRefusal(may)) return may
  const outdated = await refuseOutdated(deps, click, before.request)
  if (outdated) return outdated
  return deps.store.change(
    click.request,
    // The rules once more on the newest version: another click may have come between.
    (request) => may(request) ?? transition(request, eventOf(deps, click, request), deps.clock.now()),
    (after) => ({
      at: deps.clock.now(),
      type: AUDIT_TYPES[click.verdict],
      actor: click.by,
      request: click.request,
      facts: clickFacts(click, after),
    }),
  )
}

/** What is decided must be what was looked at, and an approval takes effect only where its thread may be written to. */
async function refuseOutdated(
  deps: Deps,
  { shown, verdict, request: id }: Click,
  { digest, channel }: Request,
): Promise<Refusal | undefined> {
  if (shown.kind === 'card') {
    const card = (await deps.store.posted(id)).find((slot) => slot.slot === 'card')
    if (shown.digest !== digest || (card?.ts !== undefined && card.ts !== shown.ts))
      return refuse({ code: 'not-current-card', request: id })
  } else if (verdict === 'approve') {
    const typed = shown.digest ?? ''
    if (typed.length < DIGEST_TYPED || !digest.startsWith(typed))
      return refuse({ code: 'other-digest', request: id, typed })
  }
  if (verdict !== 'approve') return undefined
  const place = await askWorkspace(() => deps.workspace.channel(channel))
  if (isRefusal(place)) return refuse({ code: 'channel-unknown', channel, problem: problemOf(place) })
  return place?.isExternal ? refuse({ code: 'channel-shared', channel }) : undefined
}

const AUDIT_TYPES = { approve: 'approved', reject: 'rejected', withdraw: 'withdrawn' } as const

/** The rule that refuses this person, as a function of the request; or why it could not be found out. */
async function authorise(
  deps: Deps,
  request: Request,
  click: Click,
): Promise<((request: Request) => Refusal | undefined) | Refusal> {
  const person = await askWorkspace(() => deps.workspace.person(click.by))
  if (isRefusal(person)) return person
  if (click.verdict === 'withdraw') return refusedOr(request, (now) => refuseWithdrawal(now, person))
  const rule = liveRule(deps, request)
  if (isRefusal(rule)) return rule
  const isKnown = rule.users.includes(click.by) || person.flaw
  const { memberOf, unread } = await groupsOf(deps, isKnown ? [] : rule.userGroups, click.by)
  const refusal = refuseDecision(request, rule, { person, memberOf })
  // Who is in no group that can be read may be in the one that cannot: that is no "not on the list".
  if (unread && refusal?.refused.code === 'not-approver') return unread
  return refusal ?? ((now) => refuseDecision(now, rule, { person, memberOf }))
}

function refusedOr(
  request: Request,
  rule: (request: Request) => Refusal | undefined,
): ((request: Request) => Refusal | undefined) | Refusal {
  return rule(request) ?? rule
}

/** Who may decide by the settings of now: somebody taken off the route cannot approve an older request. */
function liveRule({ landscape }: Deps, request: Request): ApprovalRule | Refusal {
  const route = findRoute(landscape, request.spec.source.clusterId, request.spec.destination.clusterId)
  if (!route) return refuse({ code: 'route-gone', request: request.id } satisfies RefusalFacts)
  return { ...route.approvers, required: route.required }
}

function eventOf(deps: Deps, { verdict, by, reason }: Click, request: Request): RequestEvent {
  if (verdict === 'reject') return { type: 'reject', by, reason: reason ?? '' }
  if (verdict !== 'approve') return { type: verdict, by }
  const rule = liveRule(deps, request)
  return { type: 'approve', by, ...(isRefusal(rule) ? {} : { required: rule.required }) }
}

function clickFacts(click: Click, after: Request): Record<string, unknown> {
  const reason = click.reason === undefined ? {} : { reason: click.reason }
  const how = click.shown.kind === 'typed' ? { by: 'command' } : {}
  return { digest: after.digest, state: after.state, ...how, ...reason }
}
