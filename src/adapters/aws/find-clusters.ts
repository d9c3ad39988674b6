import { DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2'
import { z } from 'zod'
import type { Cluster } from '../../domain/cluster.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { refuseAws } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'
import { ClusterAnswer, toCluster } from './hsm-directory.ts'
import { allPages, within } from './pages.ts'

const TaggedAnswer = ClusterAnswer.extend({
  TagList: z
    .array(z.object({ Key: z.string(), Value: z.string() }))
    .default([])
    .catch([]),
})

/** AWS shows deleted clusters for a while (CloudHSM V2 API, Cluster). */
const GONE: ReadonlySet<string> = new Set(['DELETED', 'DELETE_IN_PROGRESS'])

export interface FoundCluster {
  readonly cluster: Cluster
  /** Its tag `Name`. */
  readonly name?: string
}

/** Every cluster of a Region that is not deleted, by CloudHSM V2 DescribeClusters without a filter. */
export async function findClusters(
  clients: Pick<AwsClients, 'hsm'>,
  region: string,
  signal?: AbortSignal,
): Promise<readonly FoundCluster[] | Refusal> {
  try {
    const answers = await allPages(async (token) => {
      const query = new DescribeClustersCommand({ ...token })
      const answer = await clients.hsm(region).send(query, { abortSignal: within(signal) })
      return { found: z.array(TaggedAnswer).parse(answer.Clusters ?? []), next: answer.NextToken }
    })
    return answers
      .filter(({ State }) => !GONE.has(State))
      .map((answer) => {
        const name = answer.TagList.find(({ Key }) => Key === 'Name')?.Value
        return { cluster: toCluster(answer, region), ...(name ? { name } : {}) }
      })
  } catch (error) {
    return refuseAws(error, 'CloudHSM', region)
  }
}
