import type { Simulator } from '../simulator/index.ts'
import type { BackupSpec, ClusterSpec, HsmUserSpec, KeySpec, WorldSpec } from '../simulator/world/world-spec.ts'
import { channels, people, plantedPassword, twoClusters } from '../simulator/worlds.ts'

const USERS = 8
const PRESENT = 2
const KEYS_EACH = 2

/** A source, its clone and the route between them. */
export interface Pair {
  /** Two letters that stand in every name of the pair. */
  readonly name: string
  readonly source: string
  readonly destination: string
  readonly sourceId: string
  readonly destinationId: string
  readonly bastion: string
  readonly required: number
  readonly expiresAfter: string
}

/** What a pair's source holds: names of users with the handles of their keys. */
export const holdings: readonly { readonly user: string; readonly keys: readonly number[] }[] = Array.from(
  { length: USERS },
  (_, at) => ({
    user: `crypto_user${at + 1}`,
    keys: Array.from({ length: KEYS_EACH }, (_, key) => 300_000 + at * 10 + key),
  }),
)

/**
 * Some routes need two approvals, some expire after a minute, every third one needs CloudHSM CLI, and two bastions
 * share the work.
 */
export function pairsOf(count: number): readonly Pair[] {
  return Array.from({ length: count }, (_, at) => {
    const name = `${letter(Math.floor(at / 26))}${letter(at % 26)}`
    return {
      name,
      source: `src-${name}`,
      destination: `dst-${name}`,
      sourceId: `cluster-sourceofp${name}`,
      destinationId: `cluster-clonedofp${name}`,
      bastion: at % 2 === 0 ? 'us-bastion' : 'eu-bastion',
      required: at % 3 === 2 ? 2 : 1,
      expiresAfter: at % 8 === 7 ? '1m' : '8h',
    }
  })
}

export function soakWorld(pairs: readonly Pair[]): WorldSpec {
  return twoClusters({
    clusters: pairs.flatMap(clustersOf),
    backups: pairs.map(backupOf),
    dialect: { cliInteractive: 'prompts' },
    bastions: [
      { name: 'us-bastion', instanceId: 'i-0123456789abcdef0', region: 'us-east-1' },
      { name: 'eu-bastion', instanceId: 'i-0fedcba9876543210', region: 'eu-west-1' },
    ],
  })
}

/** The copy that the clone was made from. */
function backupOf(pair: Pair): BackupSpec {
  return {
    backupId: `backup-copyofp${pair.name}`,
    region: 'eu-west-1',
    clusterId: pair.sourceId,
    sourceRegion: 'us-east-1',
    sourceBackup: `backup-origofp${pair.name}`,
    sourceCluster: pair.sourceId,
  }
}

function clustersOf(pair: Pair, at: number): ClusterSpec[] {
  const lineage = `pair-${pair.name}`
  const clones = Array.from({ length: 1 + (at % 2) }, (_, hsm) => ({
    hsmId: `hsm-7clone${pair.name}${letter(hsm)}22`,
    ip: `10.${at}.${8 + hsm}.4`,
    az: `eu-west-1${letter(hsm)}`,
    subnet: `subnet-0bbb${hsm}`,
    userIdOffset: hsm * 3,
  }))
  const source = { hsmId: `hsm-2source${pair.name}22`, ip: `10.${at}.1.7`, az: 'us-east-1a', subnet: 'subnet-0aaa1' }
  const hsmType = at % 3 === 1 ? 'hsm2m.medium' : 'hsm1.medium'
  const { backupId } = backupOf(pair)
  return [
    { clusterId: pair.sourceId, region: 'us-east-1', hsmType, lineage, hsms: [source], ...contents(USERS) },
    {
      clusterId: pair.destinationId,
      region: 'eu-west-1',
      hsmType,
      sourceBackupId: backupId,
      lineage,
      hsms: clones,
      ...contents(PRESENT),
    },
  ]
}

function contents(users: number): { users: HsmUserSpec[]; keys: KeySpec[] } {
  const held = holdings.slice(0, users)
  return {
    users: [
      { name: 'admin', type: 'PCO', password: plantedPassword },
      ...held.map(({ user }): HsmUserSpec => ({ name: user, type: 'CU', password: `pass-of-${user}` })),
    ],
    keys: held.flatMap(({ user, keys }) => keys.map((handle) => ({ handle, owner: user }))),
  }
}

export function soakConfig(simulator: Simulator, pairs: readonly Pair[]): string {
  const bastions = [
    { name: 'us-bastion', instanceId: 'i-0123456789abcdef0', region: 'us-east-1' },
    { name: 'eu-bastion', instanceId: 'i-0fedcba9876543210', region: 'eu-west-1' },
  ].map((bastion) => {
    const { binary, config, cli, configure, cliConfig, stateDir, workDir } = simulator.bastionPaths(bastion.name)
    const credentials = { source: 'secretsmanager', id: 'hsm/crypto-officer' }
    return {
      ...bastion,
      platform: 'linux',
      credentials,
      cmu: { binary, config },
      cli: { binary: cli, configure, config: cliConfig },
      stateDir,
      workDir,
    }
  })
  const clusters = pairs.flatMap(({ source, sourceId, destination, destinationId }) => [
    { alias: source, clusterId: sourceId, region: 'us-east-1' },
    { alias: destination, clusterId: destinationId, region: 'eu-west-1' },
  ])
  const routes = pairs.map(({ source, destination, bastion, required, expiresAfter }) => {
    const approvers = { users: [people.approver, people.secondApprover], userGroups: ['S0BBBBBBB'] }
    return { source, destination, bastion, channel: channels.route, approval: { approvers, required, expiresAfter } }
  })
  // JSON is YAML.
  return JSON.stringify({ clusters, bastions, routes }, null, 1)
}

function letter(number: number): string {
  return String.fromCharCode(97 + number)
}
