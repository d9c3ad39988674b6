import { DescribeBackupsCommand, DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2'
import { z } from 'zod'
import type { Backup, HsmDirectory } from '../../application/ports.ts'
import type { Cluster, Hsm } from '../../domain/cluster.ts'
import { sha256 } from '../../domain/digest.ts'
import { asHsmId, parseClusterId } from '../../domain/ids.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import type { Access, Landscape } from '../../domain/route.ts'
import { refuseAws } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'
import { MOST_PAGES, type PageToken, within } from './pages.ts'

const text = z.string().min(1).optional().catch(undefined)

// Only what is named here is read: the answer can carry PreCoPassword, which must not get any further.
// The SDK types of 3.332 lack EniIpV6 and the HsmType of an HSM, but pass them through.
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

export const ClusterAnswer = z.object({
  ClusterId: z.string(),
  State: z.string().catch('UNKNOWN'),
  HsmType: text,
  // Without it a cluster counts as made from no backup, which can disprove: what cannot be read must not look like
  // that.
  SourceBackupId: z.string().min(1).nullish(),
  Certificates: z.object({ ClusterCertificate: text }).optional().catch(undefined),
  Hsms: z.array(HsmAnswer).default([]),
})

const BackupAnswer = z.object({
  BackupId: z.string(),
  ClusterId: text,
  SourceBackup: text,
  SourceCluster: text,
  SourceRegion: text,
})

/** Roles that are tried for what the settings do not name: each costs a call. */
const MOST_WAYS = 10

/**
 * CloudHSM V2 DescribeClusters and DescribeBackups. A cluster of the settings is looked for by its own role; anything
 * else (an ancestor, a backup) may lie in any account that they reach.
 */
export function hsmDirectory(
  clients: AwsClients,
  { clusters, access = {} }: Partial<Pick<Landscape, 'clusters' | 'access'>> = {},
): HsmDirectory {
  const everyWay = distinct([undefined, ...(clusters ?? []).map(({ clusterId }) => access[clusterId])])
  const ways = (id: string) => ((clusters ?? []).some(({ clusterId }) => clusterId === id) ? [access[id]] : everyWay)
  return {
    describe: async (clusterId, region, signal) => {
      const found = await byAny(ways(clusterId), region, (way) =>
        inPages(async (NextToken) => {
          const query = new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] }, ...NextToken })
          const answer = await clients.hsm(region, way).send(query, { abortSignal: within(signal) })
          const cluster = z
            .array(ClusterAnswer)
            .parse(answer.Clusters ?? [])
            .find((candidate) => candidate.ClusterId === clusterId)
          return { found: cluster && toCluster(cluster, region), next: answer.NextToken }
        }),
      )
      if (found !== undefined) return found
      const [way] = ways(clusterId)
      const by = way ? { roleArn: way.roleArn } : {}
      return refuse({ code: 'cluster-not-found', cluster: clusterId, region, ...by })
    },

    backup: (backupId, region, signal) =>
      byAny(everyWay, region, (way) =>
        inPages(async (NextToken) => {
          const query = new DescribeBackupsCommand({ Filters: { backupIds: [backupId] }, ...NextToken })
          const answer = await clients.hsm(region, way).send(query, { abortSignal: within(signal) })
          const backup = z
            .array(BackupAnswer)
            .parse(answer.Backups ?? [])
            .find((candidate) => candidate.BackupId === backupId)
          return { found: backup && toBackup(backup, region), next: answer.NextToken }
        }),
      ),
  }
}

/** What the first role finds. Nothing only where every one of them was answered that there is nothing. */
async function byAny<Found>(
  ways: readonly (Access | undefined)[],
  region: string,
  look: (way: Access | undefined) => Promise<Found | undefined>,
): Promise<Found | Refusal | undefined> {
  let refusal: Refusal | undefined
  for (const way of ways.slice(0, MOST_WAYS)) {
    try {
      const found = await look(way)
      if (found !== undefined) return found
    } catch (error) {
      refusal ??= refuseAws(error, 'CloudHSM', region)
    }
  }
  if (refusal || ways.length <= MOST_WAYS) return refusal
  const detail = `not looked for by every role: the settings name more than ${MOST_WAYS}`
  return refuse({ code: 'aws', problem: 'failed', service: 'CloudHSM', region, detail })
}

function distinct(ways: readonly (Access | undefined)[]): readonly (Access | undefined)[] {
  const byRole = new Map(ways.map((way) => [way && `${way.roleArn} ${way.externalId ?? ''}`, way]))
  return [...byRole.values()]
}

interface ResultPage<Found> {
  readonly found: Found | undefined
  readonly next: string | undefined
}

/**
 * Asks page after page until the one that is looked for is there: the filter names one, and AWS may still give empty
 * pages before it.
 */
async function inPages<Found>(ask: (token: PageToken) => Promise<ResultPage<Found>>): Promise<Found | undefined> {
  let token: PageToken = {}
  for (let page = 0; page < MOST_PAGES; page++) {
    const { found, next } = await ask(token)
    if (found !== undefined || !next) return found
    token = { NextToken: next }
  }
  throw new Error(`more than ${MOST_PAGES} pages`)
}

function toBackup(answer: z.infer<typeof BackupAnswer>, region: string): Backup {
  const {
    ClusterId: clusterId,
    SourceBackup: backupId,
    SourceCluster: sourceCluster,
    SourceRegion: sourceRegion,
  } = answer
  return {
    region,
    ...(clusterId ? { clusterId } : {}),
    ...(backupId && sourceRegion
      ? { original: { backupId, region: sourceRegion, ...(sourceCluster ? { clusterId: sourceCluster } : {}) } }
      : {}),
  }
}

export function toCluster(answer: z.infer<typeof ClusterAnswer>, region: string): Cluster {
  const clusterId = parseClusterId(answer.ClusterId)
  if (!clusterId) throw new Error('CloudHSM answered a cluster id of unknown form')
  return {
    clusterId,
    region,
    state: answer.State,
    ...(answer.HsmType ? { hsmType: answer.HsmType } : {}),
    ...(answer.SourceBackupId ? { sourceBackupId: answer.SourceBackupId } : {}),
    ...(answer.Certificates?.ClusterCertificate
      ? { certificate: sha256(answer.Certificates.ClusterCertificate.trim()) }
      : {}),
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
