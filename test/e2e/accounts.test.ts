import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'

// The destination and the bastion lie in accounts of their own: each is reached by its role and no other. Under the
// policies that `iam` prints for the bot and for these roles.

const CLUSTER = { roleArn: 'arn:aws:iam::222222222222:role/hsm-sync', externalId: 'hsm-sync-7Q2F' }
const BASTION = { roleArn: 'arn:aws:iam::333333333333:role/hsm-sync' }

let stage: Stage
beforeAll(async () => {
  stage = await startStage({ world: twoClusters(), required: 1, access: { cluster: CLUSTER, bastion: BASTION } })
  const { roles } = stage.simulator.aws
  roles.set(CLUSTER.roleArn, { externalId: CLUSTER.externalId, owns: ['cluster-7klmnopqrst'] })
  // Shorter than the SDK keeps credentials: each call finds them expired or about to, and renews them.
  roles.set(BASTION.roleArn, { lastsMs: 3_000, owns: ['i-0123456789abcdef0'] })
})
afterAll(() => stage?.stop())

it('comes to its end over three accounts, with credentials that expire in mid-run', async () => {
  const card = await stage.ask()
  await stage.approve(card, people.approver)
  expect((await stage.finished(card)).text).toContain('Succeeded')
  const { calls } = stage.simulator.aws
  const by = (operation: string) => [
    ...new Set(calls.filter((call) => call.operation === operation).map(({ role }) => role)),
  ]
  expect(by('SendCommand')).toEqual([BASTION.roleArn])
  expect(by('DescribeClusters').sort()).toEqual([CLUSTER.roleArn, undefined])
  expect(calls.filter(({ operation }) => operation === 'AssumeRole').length).toBeGreaterThan(3)
  expect(stage.simulator.violations()).toEqual([])
})

it('says which role cannot be taken on, and files nothing', async () => {
  stage.simulator.aws.roles.delete(CLUSTER.roleArn)
  // What it holds of that role goes with the process.
  await stage.bot.stop()
  await stage.restart()
  const { slack } = stage.simulator
  const before = slack.ephemerals(people.requester).length
  await slack.command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu once more')
  const isAnswer = ({ text }: { readonly text: string }) => !text.startsWith('Checking')
  const { text } = await until(() => slack.ephemerals(people.requester).slice(before).find(isAnswer), 'an answer')
  expect(text).toContain('AWS refuses me access to CloudHSM in eu-west-1')
  expect(text).toContain(CLUSTER.roleArn)
})
