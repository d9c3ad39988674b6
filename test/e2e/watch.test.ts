import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { lookNow as lookAt } from '../harness/look-now.ts'
import { type Stage, type StageOptions, startStage, until } from '../harness/stage.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { channels, people } from '../simulator/worlds.ts'

// A watched route with the real bot: what it finds, how that is shown, and that people decide what comes of it.

let stage: Stage
afterEach(() => stage.stop())

const start = async (options: StageOptions = {}): Promise<void> => {
  stage = await startStage({ ...options, route: ['watch: { every: 1h }', ...(options.route ?? [])] })
}
const standing = () =>
  stage.simulator.slack
    .messages(channels.route)
    .filter(({ text, deleted }) => !deleted && /in sync|behind|looked/.test(text))

const lookNow = () => lookAt(join(stage.directory, 'bot.sqlite'))

const saying = (words: RegExp): Promise<MessageRecord> =>
  until(() => standing().find(({ text }) => words.test(text)), `a message that says ${words}`, 90_000)

async function whispered(by: string, act: () => Promise<unknown>): Promise<string> {
  const before = stage.simulator.slack.ephemerals(by).length
  await act()
  return (await until(() => stage.simulator.slack.ephemerals(by)[before], 'an answer')).text
}

describe('a watched route', () => {
  it('is behind: the button leads to a request, the copy to a new message that says in sync', async () => {
    await start({ required: 1 })
    const { slack, aws } = stage.simulator
    await lookNow()
    const behind = await saying(/5 keys and 2 users behind/)
    expect(slack.messages(channels.route)).toHaveLength(1)
    await slack.click(people.requester, { channel: channels.route, ts: behind.ts }, 'ask_exactly')
    const card = await stage.cardWith('Waiting for approval')
    await stage.approve(card, people.approver)
    await stage.finished(card)
    await lookNow()
    const inSync = await saying(/is in sync with `prod-us`, looked at/)
    expect(inSync.ts).not.toBe(behind.ts)
    await until(
      () => (/this is past/.test(slack.messages(channels.route)[0]?.text ?? '') ? true : undefined),
      'the older one to say so',
    )
    const status = await whispered(people.approver, () =>
      slack.command(people.approver, channels.route, '/hsm-status', ''),
    )
    expect(status).toBe('How the route stands')
    const metrics = await (await fetch(`${stage.bot.url}/metrics`)).text()
    expect(metrics).toContain('hsm_sync_route_behind{source="prod-us",destination="prod-eu",kind="keys"} 0')
    expect(metrics).toMatch(/hsm_sync_route_looked_seconds\{[^}]*\} \d/)
    expect([...aws.violations, ...slack.violations]).toEqual([])
  })

  it('is written in place while nothing becomes worse, and never holds a card', async () => {
    await start()
    await lookNow()
    const first = await saying(/behind/)
    // Nobody needs one of the missing keys any more.
    stage.simulator.world.update((state) => {
      for (const hsm of state.clusters[0]?.hsms ?? []) hsm.keys = hsm.keys.filter(({ handle }) => handle !== 262163)
    })
    await lookNow()
    const second = await saying(/4 keys and 2 users behind/)
    expect(second.ts).toBe(first.ts)
    expect(stage.simulator.slack.messages(channels.route)).toHaveLength(1)
  })

  it('looks no more after a failed login, until an approver says so', async () => {
    await start()
    const { slack, world } = stage.simulator
    world.update((state) => {
      for (const { hsms } of state.clusters)
        for (const { users } of hsms)
          for (const user of users) if (user.type === 'PCO') user.password = 'Changed-by-hand-1'
    })
    await lookNow()
    const stopped = await saying(/No more looks until a person says so/)
    const commands = stage.simulator.aws.commands().length
    await lookNow()
    await new Promise((resolve) => setTimeout(resolve, 7_000))
    expect(stage.simulator.aws.commands()).toHaveLength(commands)
    const place = { channel: channels.route, ts: stopped.ts }
    const refused = await whispered(people.requester, () => slack.click(people.requester, place, 'watch_again'))
    expect(refused).toMatch(/approv/)
    const taken = await whispered(people.approver, () => slack.click(people.approver, place, 'watch_again'))
    expect(taken).toContain('looks at `prod-eu` again')
    await until(() => (stage.simulator.aws.commands().length > commands ? true : undefined), 'another look')
  })
})
