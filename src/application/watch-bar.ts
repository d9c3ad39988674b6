import { type Finished, isFinished } from '../domain/request.ts'
import type { Route } from '../domain/route.ts'
import { failedLoginIn, watchKey } from '../domain/watch.ts'
import type { Deps } from './ports.ts'

/** More than people ask for between two looks, by the time they asked. */
const MOST_ENDED = 500

/**
 * Why nothing of the watch may log in on this route's bastion now: a request of somebody in which a login failed, or
 * may have, since a person said that the watch may go on, on any watched route of that bastion.
 */
export async function failedLoginOn(
  { store, landscape }: Pick<Deps, 'store' | 'landscape'>,
  { bastion, ...route }: Pick<Route, 'bastion' | 'source' | 'destination'>,
): Promise<Finished | undefined> {
  const key = watchKey(route)
  const routes = landscape.routes.filter((one) => one.watch && one.bastion.name === bastion.name)
  const watches = await Promise.all(routes.map(async (one) => (await store.watch(watchKey(one)))?.watch))
  const resumed = watches.map((watch) => watch?.resumedAt ?? 0)
  const own = watches.find((watch) => watch?.route === key)
  const { requests } = await store.list({
    byPeople: true,
    states: ['succeeded', 'partial', 'failed', 'unknown'],
    limit: MOST_ENDED,
  })
  const ended = requests
    .filter(isFinished)
    .filter(({ spec }) => spec.bastion.instanceId === bastion.instanceId)
    .toSorted((a, b) => b.finishedAt - a.finishedAt)
  return failedLoginIn(ended, key, Math.max(...resumed, own?.lastKnown?.at ?? 0, 0))
}
