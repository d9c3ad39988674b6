import type { Instant } from '../domain/brand.ts'
import type { Cluster } from '../domain/cluster.ts'
import { isRegion, parseClusterId } from '../domain/ids.ts'
import type { Lineage } from '../domain/lineage.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { findCluster } from '../domain/route.ts'
import type { Uneven } from '../domain/uneven.ts'
import { watchKey } from '../domain/watch.ts'
import type { Deps } from './ports.ts'
import { traceLineage } from './trace-lineage.ts'

export interface FoundHsms {
  readonly name: string
  readonly cluster: Cluster
  /** Users that not every HSM of it had at the last look of a watch. */
  readonly uneven?: { readonly users: readonly Uneven[]; readonly at: Instant }
}

/** The HSMs of a cluster by alias, cluster id, or `<cluster id>@<region>` for one that the settings do not know. */
export async function lookupHsms(
  deps: Pick<Deps, 'landscape' | 'directory'>,
  name: string,
): Promise<FoundHsms | Refusal> {
  const known = findCluster(deps.landscape, name)
  const [idText = '', region = ''] = name.split('@')
  const clusterId = known?.clusterId ?? parseClusterId(idText)
  const where = known?.region ?? (isRegion(region) ? region : undefined)
  if (!clusterId || !where)
    return refuse({ code: 'unknown-cluster', name, aliases: deps.landscape.clusters.map((cluster) => cluster.alias) })
  const cluster = await deps.directory.describe(clusterId, where)
  return isRefusal(cluster) ? cluster : { name: known?.alias ?? clusterId, cluster }
}

/** What the watch saw last inside of a cluster. It is not asked anew: that would be a login. */
export async function withUneven(
  { store, landscape }: Pick<Deps, 'store' | 'landscape'>,
  hsms: FoundHsms,
): Promise<FoundHsms> {
  const { clusterId } = hsms.cluster
  const routes = landscape.routes.filter(({ watch }) => watch)
  const looks = await Promise.all(routes.map(async (route) => (await store.watch(watchKey(route)))?.watch.found))
  const seen = looks.flatMap((look) => {
    const users = look?.uneven?.filter((one) => one.clusterId === clusterId) ?? []
    return look && users.length > 0 ? [{ users, at: look.at }] : []
  })
  const newest = seen.sort((a, b) => b.at - a.at)[0]
  return newest ? { ...hsms, uneven: newest } : hsms
}

export interface FoundPair {
  readonly source: FoundHsms
  readonly destination: FoundHsms
  readonly lineage: Lineage
}

/** Two clusters side by side, and whether they are clones. */
export async function lookupPair(
  deps: Pick<Deps, 'landscape' | 'directory' | 'clock'>,
  names: { readonly source: string; readonly destination: string },
): Promise<FoundPair | Refusal> {
  const [source, destination] = await Promise.all([lookupHsms(deps, names.source), lookupHsms(deps, names.destination)])
  if (isRefusal(source)) return source
  if (isRefusal(destination)) return destination
  if (source.cluster.clusterId === destination.cluster.clusterId)
    return refuse({ code: 'same-cluster', name: names.source })
  return {
    source,
    destination,
    lineage: await traceLineage(deps, { source: source.cluster, destination: destination.cluster }),
  }
}
