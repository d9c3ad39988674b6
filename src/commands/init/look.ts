import type { AwsClients } from '../../adapters/aws/clients.ts'
import { type FoundBastion, findBastions } from '../../adapters/aws/find-bastions.ts'
import { type FoundCluster, findClusters } from '../../adapters/aws/find-clusters.ts'
import { hsmDirectory } from '../../adapters/aws/hsm-directory.ts'
import type { Clock, HsmDirectory } from '../../application/ports.ts'
import { traceLineage } from '../../application/trace-lineage.ts'
import type { Cluster } from '../../domain/cluster.ts'
import type { Lineage } from '../../domain/lineage.ts'
import { isRefusal, type Refusal } from '../../domain/refusal.ts'
import { type Candidate, type Pair, withAliases } from './candidates.ts'

/** For everything together: somebody waits. */
const LIMIT_MS = 60_000
/** Of more clusters not every pair is looked at: who has them names two. */
const MOST_COMPARED = 12

export interface Found {
  readonly candidates: readonly Candidate[]
  readonly bastions: readonly FoundBastion[]
  readonly pairs: readonly Pair[]
  lineage(source: Cluster, destination: Cluster): Promise<Lineage>
}

export interface Where {
  readonly regions: readonly string[]
  /** Only this instance, where it is known. */
  readonly bastion: string | undefined
}

/** The clusters and bastions of these Regions, and which cluster is a clone of which; or why AWS does not tell. */
export async function look(clients: AwsClients, clock: Clock, { regions, bastion }: Where): Promise<Found | Refusal> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const clusters: FoundCluster[] = []
  const bastions: FoundBastion[] = []
  const answers = await Promise.all(
    regions.map(async (region) => ({
      clusters: await findClusters(clients, region, signal),
      bastions: await findBastions(clients, { region, instanceId: bastion }, signal),
    })),
  )
  for (const answer of answers) {
    if (isRefusal(answer.clusters)) return answer.clusters
    if (isRefusal(answer.bastions)) return answer.bastions
    clusters.push(...answer.clusters)
    bastions.push(...answer.bastions)
  }
  const candidates = withAliases(clusters)
  const directory = remembering(hsmDirectory(clients), clusters)
  const lineage = (source: Cluster, destination: Cluster) =>
    traceLineage({ directory, clock }, { source, destination }, signal)
  return { candidates, bastions, pairs: await clonesAmong(candidates, lineage), lineage }
}

/** Pairs in which one is made from the other. Two clones of a third are none: which is the source is not to be seen. */
async function clonesAmong(candidates: readonly Candidate[], lineage: Found['lineage']): Promise<Pair[]> {
  if (candidates.length > MOST_COMPARED) return []
  const pairs: Pair[] = []
  for (const destination of candidates.filter(({ cluster }) => cluster.sourceBackupId !== undefined)) {
    for (const source of candidates.filter((other) => other !== destination)) {
      const { verdict, common } = await lineage(source.cluster, destination.cluster)
      if (verdict === 'proven' && common?.id === source.cluster.clusterId) pairs.push({ source, destination })
    }
  }
  return pairs
}

/** Asks AWS once for each cluster and backup, and not at all for what is known. */
function remembering(directory: HsmDirectory, known: readonly FoundCluster[]): HsmDirectory {
  const clusters = new Map<string, ReturnType<HsmDirectory['describe']>>(
    known.map(({ cluster }) => [`${cluster.clusterId}@${cluster.region}`, Promise.resolve(cluster)]),
  )
  const backups = new Map<string, ReturnType<HsmDirectory['backup']>>()
  return {
    describe: (id, region, signal) => once(clusters, `${id}@${region}`, () => directory.describe(id, region, signal)),
    backup: (id, region, signal) => once(backups, `${id}@${region}`, () => directory.backup(id, region, signal)),
  }
}

function once<Answer>(answers: Map<string, Answer>, key: string, ask: () => Answer): Answer {
  const answer = answers.get(key) ?? ask()
  answers.set(key, answer)
  return answer
}
