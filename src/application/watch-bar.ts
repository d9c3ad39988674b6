import type { Instant } from '../domain/brand.ts'
import type { RequestId } from '../domain/ids.ts'
import { isFinished } from '../domain/request.ts'
import type { Route } from '../domain/route.ts'
import { failedLoginIn, watchKey } from '../domain/watch.ts'
import type { Deps } from './ports.ts'
import type { AuditType } from './store.ts'

/** More than people ask for between two looks, by the time they asked. */
const MOST_ENDED = 500

/**
 * Why nothing of the watch may log in on this route's bastion now: a request of somebody in which a login failed, or
 * may have, since a person said that the watch may go on, on any watched route of that bastion. Where a request cannot
 * be read, that may have been so, on any bastion.
 */
export async function failedLoginOn(
  { store, landscape }: Pick<Deps, 'store' | 'landscape'>,
  { bastion, ...route }: Pick<Route, 'bastion' | 'source' | 'destination'>,
): Promise<RequestId | undefined> {
  const key = watchKey(route)
  const routes = landscape.routes.filter((one) => one.watch && one.bastion.instanceId === bastion.instanceId)
  const watches = await Promise.all(routes.map(async (one) => (await store.watch(watchKey(one)))?.watch))
  const resumed = watches.map((watch) => watch?.resumedAt ?? 0)
  const own = watches.find((watch) => watch?.route === key)
  const { requests, unreadable } = await store.list({
    byPeople: true,
    states: ['succeeded', 'partial', 'failed', 'unknown'],
    limit: MOST_ENDED,
  })
  const ended = requests
    .filter(isFinished)
    .filter(({ spec }) => spec.bastion.instanceId === bastion.instanceId)
    .toSorted((a, b) => b.finishedAt - a.finishedAt)
  // Put away when it could not be read, and it can be now: what it says of itself is older than that.
  const putAway = requests.filter((request) => !isFinished(request)).map(({ id }) => id)
  const lost = await Promise.all(
    [...unreadable, ...putAway].map(async (id) => ({ id, ...(await endInRecord({ store }, id)) })),
  )
  const since = Math.max(...resumed, own?.lastKnown?.at ?? 0, 0)
  return failedLoginIn({ ended, lost: lost.filter((end) => end.mayHaveFailedLogin) }, key, since)
}

/** Something that may run cannot be read: nobody knows where it logs in, until it is put away. */
export async function isAnyUnreadable({ store }: Pick<Deps, 'store'>): Promise<boolean> {
  return (await store.list({ states: ['approved', 'running'], limit: 500 })).unreadable.length > 0
}

/**
 * When a request ended that cannot be read, and whether a login may have failed in it, by its record alone. That it
 * never ran is only proved by a record that shows how it was filed, and not that it ran.
 */
export async function endInRecord(
  { store }: Pick<Deps, 'store'>,
  id: RequestId,
): Promise<{ readonly at: Instant; readonly mayHaveFailedLogin: boolean }> {
  const rows = await store.history(id)
  const has = (wanted: AuditType) => rows.some(({ type }) => type === wanted)
  const end = rows.findLast(({ type }) => ENDS.has(type)) ?? rows.at(-1)
  return { at: end?.at ?? 0, mayHaveFailedLogin: !has('succeeded') && (!has('requested') || has('running')) }
}

const ENDS: ReadonlySet<string> = new Set<AuditType>([
  'rejected',
  'withdrawn',
  'expired',
  'stale',
  'succeeded',
  'partial',
  'failed',
  'unknown',
  'abandoned',
])
