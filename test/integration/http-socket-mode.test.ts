import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { channels, people } from '../simulator/worlds.ts'
import { repeatedSteps } from './repeated-steps.ts'

// The real bot process without a public address: everything comes over Slack's WebSocket.

let stage: Stage
beforeAll(async () => {
  stage = await startStage({ socketMode: true, required: 1 })
})
afterAll(() => stage?.stop())

const slack = () => stage.simulator.slack
const whispers = () =>
  slack()
    .ephemerals(people.requester)
    .map(({ text, blocks }) => text + JSON.stringify(blocks))
const type = (command: string, text = '') => slack().command(people.requester, channels.route, command, text)

describe('Socket Mode', () => {
  it('needs no signing secret and has the operators’ pages', async () => {
    await until(() => (slack().sockets.connections > 0 ? true : undefined), 'a connection')
    for (const path of ['/healthz', '/readyz', '/metrics'])
      await expect(fetch(`${stage.bot.url}${path}`)).resolves.toHaveProperty('status', 200)
    await expect(fetch(`${stage.bot.url}/slack/events`, { method: 'POST' })).resolves.toHaveProperty('status', 404)
  })

  it.each([
    ['/hsm-help', '', 'hsm-sync'],
    ['/hsm-ips', 'prod-us', '10.0.1.7'],
    ['/hsm-requests', 'mine', 'Your requests'],
    ['/hsm-sync', 'prod-us', 'Usage'],
  ])('answers %s %s', async (command, text, words) => {
    const { ackMs } = await type(command, text)
    expect(ackMs).toBeLessThan(1_000)
    await until(() => whispers().find((said) => said.includes(words)), `an answer with ${words}`)
  })

  it('does the main job, once, also when an envelope comes again', async () => {
    const asked = await type('/hsm-sync', 'prod-us prod-eu over the socket')
    await slack().replay(asked)
    const card = await until(() => slack().messages(channels.route)[0], 'a card')
    const click = await slack().click(people.approver, { channel: channels.route, ts: card.ts }, 'approve')
    await slack().replay(click)
    await expect(stage.finished(card)).resolves.toHaveProperty('text', expect.stringContaining('Succeeded'))
    expect(slack().messages(channels.route)).toHaveLength(1)
    expect(repeatedSteps(stage)).toEqual([])
  })

  it('has the form too: an error stays at its field', async () => {
    await type('/hsm-sync')
    const view = await until(() => slack().views(people.requester)[0], 'the form')
    await slack().submitView(people.requester, view, { keys: { value: 'seven' }, reason: { value: 'over the socket' } })
    expect(view).toMatchObject({ state: 'open', errors: { keys: expect.stringContaining('seven is not right') } })
  })

  it('works on after Slack closed the connection, as it does every few hours', async () => {
    slack().sockets.disconnect({ reason: 'refresh_requested', closeAfterMs: 100 })
    await until(() => (slack().sockets.connections === 0 ? true : undefined), 'the end of the connection')
    await until(() => (slack().sockets.connections > 0 ? true : undefined), 'a new connection', 30_000)
    const before = whispers().length
    await type('/hsm-help')
    await until(() => whispers()[before], 'an answer')
    expect(stage.simulator.violations()).toEqual([])
  })

  it('is not ready while it has no connection, stays up however often it cannot get one, and is ready again with one', async () => {
    const ready = async () => (await fetch(`${stage.bot.url}/readyz`)).json()
    slack().fault({ method: 'apps.connections.open', unreachable: true, times: 3 })
    slack().sockets.disconnect({ reason: 'refresh_requested', closeAfterMs: 0 })
    await until(() => (slack().sockets.connections === 0 ? true : undefined), 'the end of the connection')
    await vi.waitFor(async () => expect(await ready()).toMatchObject({ ready: false, slack: 'failed' }))
    await until(() => (slack().sockets.connections > 0 ? true : undefined), 'a new connection', 60_000)
    await vi.waitFor(async () => expect(await ready()).toMatchObject({ ready: true, slack: 'ok' }))
  })

  it('ends with 0 within 10 s', async () => {
    const started = performance.now()
    await expect(stage.bot.stop()).resolves.toBe(0)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
