import type { Cluster } from '../domain/cluster.ts'
import { isRegion, parseClusterId } from '../domain/ids.ts'
import { type Ancestor, type Ancestry, judgeLineage, type Lineage, type LineEnd } from '../domain/lineage.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import type { Backup, Deps, HsmDirectory } from './ports.ts'

/** Generations, and copies of one backup from Region to Region: far above what anybody has. */
const MOST_CLUSTERS = 8
const MOST_COPIES = 4

/**
 * Whether two clusters are clones, from what DescribeClusters and DescribeBackups tell (facts, section 4): the destination's line is followed back to the source
 * or to its origin, then the source's until it meets that one. A clone of the destination is found the same way, and a common ancestor in any Region.
 */
export async function traceLineage(
  { directory }: Pick<Deps, 'directory'>,
  source: Cluster,
  destination: Cluster,
): Promise<Lineage> {
  const back = await trace(directory, destination, new Set([source.clusterId]))
  const other = await trace(directory, source, new Set(back.line.map(({ id }) => id)))
  return judgeLineage(other, back, [source, destination])
}

/** One cluster's line, until it reaches one of `known`. */
async function trace(directory: HsmDirectory, cluster: Cluster, known: ReadonlySet<string>): Promise<Ancestry> {
  const line: Ancestor[] = []
  const add = (kind: Ancestor['kind'], id: string, region: string): Ancestor => {
    const ancestor = { kind, id, region }
    line.push(ancestor)
    return ancestor
  }
  const hasMet = () => line.some(({ id }) => known.has(id))
  const ended = (end: LineEnd): Ancestry => ({ line, end: hasMet() ? { kind: 'met' } : end })

  add('cluster', cluster.clusterId, cluster.region)
  let child = cluster
  for (let generation = 0; generation < MOST_CLUSTERS; generation++) {
    if (hasMet()) return ended({ kind: 'met' })
    if (child.sourceBackupId === undefined) return ended({ kind: 'origin' })
    let parent: { readonly id: string; readonly region: string } | undefined
    let backup = add('backup', child.sourceBackupId, child.region)
    for (let copy = 0; copy < MOST_COPIES; copy++) {
      const found = await directory.backup(backup.id, backup.region)
      // A copy names its original and that one's cluster: they are known even when the original is gone.
      if (found === undefined || isRefusal(found)) {
        if (parent) break
        return ended(gap(backup, found))
      }
      parent = parentOf(found) ?? parent
      if (!parent) return ended({ kind: 'gone', what: backup })
      if (!found.original || !isRegion(found.original.region)) break
      backup = add('backup', found.original.backupId, found.original.region)
    }
    if (!parent) return ended({ kind: 'too-long' })
    const ancestor = add('cluster', parent.id, parent.region)
    if (hasMet()) return ended({ kind: 'met' })
    const clusterId = parseClusterId(parent.id)
    const described =
      clusterId && isRegion(parent.region) ? await directory.describe(clusterId, parent.region) : undefined
    if (described === undefined || isRefusal(described)) return ended(gap(ancestor, described))
    child = described
  }
  return ended({ kind: 'too-long' })
}

function parentOf({ clusterId, region, original }: Backup): { id: string; region: string } | undefined {
  if (original?.clusterId) return { id: original.clusterId, region: original.region }
  return clusterId === undefined ? undefined : { id: clusterId, region }
}

function gap(what: Ancestor, answer: Refusal | undefined): LineEnd {
  if (answer?.refused.code === 'aws') return { kind: 'unreadable', what, problem: answer.refused.problem }
  return { kind: 'gone', what }
}
