import type { Ancestor, Ancestry } from './ancestry.ts'
import type { Cluster } from './cluster.ts'

/**
 * Are two clusters clones, one made from a backup of the other or both from a common ancestor? Only such clusters can
 * take each other's users and keys (user guide, user replicate and syncKey). It says how they were born, not that they
 * are equal now.
 */
export interface Lineage {
  readonly verdict: 'proven' | 'unproven' | 'disproven'
  readonly source: Ancestry
  readonly destination: Ancestry
  /** Where the lines meet; only when proven. */
  readonly common?: Ancestor
  /** A clone keeps its original's cluster certificate (user guide, create-cluster-from-backup): evidence, no proof. */
  readonly certificates: 'equal' | 'different' | 'unknown'
}

/** Proven: the lines meet. Disproven: both are known to their origin and do not. Anything else is unproven. */
export function judgeLineage(source: Ancestry, destination: Ancestry, clusters: readonly [Cluster, Cluster]): Lineage {
  const evidence = { source, destination, certificates: compareCertificates(clusters) }
  const common = destination.line.find((ancestor) => source.line.some(({ id }) => id === ancestor.id))
  if (common) return { verdict: 'proven', ...evidence, common }
  const isKnown = source.end.kind === 'origin' && destination.end.kind === 'origin'
  return { verdict: isKnown ? 'disproven' : 'unproven', ...evidence }
}

/** From one cluster over the common ancestor to the other, destination first; only when proven. */
export function chainOf({ source, destination, common }: Lineage): {
  readonly down: readonly Ancestor[]
  readonly up: readonly Ancestor[]
} {
  const until = (line: readonly Ancestor[]) => line.slice(0, line.findIndex(({ id }) => id === common?.id) + 1)
  return { down: until(destination.line), up: until(source.line).reverse().slice(1) }
}

function compareCertificates([a, b]: readonly [Cluster, Cluster]): Lineage['certificates'] {
  if (!a.certificate || !b.certificate) return 'unknown'
  return a.certificate === b.certificate ? 'equal' : 'different'
}
