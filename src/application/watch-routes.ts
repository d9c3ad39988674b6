import type { RequestId } from '../domain/ids.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { type Approved, isOpen, OPEN_STATES, type Request } from '../domain/request.ts'
import type { Route } from '../domain/route.ts'
import { EVERYTHING } from '../domain/scope.ts'
import { digestOf } from '../domain/spec.ts'
import { barred, firstLook, found, settle, WATCHER, type Watch, watchKey } from '../domain/watch.ts'
import { describeError } from '../log.ts'
import { deriveSpec } from './derive-spec.ts'
import { orUnreadable, viewRequest } from './list-requests.ts'
import type { Deps } from './ports.ts'
import { listedBefore } from './run-view.ts'
import { type StoredWatch, Unreadable } from './store.ts'
import { endInRecord, failedLoginOn, isAnyUnreadable } from './watch-bar.ts'

/** From when it is filed to when it must have begun: nothing has to be decided. */
const BEGIN_WITHIN_MS = 30 * 60_000
/** So long after it was begun a comparison that is not stored was never filed: looking takes a few minutes. */
const FILED_WITHIN_MS = 40 * 60_000
/** How soon to try again where something else had the destination, or the brake was on. */
const BUSY_MS = 5 * 60_000

/** A route that the settings have watched. */
export type WatchedRoute = Route & Required<Pick<Route, 'watch'>>

export function watchedRoutes({ landscape }: Pick<Deps, 'landscape'>): readonly WatchedRoute[] {
  return landscape.routes.flatMap((route) => (route.watch ? [{ ...route, watch: route.watch }] : []))
}

/**
 * One pass over all watched routes: takes down what ended comparisons found, and begins those that are due, one a
 * route. Several processes may do it at once. Answers whether anything changed.
 */
export async function watchRoutes(deps: Deps, signal: AbortSignal): Promise<boolean> {
  let hasChanged = false
  for (const route of watchedRoutes(deps)) {
    if (signal.aborted) break
    try {
      hasChanged = (await watchRoute(deps, route, signal)) || hasChanged
    } catch (error) {
      deps.log.error({ route: watchKey(route), error: describeError(error) }, 'could not look after a watched route')
    }
  }
  return hasChanged
}

async function watchRoute(deps: Deps, route: WatchedRoute, signal: AbortSignal): Promise<boolean> {
  const key = watchKey(route)
  const stored = await deps.store.watch(key)
  const now = deps.clock.now()
  if (!stored) {
    const nextAt = firstLook(key, route.watch.everyMs, now)
    return deps.store.saveWatch({ route: key, nextAt, edition: 1 }, 0)
  }
  if (stored.watch.going) return takeDown(deps, route, stored, stored.watch.going)
  if (stored.watch.paused) return false
  // The period was made shorter since.
  if (stored.watch.nextAt > now + route.watch.everyMs)
    return deps.store.saveWatch({ ...stored.watch, nextAt: firstLook(key, route.watch.everyMs, now) }, stored.version)
  if (now < stored.watch.nextAt) return false
  const isFree = !(await deps.store.frozen()) && !(await isBusy(deps, route)) && !(await isBarred(deps, route))
  // Never in the way of people: what has the destination now is waited for.
  if (!isFree) return deps.store.saveWatch({ ...stored.watch, nextAt: now + BUSY_MS }, stored.version)
  const failed = await failedLoginOn(deps, route)
  if (failed) return deps.store.saveWatch(barred(stored.watch, failed), stored.version, pauseEntry(key, failed, now))
  return begin(deps, route, stored, signal)
}

/**
 * Something has the destination, or logs in from the bastion now, or will: whether that works is to be known first.
 */
async function isBusy(deps: Deps, { destination, bastion }: Route): Promise<boolean> {
  const { requests } = await deps.store.list({ states: OPEN_STATES, limit: 500 })
  const isInTheWay = ({ spec, state, isWatch }: Request) =>
    spec.destination.clusterId === destination.clusterId ||
    (spec.bastion.instanceId === bastion.instanceId && (state === 'running' || isWatch === true))
  return requests.some(isInTheWay) || (await isAnyUnreadable(deps))
}

/**
 * One bastion logs in as one officer: what failed on one of its routes would fail on the others. So one look comes
 * after the other, once it is known what the last one came to. `going`: one that was begun here; of two, the earlier
 * one goes on.
 */
async function isBarred(deps: Deps, route: Route, going?: NonNullable<Watch['going']>): Promise<boolean> {
  const own = watchKey(route)
  const same = watchedRoutes(deps).filter((one) => one.bastion.instanceId === route.bastion.instanceId)
  const stored = await Promise.all(same.map((one) => deps.store.watch(watchKey(one))))
  return stored.some((one) => {
    if (!one) return false
    const { watch } = one
    if (watch.paused !== undefined) return true
    if (watch.route === own || !watch.going) return false
    return !going || watch.going.at < going.at || (watch.going.at === going.at && watch.route < own)
  })
}

function pauseEntry(route: string, request: RequestId, at: number) {
  return { at, actor: WATCHER, request, type: 'watch-paused', facts: { route } } as const
}

/** The watch names its comparison before it is filed, so that only one process does. */
async function begin(
  deps: Deps,
  route: WatchedRoute,
  { watch, version }: StoredWatch,
  signal: AbortSignal,
): Promise<boolean> {
  const now = deps.clock.now()
  const request = deps.newRequestId()
  const begun = { request, at: now }
  const going: Watch = {
    ...watch,
    going: begun,
    nextAt: nextAfter(watch.nextAt, route.watch.everyMs, now),
  }
  if (!(await deps.store.saveWatch(going, version))) return false
  const filed = await file(deps, route, begun, signal)
  if (filed === 'filed') return true
  const { going: _, ...idle } = going
  // The bot is stopping: that says nothing, and is made up for at the next start.
  if (signal.aborted) return deps.store.saveWatch({ ...idle, nextAt: deps.clock.now() }, version + 1)
  const after =
    filed === 'busy'
      ? { ...idle, nextAt: deps.clock.now() + BUSY_MS }
      : found(idle, {
          verdict: { kind: 'unknown', why: { kind: 'refused', refused: filed.refused } },
          request,
          at: now,
        })
  return deps.store.saveWatch(after, version + 1)
}

/** What was missed while nothing ran is not made up for. */
function nextAfter(planned: number, everyMs: number, now: number): number {
  return planned + everyMs * Math.max(1, Math.ceil((now - planned) / everyMs))
}

/** A comparison of everything that the settings have approved: it only reads. */
async function file(
  deps: Deps,
  route: WatchedRoute,
  begun: NonNullable<Watch['going']>,
  signal: AbortSignal,
): Promise<'filed' | 'busy' | Refusal> {
  const { request: id } = begun
  const derived = await deriveSpec(deps, route, { mode: 'plan', scope: EVERYTHING }, { request: id, signal })
  if (isRefusal(derived)) return derived
  const { spec, lineage } = derived
  // It took its time: a login may have failed, or somebody have given this look up meanwhile.
  if ((await isAnyUnreadable(deps)) || (await failedLoginOn(deps, route)) || (await isBarred(deps, route, begun)))
    return 'busy'
  if ((await deps.store.watch(watchKey(route)))?.watch.going?.request !== id) return 'busy'
  const now = deps.clock.now()
  const request: Approved = {
    id,
    state: 'approved',
    approvedAt: now,
    requestedBy: WATCHER,
    isWatch: true,
    requestedAt: now,
    expiresAt: now + BEGIN_WITHIN_MS,
    reason: 'the watch of this route, by the settings',
    channel: route.channel,
    rule: { users: [], userGroups: [], required: 0 },
    spec,
    digest: digestOf(spec),
    lineage,
    decisions: [],
  }
  const { source, destination } = route
  const facts = {
    source: source.alias,
    destination: destination.alias,
    mode: 'plan',
    digest: request.digest,
    engine: spec.engine,
    lineage: lineage.verdict,
    watch: true,
  }
  const stored = await deps.store.create(request, { at: now, type: 'requested', actor: WATCHER, request: id, facts })
  if (stored.kind === 'busy') return 'busy'
  deps.changed(id)
  return 'filed'
}

/** What a comparison came to, once it has ended. */
async function takeDown(
  deps: Deps,
  { watch: { everyMs } }: WatchedRoute,
  { watch, version }: StoredWatch,
  going: NonNullable<Watch['going']>,
): Promise<boolean> {
  const now = deps.clock.now()
  const view = await viewRequest(deps, going.request).catch(orUnreadable)
  if (view instanceof Unreadable || (view && isOpen(view.request))) {
    const { requests: open, unreadable } = await deps.store.list({ states: OPEN_STATES, limit: 500 })
    if (unreadable.includes(going.request) || open.some(({ id }) => id === going.request)) return false
    // It may have ended between these two: then the next pass takes that down.
    const again = await viewRequest(deps, going.request).catch(orUnreadable)
    if (again && !(again instanceof Unreadable) && !isOpen(again.request)) return false
    // It was put away, as it could not be read: only the record tells how it ended.
    const { mayHaveFailedLogin } = await endInRecord(deps, going.request)
    deps.log.error({ requestId: going.request, mayHaveFailedLogin }, 'a comparison of the watch was put away')
    const { going: _, ...idle } = watch
    return mayHaveFailedLogin
      ? deps.store.saveWatch(barred(idle, going.request), version, pauseEntry(watch.route, going.request, now))
      : deps.store.saveWatch(idle, version)
  }
  if (!view) {
    if (now - going.at < FILED_WITHIN_MS) return false
    const { going: _, ...idle } = watch
    return deps.store.saveWatch({ ...idle, nextAt: Math.min(watch.nextAt, now + everyMs) }, version)
  }
  const { request, steps } = view
  const after = settle(watch, request, listedBefore(steps), now)
  if (after.paused && !watch.paused)
    return deps.store.saveWatch(after, version, pauseEntry(watch.route, request.id, now))
  // It was called off: that says nothing, and is made up for soon.
  const nextAt = after.found === watch.found ? now + BUSY_MS : after.nextAt
  return deps.store.saveWatch({ ...after, nextAt }, version)
}
