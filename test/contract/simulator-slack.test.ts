import { App, LogLevel } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'

// Bolt and its web-api client, as Slack ships them, must find nothing strange in the fake workspace.

let simulator: Simulator
const apps: App[] = []

beforeEach(async () => {
  simulator = await startSimulator({ world: twoClusters() })
})
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()))
  await simulator.stop()
})

async function startApp(mode: 'http' | 'socket'): Promise<App> {
  const environment = simulator.environment({ socketMode: mode === 'socket' })
  const app = new App({
    token: environment.SLACK_BOT_TOKEN ?? '',
    signingSecret: environment.SLACK_SIGNING_SECRET ?? '',
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: simulator.slack.apiUrl, retryConfig: { retries: 0 } },
    ...(environment.SLACK_APP_TOKEN ? { socketMode: true, appToken: environment.SLACK_APP_TOKEN } : {}),
  })
  const started = await app.start({ port: 0, host: '127.0.0.1' })
  const address = mode === 'http' && 'address' in started ? started.address() : null
  if (address !== null && typeof address === 'object') {
    simulator.slack.connectTo(`http://127.0.0.1:${address.port}/slack/events`)
  }
  apps.push(app)
  return app
}

const buttons = (value: string, blockId = 'card:1') => [
  { type: 'section' as const, text: { type: 'mrkdwn' as const, text: 'Please decide' } },
  {
    type: 'actions' as const,
    block_id: blockId,
    elements: [
      { type: 'button' as const, action_id: 'approve', value, text: { type: 'plain_text' as const, text: 'Approve' } },
    ],
  },
]

describe.each(['http', 'socket'] as const)('Bolt over %s', (mode) => {
  it('takes a command, posts a card, takes a click on it, repaints it and answers privately', async () => {
    const app = await startApp(mode)
    app.command('/ask', async ({ ack, client, command }) => {
      await ack('On its way')
      await client.chat.postMessage({
        channel: command.channel_id,
        text: 'card',
        blocks: buttons('r1'),
        metadata: { event_type: 'request', event_payload: { id: 'r1' } },
      })
    })
    const clicked = new Promise<unknown>((resolve) => {
      app.action('approve', async ({ ack, respond, client, body, action }) => {
        await ack()
        if (body.type !== 'block_actions' || body.message === undefined || body.channel === undefined) return
        await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: 'done', blocks: [] })
        await respond({ text: 'Thank you', replace_original: false, response_type: 'ephemeral' })
        resolve(action)
      })
    })

    const delivery = await simulator.slack.command(people.requester, channels.route, '/ask', 'something')
    expect(delivery.ackMs).toBeLessThan(3000)
    await expect.poll(() => simulator.slack.messages(channels.route)).toHaveLength(1)
    const [card] = simulator.slack.messages(channels.route)
    if (card === undefined) throw new Error('no card')
    await simulator.slack.click(people.approver, card, 'approve')

    expect(await clicked).toMatchObject({ type: 'button', value: 'r1', block_id: 'card:1', action_id: 'approve' })
    expect(card).toMatchObject({ text: 'done', metadata: { event_type: 'request' }, edits: [{ text: 'card' }] })
    await expect(simulator.slack.click(people.approver, card, 'approve')).rejects.toThrow('has no approve')
    expect(simulator.slack.ephemerals().map(({ user, text, source }) => ({ user, text, source }))).toEqual([
      { user: people.requester, text: 'On its way', source: 'ack' },
      { user: people.approver, text: 'Thank you', source: 'response_url' },
    ])
    expect(simulator.violations()).toEqual([])
  })

  it('opens a modal with a trigger id once, and takes its submission', async () => {
    const app = await startApp(mode)
    const second = new Promise<unknown>((resolve) => {
      app.command('/form', async ({ ack, client, command }) => {
        await ack()
        const view = {
          type: 'modal' as const,
          callback_id: 'form',
          private_metadata: 'r1',
          title: { type: 'plain_text' as const, text: 'Why' },
          submit: { type: 'plain_text' as const, text: 'Send' },
          blocks: [
            {
              type: 'input' as const,
              block_id: 'reason',
              label: { type: 'plain_text' as const, text: 'Reason' },
              element: { type: 'plain_text_input' as const, action_id: 'text' },
            },
          ],
        }
        await client.views.open({ trigger_id: command.trigger_id, view })
        await client.views.open({ trigger_id: command.trigger_id, view }).catch((error: unknown) => resolve(error))
      })
    })
    app.view('form', async ({ ack, view }) => {
      const reason = view.state.values.reason?.text?.value
      if (reason === 'no') await ack({ response_action: 'errors', errors: { reason: 'Say more' } })
      else await ack()
    })
    await simulator.slack.command(people.requester, channels.route, '/form', '')
    expect(await second).toMatchObject({ data: { error: 'exchanged_trigger_id' } })
    const [view] = simulator.slack.views(people.requester)
    if (view === undefined) throw new Error('no view')
    await simulator.slack.submitView(people.requester, view, { reason: { text: 'no' } })
    expect(view).toMatchObject({ state: 'open', errors: { reason: 'Say more' } })
    await simulator.slack.submitView(people.requester, view, { reason: { text: 'because' } })
    expect(view.state).toBe('submitted')
    expect(simulator.violations()).toEqual([])
  })

  it('calls a late acknowledgement a violation', async () => {
    const app = await startApp(mode)
    app.command('/slow', async () => {})
    await expect(simulator.slack.command(people.requester, channels.route, '/slow', '')).rejects.toThrow()
    expect(simulator.violations().join()).toMatch(/not acknowledged|answered with 404/)
  })
})

describe('the signature', () => {
  it('is accepted again when a request is replayed, and refused when it is old or wrong', async () => {
    const app = await startApp('http')
    let count = 0
    app.command('/ask', async ({ ack }) => {
      count++
      await ack()
    })
    const delivery = await simulator.slack.command(people.requester, channels.route, '/ask', '')
    expect((await simulator.slack.replay(delivery)).status).toBe(200)
    const old = Math.floor(Date.now() / 1000) - 600
    expect((await simulator.slack.replay(delivery, { timestamp: old })).status).toBe(401)
    const forged = { 'x-slack-signature': `v0=${'0'.repeat(64)}` }
    expect((await simulator.slack.replay(delivery, { headers: forged })).status).toBe(401)
    expect(count).toBe(2)
  })
})

describe('Socket Mode', () => {
  it('goes on after Slack has asked the app to reconnect', async () => {
    const app = await startApp('socket')
    app.command('/ask', async ({ ack }) => await ack('here'))
    simulator.slack.sockets.disconnect({ closeAfterMs: 20 })
    await expect.poll(() => simulator.slack.sockets.connections, { timeout: 15_000 }).toBe(1)
    await simulator.slack.command(people.requester, channels.route, '/ask', '')
    expect(simulator.slack.ephemerals(people.requester).map(({ text }) => text)).toEqual(['here'])
  }, 20_000)

  it('delivers each payload to one of several connections', async () => {
    const seen: number[] = []
    for (const number of [1, 2]) {
      const app = await startApp('socket')
      app.command('/ask', async ({ ack }) => {
        seen.push(number)
        await ack()
      })
    }
    for (let at = 0; at < 4; at++) await simulator.slack.command(people.requester, channels.route, '/ask', '')
    expect(seen.sort()).toEqual([1, 1, 2, 2])
  })
})
