import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import type { ViewRecord } from '../simulator/slack/records.ts'
import { channels, people } from '../simulator/worlds.ts'

// `/hsm-sync` alone, with the real bot process: a form that asks for the same.

let stage: Stage
beforeAll(async () => {
  stage = await startStage({ required: 1 })
})
afterAll(() => stage?.stop())

const slack = () => stage.simulator.slack
const whispers = () => slack().ephemerals(people.requester)
const open = () =>
  slack()
    .views(people.requester)
    .find(({ state }) => state === 'open')

async function openForm(channel: string = channels.route): Promise<ViewRecord> {
  await slack().command(people.requester, channel, '/hsm-sync', ' ')
  return until(open, 'the form')
}

const send = (view: ViewRecord, fields: Readonly<Record<string, string>>) =>
  slack().submitView(
    people.requester,
    view,
    Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { value }])),
  )

describe('the form', () => {
  it('keeps what was typed and says at the field what is wrong; then it files the request, once', async () => {
    const view = await openForm()
    await expect(send(view, { users: 'none' })).rejects.toThrow('reason must be filled in')
    await send(view, { users: 'crypto.user5', reason: 'with a form' })
    expect(view).toMatchObject({
      state: 'open',
      errors: { users: expect.stringContaining('crypto.user5 is not right') },
    })
    expect(slack().messages(channels.route)).toEqual([])

    const sent = await send(view, { users: 'crypto_user5', keys: 'none', mode: 'plan', reason: 'with a form' })
    expect(view.state).toBe('submitted')
    await slack().replay(sent)
    const card = await until(() => slack().messages(channels.route)[0], 'a card')
    expect(card.text).toContain('Waiting for approval: plan prod-us → prod-eu')
    expect(JSON.stringify(card.blocks)).toContain('crypto_user5')
    await until(() => whispers().find(({ text }) => text.includes('is filed')), 'an answer')
    expect(whispers().map(({ text }) => text.split(' ')[0])).toEqual(['Checking', 'Request'])
    expect(slack().messages(channels.route)).toHaveLength(1)
  })

  it('shows the HSMs of its route as they are now, and keeps its fields', async () => {
    stage.simulator.world.update(({ clusters }) => {
      for (const cluster of clusters) if (cluster.region === 'eu-west-1') cluster.state = 'MODIFY_IN_PROGRESS'
    })
    const view = await openForm()
    const shown = await until(() => {
      const text = JSON.stringify(view.view.blocks)
      return text.includes('HSMs of') ? text : undefined
    }, 'the HSMs')
    for (const part of ['10.0.1.7', '10.8.1.4', 'hsm-7eeeeeeeee2', 'MODIFY_IN_PROGRESS']) expect(shown).toContain(part)
    for (const field of ['route', 'mode', 'users', 'keys', 'reason']) expect(shown).toContain(`"block_id":"${field}"`)
    stage.simulator.world.update(({ clusters }) => {
      for (const cluster of clusters) cluster.state = 'ACTIVE'
    })
    await slack().chooseInView(people.requester, view, 'choose_route', 'cluster-2abcdefghij>cluster-7klmnopqrst')
    await until(() => (JSON.stringify(view.view.blocks).includes('MODIFY') ? undefined : true), 'the HSMs of now')
    view.state = 'closed'
  })

  it('is answered with the rule that refused it', async () => {
    const before = whispers().length
    await send(await openForm(), { reason: 'a `second` <!channel> one' })
    const refused = await until(() => whispers()[before + 1], 'a refusal')
    expect(refused.text).toContain('is still open')
    const again = await until(() => whispers()[before + 2], 'what was typed')
    expect(again.text).toContain(
      "`/hsm-sync prod-us prod-eu users=all keys=all mode=sync a 'second' &lt;!channel&gt; one`",
    )
  })

  it('is answered where it was typed, also where the bot is no member', async () => {
    const before = whispers().length
    await send(await openForm(channels.withoutBot), { reason: 'from elsewhere' })
    const refused = await until(() => whispers()[before + 1], 'a refusal')
    expect(refused).toMatchObject({ channel: channels.withoutBot, text: expect.stringContaining('is still open') })
  })

  it('gives way to the usage where Slack does not open it', async () => {
    slack().fault({ method: 'views.open', error: 'expired_trigger_id' })
    await slack().command(people.requester, channels.route, '/hsm-sync', '')
    const said = await until(() => whispers().find(({ text }) => text.includes('Usage: `/hsm-sync')), 'the usage')
    expect(said.text).toContain('Slack did not open the form in time')
    expect(open()).toBeUndefined()
  })

  it('is not opened for a guest', async () => {
    const guest = people.guest
    await slack().command(guest, channels.route, '/hsm-sync', '')
    await until(() => slack().ephemerals(guest)[0], 'a refusal')
    expect(slack().views(guest)).toEqual([])
  })

  it('broke no rule of Slack', () => expect(stage.simulator.violations()).toEqual([]))
})
