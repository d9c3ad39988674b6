import type { RequestId } from '../domain/ids.ts'
import { isFinished, isOpen, OPEN_STATES, type Request } from '../domain/request.ts'
import { findCluster, type Route } from '../domain/route.ts'
import { type Watch, watchKey } from '../domain/watch.ts'
import type { Deps } from './ports.ts'
import type { Listed } from './store.ts'

/** How a route stands: what its watch found, what people's last run on it came to, and what is open. */
export interface RouteStatus {
  readonly route: Route
  readonly watch?: Watch
  readonly last?: Request
  readonly open?: Request
}

/** Newest requests that are looked through for the last run of a route. */
export const MOST_LOOKED_AT = 200

/** What was left out because it cannot be read: open requests, and ended ones among the newest of people. */
export interface LeftOut {
  readonly open: readonly RequestId[]
  readonly ended: readonly RequestId[]
}

/** How routes stand, and what was left out of that. */
export interface Statuses {
  readonly statuses: readonly RouteStatus[]
  readonly unreadable: LeftOut
}

export function leftOutOf(open: Listed, newest: Listed): LeftOut {
  return { open: open.unreadable, ended: newest.unreadable.filter((id) => !open.unreadable.includes(id)) }
}

/** The routes, or those that a cluster stands on; `undefined`: no cluster has that name. */
export async function listStatus(
  deps: Pick<Deps, 'store' | 'landscape'>,
  name?: string,
): Promise<Statuses | undefined> {
  const { landscape, store } = deps
  const cluster = name === undefined ? undefined : findCluster(landscape, name)
  if (name !== undefined && !cluster) return undefined
  const routes = landscape.routes.filter(
    ({ source, destination }) =>
      !cluster || [source, destination].some(({ clusterId }) => clusterId === cluster.clusterId),
  )
  const [newest, open] = await Promise.all([
    store.list({ byPeople: true, limit: MOST_LOOKED_AT }),
    store.list({ states: OPEN_STATES, limit: 500 }),
  ])
  return {
    statuses: await statusOf(deps, routes, { people: newest.requests, open: open.requests }),
    unreadable: leftOutOf(open, newest),
  }
}

/** `people`: the newest requests of people, newest first; `open`: all that are open. */
export async function statusOf(
  { store }: Pick<Deps, 'store'>,
  routes: readonly Route[],
  { people, open }: { readonly people: readonly Request[]; readonly open: readonly Request[] },
): Promise<readonly RouteStatus[]> {
  return Promise.all(
    routes.map(async (route): Promise<RouteStatus> => {
      const isOf = ({ spec }: Request) => watchKey(spec) === watchKey(route)
      const watch = route.watch && (await store.watch(watchKey(route)))?.watch
      const last = people.find((request) => isOf(request) && isFinished(request))
      const now = open.find((request) => isOf(request) && isOpen(request))
      return { route, ...(watch ? { watch } : {}), ...(last ? { last } : {}), ...(now ? { open: now } : {}) }
    }),
  )
}
