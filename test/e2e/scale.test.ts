import { expect, it } from 'vitest'
import { startStage, until } from '../harness/stage.ts'
import { channels, largeWorld, people } from '../simulator/worlds.ts'

it('copies 50 users and 3,300 keys to two HSMs in at most 20 SSM commands, one CMU session per batch', {
  timeout: 180_000,
}, async () => {
  const stage = await startStage({ world: largeWorld(50, 3300) })
  try {
    const { simulator } = stage
    const card = await stage.ask()
    await stage.approve(card, people.approver, people.groupApprover)
    const end = await stage.finished(card)
    expect(end.text).toContain('Succeeded')
    const state = simulator.world.read()
    const [source, destination] = state.clusters.map((cluster) => cluster.hsms)
    for (const hsm of destination ?? []) {
      expect(hsm.keys.map((key) => key.handle).sort()).toEqual(source?.[0]?.keys.map((key) => key.handle).sort())
      expect(hsm.users.map((user) => user.name).sort()).toEqual(source?.[0]?.users.map((user) => user.name).sort())
    }
    expect(simulator.aws.commands().length).toBeLessThanOrEqual(20)
    expect(simulator.sessions().length).toBeLessThanOrEqual(12)
    const largest = Math.max(...simulator.aws.commands().map((command) => command.stdout.length))
    expect(largest).toBeLessThan(24_000)
    expect(simulator.violations()).toEqual([])
  } finally {
    await stage.stop()
  }
})

it('answers 20 commands at once, each within Slack’s three seconds, and every one of them', {
  timeout: 60_000,
}, async () => {
  const stage = await startStage()
  try {
    const { slack } = stage.simulator
    const deliveries = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        slack.command(
          people.requester,
          channels.route,
          at % 2 ? '/hsm-requests' : '/hsm-ips',
          at % 2 ? 'mine' : 'prod-us',
        ),
      ),
    )
    expect(deliveries.every((delivery) => delivery.status === 200)).toBe(true)
    await until(
      () =>
        slack.ephemerals(people.requester).filter((message) => message.source === 'response_url').length === 20
          ? true
          : undefined,
      '20 answers',
    )
    expect(stage.simulator.violations()).toEqual([])
  } finally {
    await stage.stop()
  }
})
