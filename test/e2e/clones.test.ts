import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { messageText, steady } from '../harness/thread-text.ts'
import type { Cluster, WorldState } from '../simulator/world/world-state.ts'
import { channels, hsm2mClusters, people } from '../simulator/worlds.ts'

// What people are told about two clusters, as they ask: whether they are clones, and why a sync is refused. Each starts
// from the same world.

let stage: Stage
let usual: WorldState
beforeAll(async () => {
  stage = await startStage({ world: hsm2mClusters() })
  usual = structuredClone(stage.simulator.world.read())
})
afterAll(() => stage.stop())

/** Types a command in a changed world; the private answer as text. */
async function answerTo(
  command: string,
  text: string,
  change: (state: WorldState) => void = () => {},
): Promise<string> {
  const { slack, world } = stage.simulator
  world.update((state) => {
    state.clusters = structuredClone(usual.clusters)
    state.backups = structuredClone(usual.backups)
    change(state)
  })
  const before = slack.ephemerals(people.requester).length
  await slack.command(people.requester, channels.route, command, text)
  const isLast = (shown: string) => !shown.startsWith('Checking')
  const answer = await until(
    () =>
      slack
        .ephemerals(people.requester)
        .slice(before)
        .find((one) => isLast(one.text)),
    'an answer',
  )
  return steady(messageText(answer))
}

const of = (state: WorldState, id: string): Cluster => {
  const found = state.clusters.find(({ clusterId }) => clusterId === id)
  if (!found) throw new Error(`no cluster ${id}`)
  return found
}
const destination = (state: WorldState) => of(state, 'cluster-7klmnopqrst')

const overThreeRegions = (state: WorldState) => {
  const copy = { clusterId: 'cluster-2abcdefghij', sourceCluster: 'cluster-2abcdefghij' }
  state.backups = [
    {
      ...copy,
      backupId: 'backup-2eucopy2222',
      region: 'eu-west-1',
      sourceRegion: 'ap-south-1',
      sourceBackup: 'backup-2apcopy2222',
    },
    {
      ...copy,
      backupId: 'backup-2apcopy2222',
      region: 'ap-south-1',
      sourceRegion: 'us-east-1',
      sourceBackup: 'backup-2usorig2222',
    },
    { backupId: 'backup-2usorig2222', region: 'us-east-1', clusterId: 'cluster-2abcdefghij' },
  ]
}
const madeByItself = (state: WorldState) => {
  delete destination(state).sourceBackupId
}

describe('/hsm-ips with two clusters', () => {
  it('shows both side by side, with the chain that proves them clones', async () => {
    expect(await answerTo('/hsm-ips', 'prod-us prod-eu')).toMatchInlineSnapshot(`
      "*\`prod-us\` and \`prod-eu\`*
          prod-us                 prod-eu
          cluster-2abcdefghij     cluster-7klmnopqrst
          us-east-1               eu-west-1
          ACTIVE                  ACTIVE
          hsm2m.medium            hsm2m.medium
          
          hsm-2uuuuuuuuu1         hsm-7eeeeeeeee1
            10.0.1.7                10.8.1.4
            ACTIVE, hsm2m.medium    ACTIVE, hsm2m.medium
          
          hsm-2uuuuuuuuu2         hsm-7eeeeeeeee2
            10.0.2.9                10.8.2.6
            ACTIVE, hsm2m.medium    ACTIVE, hsm2m.medium
      ✅ *Proven clones:* \`cluster-7klmnopqrst\` (eu-west-1) ← \`backup-2eucopy2222\` (eu-west-1) ← \`backup-2usorig2222\` (us-east-1) ← \`cluster-2abcdefghij\` (us-east-1). Their cluster certificates are equal.
      How they were born, not whether they are equal now: \`/hsm-sync … mode=plan\` compares them."
    `)
  })

  it('shows a chain over three Regions', async () => {
    const answer = await answerTo('/hsm-ips', 'prod-us prod-eu', overThreeRegions)
    expect(answer).toContain(
      '`cluster-7klmnopqrst` (eu-west-1) ← `backup-2eucopy2222` (eu-west-1) ← `backup-2apcopy2222` (ap-south-1) ← `backup-2usorig2222` (us-east-1) ← `cluster-2abcdefghij` (us-east-1)',
    )
  })

  it('says what keeps it from being proved: no backup any more, or no right to look', async () => {
    const gone = await answerTo('/hsm-ips', 'prod-us prod-eu', (state) => {
      state.backups = []
    })
    expect(gone).toContain('Not proven that they are clones')
    expect(gone).toContain('AWS shows me no such backup there (deleted, expired, or another account')
  })

  it('says that they are none', async () => {
    expect(await answerTo('/hsm-ips', 'prod-us prod-eu', madeByItself)).toContain('*No clones:*')
  })

  it.each([
    ['prod–us', '10.0.1.7'],
    ['`prod-us`', '10.0.1.7'],
    ['pr\u2060od-us &lt;prod-eu&gt;', 'Proven clones'],
    ['<prod-us> <prod-eu>', 'Proven clones'],
    ['prod-us prod-us', 'Source and destination are the same cluster'],
    ['prod-us nobody', 'I know no cluster `nobody`'],
    ['prod-us prod-eu prod-us', 'Name a cluster, or two'],
  ])('%s: a clear answer', async (text, words) => expect(await answerTo('/hsm-ips', text)).toContain(words))
})

describe('/hsm-sync is refused, with the rule', () => {
  it.each<[string, (state: WorldState) => void, string]>([
    ['no clones', madeByItself, 'are no clones, so their HSMs cannot take each other'],
    [
      'a cluster on its way to another type',
      (state) => Object.assign(destination(state), { state: 'MODIFY_IN_PROGRESS' }),
      'it is changing its HSM type',
    ],
    [
      'a cluster on its way back',
      (state) => Object.assign(destination(state), { state: 'ROLLBACK_IN_PROGRESS' }),
      'it is changing its HSM type',
    ],
    [
      'HSMs of two types',
      (state) => Object.assign(destination(state).hsms[0] ?? {}, { hsmType: 'hsm1.medium' }),
      'has HSMs of several types',
    ],
    [
      'from hsm2m to hsm1',
      (state) => {
        destination(state).hsmType = 'hsm1.medium'
        for (const hsm of destination(state).hsms) hsm.hsmType = 'hsm1.medium'
      },
      'user replicate does not work from hsm2m to hsm1',
    ],
    [
      'an HSM that is not ACTIVE',
      (state) => Object.assign(destination(state).hsms[1] ?? {}, { state: 'DEGRADED' }),
      'CloudHSM CLI works on every HSM of a cluster at once',
    ],
  ])('%s', async (_, change, words) => {
    expect(await answerTo('/hsm-sync', 'prod-us prod-eu new starters', change)).toContain(words)
    expect(stage.simulator.slack.messages(channels.route)).toEqual([])
    expect(stage.simulator.violations()).toEqual([])
  })
})
