import { describe, expect, it } from 'vitest'
import type { Clock, HsmDirectory } from '../../../src/application/ports.ts'
import { traceLineage } from '../../../src/application/trace-lineage.ts'
import type { Cluster } from '../../../src/domain/cluster.ts'
import { chainOf, type Lineage } from '../../../src/domain/lineage.ts'
import { type Refusal, refuse } from '../../../src/domain/refusal.ts'
import { backupOf, copyOf, directory, type Told } from '../../fixtures/directory.ts'
import { stillClock } from '../../fixtures/examples.ts'
import { cluster, DESTINATION_ID, SOURCE_ID } from '../../fixtures/whole-clusters.ts'

const US = 'us-east-1'
const EU = 'eu-west-1'
const AP = 'ap-south-1'
const THIRD_ID = 'cluster-4thirdthird'

const SOURCE = cluster(SOURCE_ID, { region: US })
const madeFrom = (backup: string, region = EU): Cluster => cluster(DESTINATION_ID, { region, sourceBackupId: backup })

function trace(source: Cluster, destination: Cluster, told: Told = {}): Promise<Lineage> {
  const clusters = [source, destination, ...(told.clusters ?? [])]
  return traceLineage({ directory: directory({ ...told, clusters }), clock: stillClock }, { source, destination })
}

/** From the destination over what both come from to the source: `<` made from or copied from, `>` the other way. */
function chain(lineage: Lineage): string {
  const { down, up } = chainOf(lineage)
  const ids = (some: typeof down) => some.map(({ id, region }) => `${id}@${region}`)
  return [ids(down).join(' < '), ...ids(up)].join(' > ')
}

const [src, dst, third] = [`${SOURCE_ID}@${US}`, `${DESTINATION_ID}@${EU}`, `${THIRD_ID}@${AP}`]

describe('clones are proven, and the chain says how', () => {
  const CASES: readonly [string, Cluster, Cluster, Told, string][] = [
    [
      'made from a copy of the source’s backup, in another Region',
      SOURCE,
      madeFrom('backup-copy'),
      {
        backups: {
          [`backup-copy@${EU}`]: copyOf('backup-orig', US, { region: EU, cluster: SOURCE_ID }),
          [`backup-orig@${US}`]: backupOf(SOURCE_ID, US),
        },
      },
      `${dst} < backup-copy@${EU} < backup-orig@${US} < ${src}`,
    ],
    [
      'made from the source’s backup, in the same Region',
      SOURCE,
      madeFrom('backup-a', US),
      { backups: { [`backup-a@${US}`]: backupOf(SOURCE_ID, US) } },
      `${DESTINATION_ID}@${US} < backup-a@${US} < ${src}`,
    ],
    [
      'the other way round: the source was made from the destination’s backup',
      cluster(SOURCE_ID, { region: US, sourceBackupId: 'backup-b' }),
      cluster(DESTINATION_ID, { region: EU }),
      {
        backups: {
          [`backup-b@${US}`]: copyOf('backup-borig', EU, { region: US, cluster: DESTINATION_ID }),
          [`backup-borig@${EU}`]: backupOf(DESTINATION_ID, EU),
        },
      },
      `${dst} > backup-borig@${EU} > backup-b@${US} > ${src}`,
    ],
    [
      'both made from one backup, one of them from a copy of it',
      cluster(SOURCE_ID, { region: US, sourceBackupId: 'backup-one' }),
      madeFrom('backup-onecopy'),
      {
        backups: {
          [`backup-onecopy@${EU}`]: copyOf('backup-one', US, { region: EU, cluster: THIRD_ID }),
          [`backup-one@${US}`]: backupOf(THIRD_ID, US),
        },
      },
      `${dst} < backup-onecopy@${EU} < backup-one@${US} > ${src}`,
    ],
    [
      'both made from different backups of one cluster',
      cluster(SOURCE_ID, { region: US, sourceBackupId: 'backup-old' }),
      madeFrom('backup-young'),
      {
        clusters: [cluster(THIRD_ID, { region: AP })],
        backups: {
          [`backup-old@${US}`]: copyOf('backup-old0', AP, { region: US, cluster: THIRD_ID }),
          [`backup-old0@${AP}`]: backupOf(THIRD_ID, AP),
          [`backup-young@${EU}`]: copyOf('backup-young0', AP, { region: EU, cluster: THIRD_ID }),
          [`backup-young0@${AP}`]: backupOf(THIRD_ID, AP),
        },
      },
      `${dst} < backup-young@${EU} < backup-young0@${AP} < ${third} > backup-old0@${AP} > backup-old@${US} > ${src}`,
    ],
    [
      'both made from different backups of one cluster that is deleted by now',
      cluster(SOURCE_ID, { region: US, sourceBackupId: 'backup-old' }),
      madeFrom('backup-young', US),
      {
        backups: {
          [`backup-old@${US}`]: backupOf(THIRD_ID, US),
          [`backup-young@${US}`]: backupOf(THIRD_ID, US),
        },
      },
      `${DESTINATION_ID}@${US} < backup-young@${US} < ${THIRD_ID}@${US} > backup-old@${US} > ${src}`,
    ],
    [
      'a copy of a copy, over three Regions',
      SOURCE,
      madeFrom('backup-c'),
      {
        backups: {
          [`backup-c@${EU}`]: copyOf('backup-b', AP, { region: EU, cluster: SOURCE_ID }),
          [`backup-b@${AP}`]: copyOf('backup-a', US, { region: AP, cluster: SOURCE_ID }),
          [`backup-a@${US}`]: backupOf(SOURCE_ID, US),
        },
      },
      `${dst} < backup-c@${EU} < backup-b@${AP} < backup-a@${US} < ${src}`,
    ],
    [
      'over a cluster in between',
      SOURCE,
      madeFrom('backup-c'),
      {
        clusters: [cluster(THIRD_ID, { region: AP, sourceBackupId: 'backup-t' })],
        backups: {
          [`backup-c@${EU}`]: copyOf('backup-c0', AP, { region: EU, cluster: THIRD_ID }),
          [`backup-c0@${AP}`]: backupOf(THIRD_ID, AP),
          [`backup-t@${AP}`]: copyOf('backup-t0', US, { region: AP, cluster: SOURCE_ID }),
          [`backup-t0@${US}`]: backupOf(SOURCE_ID, US),
        },
      },
      `${dst} < backup-c@${EU} < backup-c0@${AP} < ${third} < backup-t@${AP} < backup-t0@${US} < ${src}`,
    ],
    [
      'the original backup is gone, but its copy names it and its cluster',
      SOURCE,
      madeFrom('backup-copy'),
      { backups: { [`backup-copy@${EU}`]: copyOf('backup-orig', US, { region: EU, cluster: SOURCE_ID }) } },
      `${dst} < backup-copy@${EU} < backup-orig@${US} < ${src}`,
    ],
    [
      'the original’s Region may not be looked at, but the copy names it and its cluster',
      SOURCE,
      madeFrom('backup-copy'),
      {
        backups: {
          [`backup-copy@${EU}`]: copyOf('backup-orig', US, { region: EU, cluster: SOURCE_ID }),
          [`backup-orig@${US}`]: 'access-denied',
        },
      },
      `${dst} < backup-copy@${EU} < backup-orig@${US} < ${src}`,
    ],
    [
      'the original answers without its cluster, but the copy names it',
      SOURCE,
      madeFrom('backup-copy'),
      {
        backups: {
          [`backup-copy@${EU}`]: copyOf('backup-orig', US, { region: EU, cluster: SOURCE_ID }),
          [`backup-orig@${US}`]: { region: US },
        },
      },
      `${dst} < backup-copy@${EU} < backup-orig@${US} < ${src}`,
    ],
    [
      'the copy names no cluster, its original does',
      SOURCE,
      madeFrom('backup-copy'),
      {
        backups: {
          [`backup-copy@${EU}`]: { ...copyOf('backup-orig', US, { region: EU }), clusterId: SOURCE_ID },
          [`backup-orig@${US}`]: backupOf(SOURCE_ID, US),
        },
      },
      `${dst} < backup-copy@${EU} < backup-orig@${US} < ${src}`,
    ],
    [
      'a copy of a copy whose middle is gone: the cluster is in the Region of the source, not of the middle',
      SOURCE,
      madeFrom('backup-c'),
      { backups: { [`backup-c@${EU}`]: copyOf('backup-b', AP, { region: EU, cluster: SOURCE_ID }) } },
      `${dst} < backup-c@${EU} < backup-b@${AP} < ${src}`,
    ],
    [
      'over a cluster that is in another Region than the lost middle of a copy of a copy',
      SOURCE,
      madeFrom('backup-c'),
      {
        clusters: [cluster(THIRD_ID, { region: EU, sourceBackupId: 'backup-t' })],
        backups: {
          [`backup-c@${EU}`]: copyOf('backup-b', AP, { region: EU, cluster: THIRD_ID }),
          [`backup-t@${EU}`]: copyOf('backup-t0', US, { region: EU, cluster: SOURCE_ID }),
        },
      },
      `${dst} < backup-c@${EU} < backup-b@${AP} < ${THIRD_ID}@${EU} < backup-t@${EU} < backup-t0@${US} < ${src}`,
    ],
    [
      'two copies of one backup that is gone, and neither names its cluster',
      cluster(SOURCE_ID, { region: US, sourceBackupId: 'backup-one' }),
      madeFrom('backup-two'),
      {
        backups: {
          [`backup-one@${US}`]: copyOf('backup-old', AP, { region: US }),
          [`backup-two@${EU}`]: copyOf('backup-old', AP, { region: EU }),
        },
      },
      `${dst} < backup-two@${EU} < backup-old@${AP} > backup-one@${US} > ${src}`,
    ],
    [
      'the source itself can no longer be traced further back than where they meet',
      cluster(SOURCE_ID, { region: US, sourceBackupId: 'backup-lost' }),
      madeFrom('backup-a', US),
      { backups: { [`backup-a@${US}`]: backupOf(SOURCE_ID, US) } },
      `${DESTINATION_ID}@${US} < backup-a@${US} < ${src}`,
    ],
  ]
  it.each(CASES)('%s', async (_, source, destination, told, expected) => {
    const lineage = await trace(source, destination, told)
    expect(lineage).toMatchObject({ verdict: 'proven' })
    expect(chain(lineage)).toBe(expected)
  })
})

describe('not proven, and what keeps it from being proved', () => {
  const copied = { [`backup-c@${EU}`]: copyOf('backup-c0', AP, { region: EU, cluster: THIRD_ID }) }
  const CASES: readonly [string, Cluster, Cluster, Told, 'source' | 'destination', object][] = [
    [
      'the backup is gone',
      SOURCE,
      madeFrom('backup-gone'),
      {},
      'destination',
      { kind: 'gone', what: { kind: 'backup', id: 'backup-gone', region: EU } },
    ],
    [
      'the backup of the source is gone, where the destination is no clone of it',
      cluster(SOURCE_ID, { region: US, sourceBackupId: 'backup-gone' }),
      cluster(DESTINATION_ID, { region: EU }),
      {},
      'source',
      { kind: 'gone', what: { kind: 'backup', id: 'backup-gone', region: US } },
    ],
    [
      'a cluster in between is deleted',
      SOURCE,
      madeFrom('backup-c'),
      { backups: copied },
      'destination',
      { kind: 'gone', what: { kind: 'cluster', id: THIRD_ID, region: AP } },
    ],
    [
      'a cluster in between may not be looked at',
      SOURCE,
      madeFrom('backup-c'),
      { backups: copied, hidden: { [third]: 'access-denied' } },
      'destination',
      { kind: 'unreadable', what: { kind: 'cluster', id: THIRD_ID, region: AP }, problem: 'access-denied' },
    ],
    ...(['access-denied', 'throttled', 'unreachable', 'failed'] as const).map(
      (problem): [string, Cluster, Cluster, Told, 'destination', object] => [
        `DescribeBackups: ${problem}`,
        SOURCE,
        madeFrom('backup-c'),
        { backups: { [`backup-c@${EU}`]: problem } },
        'destination',
        { kind: 'unreadable', what: { kind: 'backup', id: 'backup-c', region: EU }, problem },
      ],
    ),
    [
      'the backup names no cluster at all',
      SOURCE,
      madeFrom('backup-c'),
      { backups: { [`backup-c@${EU}`]: { region: EU } } },
      'destination',
      { kind: 'silent', what: { kind: 'backup', id: 'backup-c', region: EU } },
    ],
    [
      'the backup names a cluster that cannot be one',
      SOURCE,
      madeFrom('backup-c'),
      { backups: { [`backup-c@${EU}`]: backupOf('cluster-<!here>', EU) } },
      'destination',
      { kind: 'gone', what: { kind: 'cluster', id: 'cluster-<!here>', region: EU } },
    ],
    [
      'the backup names a Region that cannot be one',
      SOURCE,
      madeFrom('backup-c'),
      { backups: { [`backup-c@${EU}`]: copyOf('backup-c0', 'evil.example/', { region: EU, cluster: THIRD_ID }) } },
      'destination',
      { kind: 'gone', what: { kind: 'cluster', id: THIRD_ID, region: 'evil.example/' } },
    ],
  ]
  it.each(CASES)('%s', async (_, source, destination, told, side, end) => {
    const lineage = await trace(source, destination, told)
    expect(lineage.verdict).toBe('unproven')
    expect(lineage[side].end).toEqual(end)
    expect(lineage).not.toHaveProperty('common')
  })

  it('asks nothing of a Region or cluster that cannot be one', async () => {
    const told = {
      backups: { [`backup-c@${EU}`]: copyOf('backup-c0', '169.254.169.254', { region: EU, cluster: 'x' }) },
    }
    const place = directory(told)
    await traceLineage({ directory: place, clock: stillClock }, { source: SOURCE, destination: madeFrom('backup-c') })
    expect(place.asked).toEqual([`backup-c@${EU}`])
  })
})

describe('disproven: both origins are known, and they differ', () => {
  it('neither was made from a backup', async () => {
    const lineage = await trace(SOURCE, cluster(DESTINATION_ID, { region: EU }))
    expect(lineage).toMatchObject({
      verdict: 'disproven',
      source: { end: { kind: 'origin' } },
      destination: { end: { kind: 'origin' } },
    })
  })

  it('the destination comes from a third cluster, in another Region than the lost middle of a copy of a copy', async () => {
    const lineage = await trace(SOURCE, madeFrom('backup-c'), {
      clusters: [cluster(THIRD_ID, { region: EU })],
      backups: { [`backup-c@${EU}`]: copyOf('backup-b', AP, { region: EU, cluster: THIRD_ID }) },
    })
    expect(lineage.verdict).toBe('disproven')
    expect(lineage.destination.line.at(-1)).toEqual({ kind: 'cluster', id: THIRD_ID, region: EU })
  })

  it('the destination comes from a third cluster', async () => {
    const lineage = await trace(SOURCE, madeFrom('backup-c'), {
      clusters: [cluster(THIRD_ID, { region: AP })],
      backups: {
        [`backup-c@${EU}`]: copyOf('backup-c0', AP, { region: EU, cluster: THIRD_ID }),
        [`backup-c0@${AP}`]: backupOf(THIRD_ID, AP),
      },
    })
    expect(lineage.verdict).toBe('disproven')
    expect(lineage.destination.line.at(-1)).toEqual({ kind: 'cluster', id: THIRD_ID, region: AP })
  })
})

describe('an answer without end', () => {
  const far = (generations: number): Told => {
    const name = (at: number) => `cluster-${'abcdefghijklmnop'[at]}2222222222`
    const backups = Array.from({ length: generations }, (_, at) => [`backup-${at}@${US}`, backupOf(name(at), US)])
    return {
      clusters: Array.from({ length: generations }, (_, at) =>
        cluster(name(at), { region: US, sourceBackupId: `backup-${at + 1}` }),
      ),
      backups: Object.fromEntries(backups),
    }
  }

  it('ends: more generations than anybody has', async () => {
    const lineage = await trace(SOURCE, madeFrom('backup-0', US), far(16))
    expect(lineage).toMatchObject({ verdict: 'unproven', destination: { end: { kind: 'too-long' } } })
  })

  it('ends: a cluster that comes from itself', async () => {
    const told = { backups: { [`backup-x@${EU}`]: backupOf(DESTINATION_ID, EU) } }
    await expect(trace(SOURCE, madeFrom('backup-x'), told)).resolves.toMatchObject({ verdict: 'unproven' })
  })

  it('ends: a backup that is a copy of itself', async () => {
    const told = { backups: { [`backup-x@${EU}`]: copyOf('backup-x', EU, { region: EU, cluster: THIRD_ID }) } }
    await expect(trace(SOURCE, madeFrom('backup-x'), told)).resolves.toMatchObject({ verdict: 'unproven' })
  })

  const circle: Told = {
    clusters: [cluster(THIRD_ID, { region: AP, sourceBackupId: 'backup-y' })],
    backups: {
      [`backup-x@${EU}`]: copyOf('backup-y', AP, { region: EU, cluster: THIRD_ID }),
      [`backup-y@${AP}`]: copyOf('backup-x', EU, { region: AP, cluster: THIRD_ID }),
    },
  }
  it.each([
    ['generations', far(16), 'backup-0', US],
    ['copies and generations in a circle', circle, 'backup-x', EU],
  ])('costs few look-ups: %s', async (_, told, backup, region) => {
    const destination = madeFrom(backup, region)
    const source = cluster(SOURCE_ID, { region, sourceBackupId: backup })
    const place = directory({ ...told, clusters: [source, destination, ...(told.clusters ?? [])] })
    await traceLineage({ directory: place, clock: stillClock }, { source, destination })
    expect(place.asked.length).toBeLessThanOrEqual(2 * 24)
  })

  it('names nothing twice: a circle ends where it closes', async () => {
    const source = cluster(SOURCE_ID, { region: US })
    const lineage = await trace(source, madeFrom('backup-x'), circle)
    expect(lineage.destination.line.map(({ id }) => id)).toEqual([DESTINATION_ID, 'backup-x', 'backup-y'])
    expect(lineage.destination.end).toEqual({ kind: 'too-long' })
  })

  it('takes so long and no longer, whichever Region stays silent: what is not known by then is unproven', async () => {
    const asked: (AbortSignal | undefined)[] = []
    const silent = (signal: AbortSignal | undefined): Promise<Refusal> => {
      asked.push(signal)
      const answer = refuse({ code: 'aws', problem: 'unreachable', service: 'CloudHSM', region: EU, detail: 'aborted' })
      return new Promise((resolve) => {
        if (signal?.aborted) resolve(answer)
        signal?.addEventListener('abort', () => resolve(answer))
      })
    }
    const waits: number[] = []
    const clock: Clock = {
      now: () => 0,
      sleep: async (ms) => {
        waits.push(ms)
      },
    }
    const directory: HsmDirectory = {
      describe: (_, __, signal) => silent(signal),
      backup: (_, __, signal) => silent(signal),
    }
    const clusters = { source: SOURCE, destination: madeFrom('backup-c') }
    const lineage = await traceLineage({ directory, clock }, clusters)
    expect(lineage).toMatchObject({
      verdict: 'unproven',
      destination: { end: { kind: 'unreadable', problem: 'unreachable' } },
    })
    expect(waits).toEqual([30_000])
    expect(asked.every((signal) => signal?.aborted)).toBe(true)
  })

  it('ends when the bot stops', async () => {
    const stopping = new AbortController()
    const place: HsmDirectory = {
      describe: async () => refuse({ code: 'cluster-not-found', cluster: SOURCE_ID, region: US }),
      backup: async (_, region, signal) => {
        stopping.abort()
        const problem = signal?.aborted ? 'unreachable' : 'failed'
        return refuse({ code: 'aws', problem, service: 'CloudHSM', region, detail: '' })
      },
    }
    const clusters = { source: SOURCE, destination: madeFrom('backup-c') }
    const lineage = await traceLineage({ directory: place, clock: stillClock }, clusters, stopping.signal)
    expect(lineage.destination.end).toMatchObject({ kind: 'unreadable', problem: 'unreachable' })
  })

  it('the usual case costs two look-ups: the copy and its original', async () => {
    const place = directory({
      backups: {
        [`backup-copy@${EU}`]: copyOf('backup-orig', US, { region: EU, cluster: SOURCE_ID }),
        [`backup-orig@${US}`]: backupOf(SOURCE_ID, US),
      },
    })
    await traceLineage(
      { directory: place, clock: stillClock },
      { source: SOURCE, destination: madeFrom('backup-copy') },
    )
    expect(place.asked).toEqual([`backup-copy@${EU}`, `backup-orig@${US}`])
  })
})
