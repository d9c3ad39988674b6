import type { Instant } from '../domain/brand.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Pending, Request } from '../domain/request.ts'
import { findCluster, findRoute, type Route } from '../domain/route.ts'
import type { Mode, Scope } from '../domain/scope.ts'
import { digestOf } from '../domain/spec.ts'
import { findTicket } from '../domain/ticket.ts'
import { askWorkspace, problemOf } from './ask-workspace.ts'
import { deriveSpec } from './derive-spec.ts'
import type { ChannelFacts, Deps } from './ports.ts'
import { refuseAsker } from './refuse-asker.ts'
import { refuseUnapprovable } from './refuse-unapprovable.ts'

/**
 * The delivery that an ask or a decision came with. Where it is worked on again, because a process ended in the middle,
 * what is done already is not done twice.
 */
export interface DeliveryOf {
  readonly key: string
  readonly receivedAt: Instant
  readonly isAgain: boolean
}

export interface Ask {
  readonly requestedBy: string
  /** Where the asker typed; empty: in no channel. */
  readonly channel: string
  readonly source: string
  readonly destination: string
  readonly mode: Mode
  readonly scope: Scope
  readonly reason: string
  readonly delivery: DeliveryOf
}

/** Files a request, or answers why not; a refusal is recorded too. */
export async function submitRequest(deps: Deps, ask: Ask): Promise<Request | Refusal> {
  const before = ask.delivery.isAgain ? await filedBy(deps, ask) : undefined
  if (before) return before
  const filed = await file(deps, ask)
  if (isRefusal(filed)) {
    const facts = {
      source: ask.source,
      destination: ask.destination,
      mode: ask.mode,
      reason: ask.reason,
      rule: filed.refused.code,
    }
    await deps.store.audit({ at: deps.clock.now(), type: 'refused-ask', actor: ask.requestedBy, facts })
  }
  return filed
}

/** What this very ask filed already. */
async function filedBy({ store }: Deps, { requestedBy, delivery }: Ask): Promise<Request | undefined> {
  const { requests } = await store.list({ requestedBy, limit: MOST_RECENT })
  return requests.find(({ askedIn }) => askedIn === delivery.key)
}

const MOST_RECENT = 20

/**
 * Files a request: everything that can be known beforehand is checked now, so that approvers see only what could run.
 * Answers the refusal otherwise.
 */
async function file(deps: Deps, ask: Ask): Promise<Request | Refusal> {
  const route = routeOf(deps, ask)
  if (isRefusal(route)) return route
  const refusal = (await refuseChannels(deps, ask, route)) ?? (await refuseBusy(deps, route))
  if (refusal) return refusal
  const ticket = ticketOf(route, ask)
  if (isRefusal(ticket)) return ticket
  const approvable = await refuseUnapprovable(deps, route, ask.requestedBy)
  if (isRefusal(approvable)) return approvable

  const id = deps.newRequestId()
  const wanted = { mode: ask.mode, scope: ask.scope, ...ticket }
  const derived = await deriveSpec(deps, route, wanted, { request: id })
  if (isRefusal(derived)) return derived
  const { spec, lineage } = derived
  const now = deps.clock.now()
  const request: Pending = {
    id,
    state: 'pending',
    requestedBy: ask.requestedBy,
    requestedAt: now,
    expiresAt: now + route.expiresAfterMs,
    reason: ask.reason,
    askedIn: ask.delivery.key,
    channel: route.channel,
    rule: { ...route.approvers, required: route.required },
    spec,
    digest: digestOf(spec),
    lineage,
    decisions: [],
    ...(approvable.deadGroups.length > 0 ? { deadGroups: approvable.deadGroups } : {}),
    remindAt: route.reminders.map((part) => now + Math.round(route.expiresAfterMs * part)),
  }
  const facts = {
    reason: ask.reason,
    source: route.source.alias,
    destination: route.destination.alias,
    mode: ask.mode,
    digest: request.digest,
    engine: spec.engine,
    lineage: lineage.verdict,
    ...ticket,
  }
  const stored = await deps.store.create(request, {
    at: now,
    type: 'requested',
    actor: ask.requestedBy,
    request: id,
    facts,
  })
  // Another process had taken this ask up meanwhile, as this one was silent for long: it is filed once.
  if (stored.kind === 'again') return stored.request
  // Two asked in the same moment: the store let one win.
  if (stored.kind === 'busy')
    return refuse({ code: 'destination-busy', destination: route.destination.alias, request: stored.by })
  deps.log.info({ requestId: id, digest: request.digest }, 'request filed')
  deps.changed(id)
  return request
}

function routeOf({ landscape }: Deps, ask: Ask): Route | Refusal {
  for (const name of [ask.source, ask.destination]) {
    if (!findCluster(landscape, name)) {
      return refuse({ code: 'unknown-cluster', name, aliases: landscape.clusters.map((cluster) => cluster.alias) })
    }
  }
  if (findCluster(landscape, ask.source) === findCluster(landscape, ask.destination))
    return refuse({ code: 'same-cluster', name: ask.source })
  const route = findRoute(landscape, ask.source, ask.destination)
  if (route) return route
  const reverseExists = findRoute(landscape, ask.destination, ask.source) !== undefined
  return refuse({ code: 'no-route', source: ask.source, destination: ask.destination, reverseExists })
}

/** The ticket that the route asks for, where it asks for one. */
function ticketOf(route: Route, { reason }: Ask): { readonly ticket?: string } | Refusal {
  if (route.ticket === undefined) return {}
  const ticket = findTicket(route.ticket, reason)
  if (ticket !== undefined) return { ticket }
  const places = { source: route.source.alias, destination: route.destination.alias }
  return refuse({ code: 'ticket-missing', ...places, ticket: route.ticket })
}

/** Who asks, and where: nothing in a channel another company reads, and the bot must be able to post the card. */
async function refuseChannels(deps: Deps, ask: Ask, route: Route): Promise<Refusal | undefined> {
  const refused = await refuseAsker(deps, route, ask.requestedBy)
  if (refused) return refused
  // Nothing is posted where somebody asks, so it need not be visible: a direct message, a private channel without the
  // bot.
  if (ask.channel !== '' && ask.channel !== route.channel) {
    const asked = await askWorkspace(() => deps.workspace.channel(ask.channel))
    if (asked && !isRefusal(asked) && asked.isExternal) return refuse({ code: 'channel-shared', channel: ask.channel })
  }
  return refuseChannel(await askWorkspace(() => deps.workspace.channel(route.channel)), route.channel)
}

/** The channel of a route must take the card, and be read by nobody else. */
function refuseChannel(channel: ChannelFacts | undefined | Refusal, id: string): Refusal | undefined {
  if (isRefusal(channel)) return refuse({ code: 'channel-unknown', channel: id, problem: problemOf(channel) })
  if (channel?.isArchived) return refuse({ code: 'channel-archived', channel: id })
  if (!channel?.botIsMember) return refuse({ code: 'bot-not-in-channel', channel: id })
  return channel.isExternal ? refuse({ code: 'channel-shared', channel: id }) : undefined
}

async function refuseBusy({ store }: Deps, route: Route): Promise<Refusal | undefined> {
  const { requests } = await store.list({ states: ['pending', 'approved', 'running'], limit: 500 })
  const busy = requests.find((request) => request.spec.destination.clusterId === route.destination.clusterId)
  return busy && refuse({ code: 'destination-busy', destination: route.destination.alias, request: busy.id })
}
