import type { FoundBastion } from '../../adapters/aws/find-bastions.ts'
import type { FoundCluster } from '../../adapters/aws/find-clusters.ts'
import { FileSchema } from '../../config-schema.ts'
import { type Cluster, hsmTypeOf } from '../../domain/cluster.ts'
import { parseClusterId } from '../../domain/ids.ts'

/** A cluster under the alias that is proposed for it. */
export interface Candidate {
  readonly alias: string
  readonly cluster: Cluster
}

/** `destination` was made from a backup of `source`. */
export interface Pair {
  readonly source: Candidate
  readonly destination: Candidate
}

const { alias: Alias } = FileSchema.shape.clusters.element.shape
const MOST_SHOWN = 20

/**
 * Clusters with aliases that are valid and that no other has: the tag `Name` where only one cluster bears it, or the
 * Region, with a number from the second on.
 */
export function withAliases(found: readonly FoundCluster[]): Candidate[] {
  const names = found.map(({ name }) => name?.toLowerCase())
  const own = found.map(({ name }) => (name !== undefined && isAlias(name) && isAlone(names, name) ? name : undefined))
  const taken = new Set(own.map((name) => name?.toLowerCase()))
  return found.map(({ cluster }, at) => {
    const alias = own[at] ?? freeName(cluster.region, taken)
    taken.add(alias.toLowerCase())
    return { alias, cluster }
  })
}

/** An alias that looks like a cluster's id would be taken for that one. */
function isAlias(name: string): boolean {
  return Alias.safeParse(name).success && parseClusterId(name) === undefined
}

function isAlone(names: readonly (string | undefined)[], name: string): boolean {
  return names.filter((other) => other === name.toLowerCase()).length === 1
}

function freeName(base: string, taken: ReadonlySet<string | undefined>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`
    if (!taken.has(name)) return name
  }
}

/** By the proposed alias (case does not matter), the cluster id, or `<cluster id>@<region>`. */
export function candidateOf(candidates: readonly Candidate[], name: string): Candidate | undefined {
  return candidates.find(
    ({ alias, cluster: { clusterId, region } }) =>
      alias.toLowerCase() === name.toLowerCase() || name === clusterId || name === `${clusterId}@${region}`,
  )
}

/** The clusters and bastions that were found, a line each. */
export function shown(
  candidates: readonly Candidate[],
  bastions: readonly FoundBastion[],
  pairs: readonly Pair[],
): string {
  const clusters = candidates.map(({ alias, cluster }) => {
    const { clusterId, region, state, hsms } = cluster
    const types = [...new Set([...hsms.map((hsm) => hsmTypeOf(cluster, hsm)), cluster.hsmType ?? 'type unknown'])]
    const made = pairs
      .filter(({ destination }) => destination.alias === alias)
      .map(({ source }) => `, clone of ${source.alias}`)
    return `  ${alias}  ${clusterId}  ${region}  ${state}, ${hsms.length} HSMs, ${types.join(' and ')}${made.join('')}`
  })
  const machines = bastions.map(
    ({ instanceId, region, platform, computer }) =>
      `  ${instanceId}  ${region}  ${platform}${computer === undefined ? '' : `  ${oneLine(computer)}`}`,
  )
  return ['Clusters:', ...some(clusters), 'Instances that could be the bastion (online):', ...some(machines)].join('\n')
}

export function clusterNames(candidates: readonly Candidate[]): string {
  return some(candidates.map(({ alias, cluster }) => `${alias} (${cluster.clusterId}@${cluster.region})`)).join(', ')
}

export function bastionNames(bastions: readonly FoundBastion[]): string {
  return some(bastions.map(({ instanceId, region }) => `${instanceId} (${region})`)).join(', ')
}

function some(lines: readonly string[]): string[] {
  if (lines.length === 0) return ['  none']
  const more = lines.length - MOST_SHOWN
  return more > 0 ? [...lines.slice(0, MOST_SHOWN), `  and ${more} more`] : [...lines]
}

/** What a machine calls itself is its own: nothing that moves the cursor. */
function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)
}
