import type { Ancestor, Ancestry, LineEnd } from '../domain/ancestry.ts'
import type { Cluster } from '../domain/cluster.ts'
import { isRegion, parseClusterId } from '../domain/ids.ts'
import { judgeLineage, type Lineage } from '../domain/lineage.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import type { Deps, HsmDirectory } from './ports.ts'

/** Clusters and backups of one line: far above what anybody has. */
const LONGEST_LINE = 24
/** For everything together: somebody waits for the answer. What could not be looked at by then is unproven. */
const LIMIT_MS = 30_000

/**
 * Whether two clusters are clones, from what DescribeClusters and DescribeBackups tell: the
 * destination's line is followed back to the source or to its origin, then the source's until it meets that one. A
 * clone of the destination is found the same way, and a common ancestor in any Region.
 */
export async function traceLineage(
  { directory, clock }: Pick<Deps, 'directory' | 'clock'>,
  clusters: { readonly source: Cluster; readonly destination: Cluster },
  signal?: AbortSignal,
): Promise<Lineage> {
  const { source, destination } = clusters
  const limit = new AbortController()
  const within = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal
  const timer = clock.sleep(LIMIT_MS, within).then(() => limit.abort())
  try {
    const origin: Ancestor = { kind: 'cluster', id: source.clusterId, region: source.region }
    const back = await follow({ directory, signal: within, known: [origin], line: [] }, destination)
    const other = await follow({ directory, signal: within, known: back.line, line: [] }, source)
    return judgeLineage(other, back, [source, destination])
  } finally {
    limit.abort()
    await timer
  }
}

interface Walk {
  readonly directory: HsmDirectory
  readonly signal: AbortSignal
  /** The other line: where they meet, this one ends. */
  readonly known: readonly Ancestor[]
  readonly line: Ancestor[]
}

async function follow(walk: Walk, cluster: Cluster): Promise<Ancestry> {
  let child = cluster
  let end = add(walk, { kind: 'cluster', id: cluster.clusterId, region: cluster.region })
  while (!end) {
    const parent = await parentOf(walk, child)
    if (parent.kind === 'made-by') child = parent.cluster
    else end = parent
  }
  return { line: walk.line, end }
}

interface Parent {
  readonly kind: 'made-by'
  readonly cluster: Cluster
}

/** The cluster that a cluster was made from, over the backups in between; or why the line ends. */
async function parentOf(walk: Walk, child: Cluster): Promise<Parent | LineEnd> {
  if (child.sourceBackupId === undefined) return { kind: 'origin' }
  let what: Ancestor = { kind: 'backup', id: child.sourceBackupId, region: child.region }
  let backedUp: Pick<Ancestor, 'id' | 'region'> | undefined
  for (;;) {
    const end = add(walk, what)
    if (end) return end
    const found = await walk.directory.backup(what.id, what.region, walk.signal)
    if (found === undefined || isRefusal(found)) {
      // A copy names its original's cluster: that is known even when the original is gone.
      return backedUp ? clusterOf(walk, backedUp) : gap(what, found)
    }
    const { clusterId, original } = found
    if (original?.clusterId) backedUp = { id: original.clusterId, region: original.region }
    else if (clusterId) backedUp = { id: clusterId, region: found.region }
    if (!original || !isRegion(original.region)) return backedUp ? clusterOf(walk, backedUp) : { kind: 'silent', what }
    what = { kind: 'backup', id: original.backupId, region: original.region }
  }
}

/**
 * A cluster that was backed up. Its Region is that of the backup, but where a copy of a copy has lost its middle, it
 * may be in any other that the line names.
 */
async function clusterOf(walk: Walk, { id, region }: Pick<Ancestor, 'id' | 'region'>): Promise<Parent | LineEnd> {
  const met = walk.known.find((ancestor) => ancestor.id === id)
  if (met) return add(walk, met) ?? { kind: 'met' }
  const clusterId = parseClusterId(id)
  const regions = [...new Set([region, ...walk.line.map((ancestor) => ancestor.region)])].filter(isRegion)
  const gaps: LineEnd[] = []
  for (const place of regions) {
    if (!clusterId) break
    const ancestor: Ancestor = { kind: 'cluster', id, region: place }
    const found = await walk.directory.describe(clusterId, place, walk.signal)
    if (!isRefusal(found)) return add(walk, ancestor) ?? { kind: 'made-by', cluster: found }
    gaps.push(gap(ancestor, found))
  }
  const what: Ancestor = { kind: 'cluster', id, region }
  const end = gaps.find(({ kind }) => kind === 'unreadable') ?? { kind: 'gone', what }
  return add(walk, what) ?? end
}

/**
 * One more ancestor. Answers why the line ends with it, if it does: it meets the other one, or goes on for too long.
 */
function add({ line, known }: Walk, ancestor: Ancestor): LineEnd | undefined {
  const isCircle = line.some(({ id }) => id === ancestor.id)
  if (isCircle || line.length >= LONGEST_LINE) return { kind: 'too-long' }
  line.push(ancestor)
  return known.some(({ id }) => id === ancestor.id) ? { kind: 'met' } : undefined
}

function gap(what: Ancestor, answer: Refusal | undefined): LineEnd {
  if (answer?.refused.code === 'aws') return { kind: 'unreadable', what, problem: answer.refused.problem }
  return { kind: 'gone', what }
}
