import type { Cluster } from '../domain/cluster.ts'
import { parseClusterId } from '../domain/ids.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { findCluster } from '../domain/route.ts'
import type { Deps } from './ports.ts'

export interface FoundHsms {
  readonly name: string
  readonly cluster: Cluster
}

/** The HSMs of a cluster by alias, cluster id, or `<cluster id>@<region>` for one that the settings do not know. */
export async function lookupHsms(
  deps: Pick<Deps, 'landscape' | 'directory'>,
  name: string,
): Promise<FoundHsms | Refusal> {
  const known = findCluster(deps.landscape, name)
  const [idText = '', region = ''] = name.split('@')
  const clusterId = known?.clusterId ?? parseClusterId(idText)
  const where = known?.region ?? (/^[a-z]{2}(-[a-z]+)+-\d$/.test(region) ? region : undefined)
  if (!clusterId || !where)
    return refuse({ code: 'unknown-cluster', name, aliases: deps.landscape.clusters.map((cluster) => cluster.alias) })
  const cluster = await deps.directory.describe(clusterId, where)
  return isRefusal(cluster) ? cluster : { name: known?.alias ?? clusterId, cluster }
}
