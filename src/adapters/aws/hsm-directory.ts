import { DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2'
import { z } from 'zod'
import type { HsmDirectory } from '../../application/ports.ts'
import type { Cluster, Hsm } from '../../domain/cluster.ts'
import { asHsmId, parseClusterId } from '../../domain/ids.ts'
import { refuse } from '../../domain/refusal.ts'
import { refuseAws } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'

const text = z.string().min(1).optional().catch(undefined)

// Only what is named here is read: the answer can carry PreCoPassword, which must not get any further.
// The SDK types of 3.332 lack EniIpV6 and the HsmType of an HSM, but pass them through (facts, section 0).
const HsmAnswer = z.object({
  HsmId: z.string().min(1),
  State: z.string().catch('UNKNOWN'),
  HsmType: text,
  EniIp: text,
  EniIpV6: text,
  EniId: text,
  AvailabilityZone: text,
  SubnetId: text,
})

const ClusterAnswer = z.object({
  ClusterId: z.string(),
  State: z.string().catch('UNKNOWN'),
  HsmType: text,
  Hsms: z.array(HsmAnswer).default([]),
})

/** The filter names one cluster; AWS may still give empty pages before it. */
const MOST_PAGES = 40
const ANSWER_MS = 20_000

/** CloudHSM V2 DescribeClusters. */
export function hsmDirectory(clients: AwsClients): HsmDirectory {
  return {
    describe: async (clusterId, region) => {
      try {
        let nextToken: string | undefined
        for (let page = 0; page < MOST_PAGES; page++) {
          // The old client takes no time limits of its own.
          const abortSignal = AbortSignal.timeout(ANSWER_MS)
          const query = { Filters: { clusterIds: [clusterId] }, ...(nextToken ? { NextToken: nextToken } : {}) }
          const answer = await clients.hsm(region).send(new DescribeClustersCommand(query), { abortSignal })
          const found = z
            .array(ClusterAnswer)
            .parse(answer.Clusters ?? [])
            .find((cluster) => cluster.ClusterId === clusterId)
          if (found) return toCluster(found, region)
          nextToken = answer.NextToken
          if (!nextToken) return refuse({ code: 'cluster-not-found', cluster: clusterId, region })
        }
        throw new Error(`more than ${MOST_PAGES} pages of clusters in ${region}`)
      } catch (error) {
        return refuseAws(error, 'CloudHSM', region)
      }
    },
  }
}

function toCluster(answer: z.infer<typeof ClusterAnswer>, region: string): Cluster {
  const clusterId = parseClusterId(answer.ClusterId)
  if (!clusterId) throw new Error('CloudHSM answered a cluster id of unknown form')
  return {
    clusterId,
    region,
    state: answer.State,
    ...(answer.HsmType ? { hsmType: answer.HsmType } : {}),
    hsms: answer.Hsms.filter((hsm) => hsm.State !== 'DELETED').map(toHsm),
  }
}

function toHsm(hsm: z.infer<typeof HsmAnswer>): Hsm {
  return {
    hsmId: asHsmId(hsm.HsmId),
    state: hsm.State,
    ...(hsm.HsmType ? { hsmType: hsm.HsmType } : {}),
    ...(hsm.EniIp ? { eniIp: hsm.EniIp } : {}),
    ...(hsm.EniIpV6 ? { eniIpV6: hsm.EniIpV6 } : {}),
    ...(hsm.EniId ? { eniId: hsm.EniId } : {}),
    ...(hsm.AvailabilityZone ? { availabilityZone: hsm.AvailabilityZone } : {}),
    ...(hsm.SubnetId ? { subnetId: hsm.SubnetId } : {}),
  }
}
