import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { deriveSpec } from '../../../src/application/derive-spec.ts'
import { lookupPair } from '../../../src/application/lookup-hsms.ts'
import type { Bastions, Clock, CommandToSend } from '../../../src/application/ports.ts'
import type { AuditEntry, Store } from '../../../src/application/store.ts'
import type { Cluster } from '../../../src/domain/cluster.ts'
import { sha256 } from '../../../src/domain/digest.ts'
import { operationId } from '../../../src/domain/ids.ts'
import type { Lineage } from '../../../src/domain/lineage.ts'
import { isRefusal } from '../../../src/domain/refusal.ts'
import type { Bastion, Route } from '../../../src/domain/route.ts'
import { EVERYTHING } from '../../../src/domain/scope.ts'
import { allEngines } from '../../../src/engines/index.ts'
import { backupOf, directory, type Told } from '../../fixtures/directory.ts'
import { baseConfig, REQUEST_ID } from '../../fixtures/examples.ts'
import { cluster, clusterHsm, DESTINATION_ID, SOURCE_ID } from '../../fixtures/whole-clusters.ts'

const engines = allEngines()
const HSM1 = 'hsm1.medium'
const HSM2 = 'hsm2m.medium'

const source = (changes: Partial<Cluster> = {}) =>
  cluster(SOURCE_ID, { region: 'us-east-1', hsmType: HSM2, ...changes })
/** Made from a backup of the source, unless said otherwise. */
const destination = (changes: Partial<Cluster> = {}) =>
  cluster(DESTINATION_ID, {
    region: 'us-east-1',
    hsmType: HSM2,
    sourceBackupId: 'backup-a',
    hsms: [clusterHsm(8), clusterHsm(9)],
    ...changes,
  })
const BACKUPS = { 'backup-a@us-east-1': backupOf(SOURCE_ID, 'us-east-1') }

const bastion: Bastion = {
  name: 'us-bastion',
  instanceId: 'i-0123456789abcdef0',
  region: 'us-east-1',
  platform: 'linux',
  stateDir: '/var/lib/cloudhsm-sync',
  workDir: '/dev/shm',
  credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
  cmu: { binary: '/opt/cloudhsm/bin/cloudhsm_mgmt_util', config: '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg' },
  cli: {
    binary: '/opt/cloudhsm/bin/cloudhsm-cli',
    configure: '/opt/cloudhsm/bin/configure-cli',
    config: '/opt/cloudhsm/etc/cloudhsm-cli.cfg',
  },
  cryptoUsers: [],
}

const route = (changes: Partial<Route> = {}): Route => ({
  source: { alias: 'prod-us', clusterId: SOURCE_ID, region: 'us-east-1' },
  destination: { alias: 'prod-eu', clusterId: DESTINATION_ID, region: 'us-east-1' },
  bastion,
  channel: 'C0CHANNEL',
  engine: 'auto',
  approvers: { users: ['U0ALICE'], userGroups: [] },
  required: 1,
  expiresAfterMs: 3_600_000,
  reminders: [],
  ...changes,
})

interface World extends Told {
  readonly from?: Cluster
  readonly to?: Cluster
  /** What the bastion's script prints: result, detail, text. */
  readonly printed?: readonly [string, string, string?]
}

/** Time does not pass, and nothing is waited for. */
const clock: Clock = { now: () => 0, sleep: async () => undefined }
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

function place({ from = source(), to = destination(), printed, ...told }: World = {}) {
  const sent: CommandToSend[] = []
  const isCli = to.hsmType !== HSM1
  const [result, detail, text] =
    printed ?? (isCli ? ['done', 'cloudhsm-cli 5.17.1', '{"clusters":[]}'] : ['done', '', baseConfig()])
  const bastions: Bastions = {
    presence: async () => ({ ping: 'Online', platform: 'Linux' }),
    send: async (_, command) => {
      sent.push(command)
      return { kind: 'sent', commandId: 'command-1' }
    },
    look: async () => ({ kind: 'ended', status: 'Success', complaint: '', output: block(result, detail, text) }),
    find: async () => undefined,
    document: async () => undefined,
  }
  const asked = directory({ backups: BACKUPS, ...told, clusters: [from, to, ...(told.clusters ?? [])] })
  const landscape = {
    clusters: [route().source, route().destination],
    routes: [route()],
    workspaces: [],
    keepStepsMs: 1,
  }
  const recorded: AuditEntry[] = []
  const store = { audit: async (entry: AuditEntry) => void recorded.push(entry) } as unknown as Store
  const deps = { directory: asked, bastions, engines, clock, log, landscape, store }
  return { deps, asked, sent, recorded }
}

function block(result: string, detail: string, text?: string): string {
  const content = text === undefined ? '' : gzipSync(text).toString('base64')
  const whole = text === undefined ? [] : [`sha256=${sha256(content)}`, 'chunks=1', 'chunk=1', `content=${content}`]
  const lines = [
    'action=read-config',
    `operation=${operationId(REQUEST_ID, 0)}`,
    `result=${result}`,
    `detail=${detail}`,
    ...whole,
  ]
  return ['-----BEGIN HSM-SYNC-----', ...lines, '-----END HSM-SYNC-----'].join('\n')
}

const wanted = { mode: 'sync', scope: EVERYTHING } as const
const asking = { request: REQUEST_ID }

async function derived(world: World = {}, changes: Partial<Route> = {}) {
  return deriveSpec(place(world).deps, route(changes), wanted, asking)
}

describe('the tool is chosen, and everything of it is in what is approved', () => {
  it('CloudHSM CLI: whole clusters, its commands, its version, and that the HSM types chose it', async () => {
    const answer = await derived()
    if (isRefusal(answer)) throw new Error('it was refused')
    expect(answer.spec).toMatchObject({
      version: 3,
      programDigest: engines['cloudhsm-cli'].programDigest,
      engine: 'cloudhsm-cli',
      engineBy: 'hsm-types',
      toolVersion: '5.17.1',
      reach: 'cluster',
      source: { hsms: [{ ip: '10.0.1.7' }, { ip: '10.0.2.7' }], hsmType: HSM2 },
      destination: { hsms: [{ ip: '10.0.8.7' }, { ip: '10.0.9.7' }] },
      commands: [
        expect.stringContaining(`add-cluster --cluster-id ${SOURCE_ID}`),
        expect.stringContaining(`add-cluster --cluster-id ${DESTINATION_ID}`),
      ],
      scriptDigest: engines['cloudhsm-cli'].scriptDigest({}),
    })
    expect(answer.lineage.verdict).toBe('proven')
  })

  it('CMU where every HSM of both is hsm1.medium', async () => {
    const answer = await derived({ from: source({ hsmType: HSM1 }), to: destination({ hsmType: HSM1 }) })
    expect(answer).toMatchObject({ spec: { engine: 'cmu', engineBy: 'hsm-types', reach: 'hsm' } })
  })

  it('gives the look on the bastion more time than its programs may take', async () => {
    const { deps, sent } = place()
    await deriveSpec(deps, route(), wanted, asking)
    expect(sent.map(({ executionSeconds }) => executionSeconds)).toEqual([240])
  })
})

describe('a request is refused', () => {
  const THIRD = cluster('cluster-4thirdthird', { region: 'us-east-1' })
  it.each<[string, World, Partial<Route>, string]>([
    ['while the source changes its type', { from: source({ state: 'MODIFY_IN_PROGRESS' }) }, {}, 'cluster-migrating'],
    [
      'while the destination is rolled back',
      { to: destination({ state: 'ROLLBACK_IN_PROGRESS' }) },
      {},
      'cluster-migrating',
    ],
    [
      'where a cluster has HSMs of two types',
      { to: destination({ hsms: [clusterHsm(8, { hsmType: HSM1 }), clusterHsm(9)] }) },
      {},
      'mixed-hsm-types',
    ],
    ['from hsm2m to hsm1', { to: destination({ hsmType: HSM1 }) }, {}, 'type-direction'],
    ['where the route wants CMU and the clusters cannot', {}, { engine: 'cmu' }, 'wrong-hsm-type'],
    [
      'where CloudHSM CLI would reach some HSMs only',
      { to: destination({ hsms: [clusterHsm(8), clusterHsm(9, { state: 'DEGRADED' })] }) },
      {},
      'hsm-not-active',
    ],
    [
      'where the clusters are no clones',
      { clusters: [THIRD], backups: { 'backup-a@us-east-1': backupOf('cluster-4thirdthird', 'us-east-1') } },
      {},
      'not-clones',
    ],
    [
      'where Client SDK 5 is too old',
      { printed: ['done', 'cloudhsm-cli 5.14.2', '{"clusters":[]}'] },
      {},
      'tool-version',
    ],
    ['where configure-cli fails', { printed: ['refused-configure', 'cluster-x: dispatch failure'] }, {}, 'tool-config'],
  ])('%s', async (_, world, changes, code) => {
    expect(await derived(world, changes)).toMatchObject({ refused: { code } })
  })

  it('and nothing is asked of the bastion before the clusters can take each other’s keys', async () => {
    const { deps, sent } = place({ from: source(), to: destination({ state: 'MODIFY_IN_PROGRESS' }) })
    await deriveSpec(deps, route(), wanted, asking)
    expect(sent).toEqual([])
  })
})

describe('what cannot be proved is not refused', () => {
  it('the backup is gone: unproven, for the approvers to judge', async () => {
    const answer = await derived({ backups: {} })
    expect(answer).toMatchObject({ lineage: { verdict: 'unproven', destination: { end: { kind: 'gone' } } } })
  })
})

describe('right before the run', () => {
  const proven = async (): Promise<Lineage> => {
    const answer = await derived()
    if (isRefusal(answer)) throw new Error('it was refused')
    return answer.lineage
  }

  it('what was proven is not looked up again: how a cluster was born does not change', async () => {
    const { deps, asked } = place()
    await deriveSpec(deps, route(), wanted, { ...asking, lineage: await proven() })
    expect(asked.asked.filter((id) => id.startsWith('backup-'))).toEqual([])
  })

  it('what was not proven is: it may be disproven by now', async () => {
    const { deps, asked } = place()
    await deriveSpec(deps, route(), wanted, { ...asking, lineage: { ...(await proven()), verdict: 'unproven' } })
    expect(asked.asked).toContain('backup-a@us-east-1')
  })
})

describe('two clusters side by side', () => {
  const pair = (world: World, names = { source: 'prod-us', destination: 'prod-eu' }) =>
    lookupPair(place(world).deps, names)

  it('come with the verdict', async () => {
    expect(await pair({})).toMatchObject({
      source: { name: 'prod-us', cluster: { clusterId: SOURCE_ID } },
      destination: { name: 'prod-eu', cluster: { clusterId: DESTINATION_ID } },
      lineage: { verdict: 'proven' },
    })
  })

  it('also where they could never be synced: no clones, or changing their type', async () => {
    const { sourceBackupId: _, ...own } = destination({ state: 'MODIFY_IN_PROGRESS' })
    expect(await pair({ to: own })).toMatchObject({ lineage: { verdict: 'disproven' } })
  })

  it.each([
    [{ source: 'prod-us', destination: 'prod-us' }, 'same-cluster'],
    [{ source: 'prod-us', destination: SOURCE_ID }, 'same-cluster'],
    [{ source: 'nobody', destination: 'prod-eu' }, 'unknown-cluster'],
    [{ source: 'prod-us', destination: 'cluster-4thirdthird@us-east-1' }, 'cluster-not-found'],
  ])('%j: %s', async (names, code) => {
    expect(await pair({}, names)).toMatchObject({ refused: { code } })
  })
})
