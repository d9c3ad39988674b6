import { isJson, type Json } from '../json.ts'
import type { World } from '../world/world.ts'
import type { Cluster, Hsm } from '../world/world-state.ts'
import { AwsError } from './aws-error.ts'
import { page } from './page.ts'

type Operation = (input: Json, region: string) => Json

/** CloudHSM V2, as far as it is needed: both read operations. */
export function cloudHsmOperations(world: World): Record<string, Operation> {
  return {
    DescribeClusters(input, region) {
      only(input, ['Filters', 'NextToken', 'MaxResults'])
      const filters = filtersOf(input, ['clusterIds', 'vpcIds', 'states'])
      const state = world.peek()
      const found = state.clusters.filter(
        (cluster) =>
          cluster.region === region &&
          matches(filters.clusterIds, cluster.clusterId) &&
          matches(filters.states, cluster.state) &&
          matches(filters.vpcIds, vpcOf(cluster)),
      )
      const { items, nextToken } = page(found.map(describeCluster), input, { largest: 25, forced: state.pageSize })
      return { Clusters: items, ...nextToken }
    },
    DescribeBackups(input, region) {
      only(input, ['Filters', 'NextToken', 'MaxResults', 'SortAscending', 'Shared'])
      const filters = filtersOf(input, ['backupIds', 'sourceBackupIds', 'clusterIds', 'states', 'neverExpires'])
      const state = world.peek()
      if (state.backupsDenied.includes(region)) {
        throw new AwsError(
          'CloudHsmAccessDeniedException',
          'User is not authorized to perform: cloudhsm:DescribeBackups because no identity-based policy allows it',
        )
      }
      const found = state.backups.filter(
        (backup) =>
          backup.region === region &&
          matches(filters.backupIds, backup.backupId) &&
          matches(filters.clusterIds, backup.clusterId) &&
          matches(filters.sourceBackupIds, backup.sourceBackup ?? '') &&
          matches(filters.states, backup.backupState ?? 'READY'),
      )
      const described = found.map((backup) => ({
        BackupId: backup.backupId,
        BackupState: backup.backupState ?? 'READY',
        ClusterId: backup.clusterId,
        CreateTimestamp: 1_709_251_200,
        ...(backup.sourceRegion === undefined ? {} : { SourceRegion: backup.sourceRegion }),
        ...(backup.sourceBackup === undefined ? {} : { SourceBackup: backup.sourceBackup }),
        ...(backup.sourceCluster === undefined ? {} : { SourceCluster: backup.sourceCluster }),
        ...(backup.hsmType === undefined ? {} : { HsmType: backup.hsmType }),
        ...(backup.mode === undefined ? {} : { Mode: backup.mode }),
        TagList: [],
      }))
      const { items, nextToken } = page(described, input, { largest: 50, forced: state.pageSize })
      return { Backups: items, ...nextToken }
    },
  }
}

function describeCluster(cluster: Cluster): Json {
  return {
    BackupPolicy: 'DEFAULT',
    BackupRetentionPolicy: { Type: 'DAYS', Value: '90' },
    ClusterId: cluster.clusterId,
    CreateTimestamp: cluster.createdAt / 1000,
    Hsms: cluster.hsms.map((hsm) => describeHsm(cluster, hsm)),
    HsmType: cluster.hsmType,
    ...(cluster.preCoPassword === undefined ? {} : { PreCoPassword: cluster.preCoPassword }),
    SecurityGroup: 'sg-0123456789abcdef0',
    ...(cluster.sourceBackupId === undefined ? {} : { SourceBackupId: cluster.sourceBackupId }),
    State: cluster.state,
    SubnetMapping: Object.fromEntries(cluster.hsms.map((hsm) => [hsm.az, hsm.subnet])),
    VpcId: vpcOf(cluster),
    NetworkType: cluster.hsms.some((hsm) => hsm.ipV6 !== undefined) ? 'DUALSTACK' : 'IPV4',
    Certificates: certificatesOf(cluster),
    TagList: Object.entries(cluster.tags).map(([Key, Value]) => ({ Key, Value })),
    Mode: 'FIPS',
  }
}

// Clones are made with their original's certificates.
function certificatesOf({ certificate, lineage }: Cluster): Json {
  if (certificate === null) return {}
  const text = certificate ?? `-----BEGIN CERTIFICATE-----\n${lineage}\n-----END CERTIFICATE-----\n`
  return { ClusterCertificate: text }
}

function describeHsm(cluster: Cluster, hsm: Hsm): Json {
  return {
    AvailabilityZone: hsm.az,
    ClusterId: cluster.clusterId,
    SubnetId: hsm.subnet,
    ...(hsm.ip === undefined ? {} : { EniIp: hsm.ip, EniId: `eni-${hsm.ip.replaceAll('.', '0')}` }),
    ...(hsm.ipV6 === undefined ? {} : { EniIpV6: hsm.ipV6 }),
    HsmId: hsm.hsmId,
    HsmType: hsm.hsmType,
    State: hsm.state,
  }
}

function vpcOf(cluster: Cluster): string {
  return `vpc-${cluster.region.replaceAll('-', '')}`
}

function only(input: Json, names: readonly string[]): void {
  const unknown = Object.keys(input).filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new AwsError('CloudHsmInvalidRequestException', `unknown input: ${unknown.join(', ')}`)
}

function filtersOf(input: Json, names: readonly string[]): Record<string, readonly string[]> {
  const filters = input.Filters ?? {}
  if (!isJson(filters)) throw new AwsError('CloudHsmInvalidRequestException', 'Filters must be a map')
  const parsed: Record<string, readonly string[]> = {}
  for (const [name, values] of Object.entries(filters)) {
    if (!names.includes(name)) throw new AwsError('CloudHsmInvalidRequestException', `unknown filter: ${name}`)
    if (!Array.isArray(values)) throw new AwsError('CloudHsmInvalidRequestException', `${name} must be a list`)
    parsed[name] = values.map(String)
    if (name === 'clusterIds' && !parsed[name].every((id) => /^cluster-[2-7a-zA-Z]{11,16}$/.test(id))) {
      throw new AwsError('CloudHsmInvalidRequestException', 'clusterIds does not match cluster-[2-7a-zA-Z]{11,16}')
    }
  }
  return parsed
}

function matches(wanted: readonly string[] | undefined, value: string): boolean {
  return wanted === undefined || wanted.includes(value)
}
