import { describe, expect, it } from 'vitest'
import { awsClients } from '../../src/adapters/aws/clients.ts'
import { hsmDirectory } from '../../src/adapters/aws/hsm-directory.ts'
import { traceLineage } from '../../src/application/trace-lineage.ts'
import { sha256 } from '../../src/domain/digest.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { stillClock } from '../fixtures/examples.ts'
import { clusterId } from '../fixtures/whole-clusters.ts'
import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import { callsOf, type ScriptedAnswer, scripted, simulated } from './aws-place.ts'

const at = simulated()

const COPY = ['backup-2eucopy2222', 'eu-west-1'] as const
const ORIGINAL = ['backup-2usorig2222', 'us-east-1'] as const

function directory(endpoint = at().aws.url) {
  return hsmDirectory(awsClients({ endpoint }))
}
function backup([id, region]: readonly [string, string]) {
  return directory().backup(id, region)
}

describe('what AWS says of a backup', () => {
  it('a copy names its original, the Region and the cluster of that', async () => {
    await expect(backup(COPY)).resolves.toEqual({
      region: 'eu-west-1',
      clusterId: 'cluster-2abcdefghij',
      original: { backupId: 'backup-2usorig2222', region: 'us-east-1', clusterId: 'cluster-2abcdefghij' },
    })
    expect(at().violations()).toEqual([])
  })

  it('a plain one names its cluster', async () => {
    await expect(backup(ORIGINAL)).resolves.toEqual({ region: 'us-east-1', clusterId: 'cluster-2abcdefghij' })
  })

  it('is asked for in its own Region, by id', async () => {
    await backup(COPY)
    expect(callsOf(at(), 'DescribeBackups')).toMatchObject([
      { region: 'eu-west-1', input: { Filters: { backupIds: ['backup-2eucopy2222'] } } },
    ])
  })

  it.each([
    ['an id nobody has', ['backup-2nobody2222', 'eu-west-1']],
    ['a backup of another Region', ['backup-2eucopy2222', 'us-east-1']],
  ] as const)('%s is not known, and no refusal', async (_, asked) => {
    await expect(backup(asked)).resolves.toBeUndefined()
  })

  it('is a refusal where the bot’s role may not look', async () => {
    at().world.update((state) => {
      state.backupsDenied.push('eu-west-1')
    })
    await expect(backup(COPY)).resolves.toMatchObject({
      refused: { code: 'aws', problem: 'access-denied', service: 'CloudHSM', region: 'eu-west-1' },
    })
    await expect(backup(ORIGINAL)).resolves.toHaveProperty('clusterId')
  })

  const always = { operation: 'DescribeBackups', times: 99 }
  it.each<[string, AwsFaultRule, string]>([
    ['throttled for long', { ...always, errorType: 'ThrottlingException' }, 'throttled'],
    ['broken connections', { ...always, unreachable: true }, 'unreachable'],
    ['500 for long', { ...always, status: 500, errorType: 'CloudHsmInternalFailureException' }, 'failed'],
  ])('%s is its own refusal', async (_, fault, problem) => {
    at().aws.fault(fault)
    await expect(backup(COPY)).resolves.toMatchObject({ refused: { code: 'aws', problem } })
  })

  it('survives a little throttling', async () => {
    at().aws.fault({ operation: 'DescribeBackups', times: 2, errorType: 'ThrottlingException' })
    await expect(backup(COPY)).resolves.toHaveProperty('original')
  })
})

describe('answers the simulator is too well-behaved for', () => {
  const whole = { BackupId: COPY[0], ClusterId: 'cluster-2abcdefghij', BackupState: 'READY' }
  const json = (body: object): ScriptedAnswer => ({ body: JSON.stringify(body) })

  async function answered(answers: readonly ScriptedAnswer[]) {
    const endpoint = await scripted(answers)
    const found = await directory(endpoint.endpoint).backup(...COPY)
    await endpoint.close()
    return { found, asked: endpoint.asked() }
  }

  it('goes through empty pages, and stops where the backup is', async () => {
    const page = (NextToken: string) => json({ Backups: [], NextToken })
    const { found, asked } = await answered([page('a'), page('b'), json({ Backups: [whole], NextToken: 'c' })])
    expect(found).toEqual({ region: 'eu-west-1', clusterId: 'cluster-2abcdefghij' })
    expect(asked).toBe(3)
  })

  it('does not call a backup unknown when the pages never end', async () => {
    const { found, asked } = await answered([json({ Backups: [], NextToken: 'again' })])
    expect(found).toMatchObject({ refused: { code: 'aws', problem: 'failed' } })
    expect(asked).toBe(40)
  })

  it('takes no other backup for the one it asked for', async () => {
    const { found } = await answered([json({ Backups: [{ ...whole, BackupId: 'backup-other' }] })])
    expect(found).toBeUndefined()
  })

  it.each([
    ['names no cluster', { ClusterId: undefined }, { region: 'eu-west-1' }],
    [
      'is a copy whose cluster is not told',
      { SourceBackup: 'backup-o', SourceRegion: 'us-east-1' },
      {
        region: 'eu-west-1',
        clusterId: 'cluster-2abcdefghij',
        original: { backupId: 'backup-o', region: 'us-east-1' },
      },
    ],
    [
      'names an original without a Region: where that is cannot be told',
      { SourceBackup: 'backup-o' },
      { region: 'eu-west-1', clusterId: 'cluster-2abcdefghij' },
    ],
  ])('reads what it can of one that %s', async (_, changes, expected) => {
    const { found } = await answered([json({ Backups: [{ ...whole, ...changes }] })])
    expect(found).toEqual(expected)
  })

  it('is a refusal where the answer is no list of backups', async () => {
    const { found } = await answered([json({ Backups: [{ ClusterId: 'cluster-2abcdefghij' }] })])
    expect(isRefusal(found)).toBe(true)
  })
})

describe('what AWS says of a cluster tells where it comes from', () => {
  const describeEu = () => directory().describe(clusterId('cluster-7klmnopqrst'), 'eu-west-1')
  const describeUs = () => directory().describe(clusterId('cluster-2abcdefghij'), 'us-east-1')

  it('the backup it was made from, which an original has none of', async () => {
    await expect(describeEu()).resolves.toHaveProperty('sourceBackupId', 'backup-2eucopy2222')
    expect(await describeUs()).not.toHaveProperty('sourceBackupId')
  })

  it('a digest of its certificate: clones have the same, whatever white space is around it', async () => {
    at().world.update((state) => {
      const [first, second] = state.clusters
      if (first) first.certificate = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----'
      if (second) second.certificate = '\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n'
    })
    const digest = sha256('-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----')
    await expect(describeUs()).resolves.toHaveProperty('certificate', digest)
    await expect(describeEu()).resolves.toHaveProperty('certificate', digest)
  })

  it('no certificate where AWS shows none', async () => {
    at().world.update((state) => {
      for (const cluster of state.clusters) cluster.certificate = null
    })
    expect(await describeUs()).not.toHaveProperty('certificate')
  })

  it('and so the two clusters of this world are proven clones', async () => {
    const [source, destination] = await Promise.all([describeUs(), describeEu()])
    if (isRefusal(source) || isRefusal(destination)) throw new Error('the clusters were not described')
    const lineage = await traceLineage({ directory: directory(), clock: stillClock }, { source, destination })
    expect(lineage).toMatchObject({
      verdict: 'proven',
      common: { kind: 'cluster', id: 'cluster-2abcdefghij', region: 'us-east-1' },
      certificates: 'equal',
    })
  })
})
