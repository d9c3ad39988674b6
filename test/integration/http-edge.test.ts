import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { sendHttp, signedHeaders } from '../simulator/slack/http-delivery.ts'
import type { Delivery } from '../simulator/slack/records.ts'
import { channels, people } from '../simulator/worlds.ts'

// The real bot process: what it answers to whoever knocks.

let stage: Stage
let genuine: Delivery
beforeAll(async () => {
  stage = await startStage({ required: 2 })
  genuine = await stage.simulator.slack.command(people.requester, channels.route, '/hsm-help', '')
})
afterAll(() => stage?.stop())

const FORM = 'application/x-www-form-urlencoded'
const slack = () => stage.simulator.slack
const events = () => `${stage.bot.url}/slack/events`
const seconds = (ago = 0) => Math.floor(Date.now() / 1000) - ago
const post = (body: string, headers: Readonly<Record<string, string>>) => sendHttp(events(), body, headers)
/** The genuine command with other values, signed as Slack would. */
function forged(changes: Readonly<Record<string, string>>): string {
  const body = new URLSearchParams(genuine.body)
  for (const [name, value] of Object.entries({ trigger_id: `${Math.random()}`, ...changes })) body.set(name, value)
  return body.toString()
}
const whispers = (words: string) =>
  slack()
    .ephemerals()
    .filter((entry) => entry.text.includes(words))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** What the start, and an answer that is still on its way, ask. */
const ELSEWHERE = new Set(['auth.test', 'usergroups.users.list'])

describe('a request that Slack did not sign', () => {
  const body = () => forged({ text: 'forged' })
  it.each<[string, () => Record<string, string>]>([
    ['has no signature', () => ({ 'content-type': FORM })],
    [
      'has a wrong signature',
      () => ({ ...signedHeaders(body(), FORM, seconds()), 'x-slack-signature': `v0=${'0'.repeat(64)}` }),
    ],
    ['has a signature of another body', () => signedHeaders('command=%2Fhsm-help', FORM, seconds())],
    ['has no time', () => ({ ...signedHeaders(body(), FORM, seconds()), 'x-slack-request-timestamp': '' })],
    ['is six minutes old', () => signedHeaders(forged({ text: 'old' }), FORM, seconds(360))],
  ])('is refused with 401 when it %s', async (_, headers) => {
    const done = () =>
      slack()
        .calls.map(({ method }) => method)
        .filter((method) => !ELSEWHERE.has(method))
    const before = done()
    const { status, answer } = await post(body(), headers())
    expect(status).toBe(401)
    expect(answer).toBe('')
    await pause(50)
    expect(done()).toEqual(before)
  })

  it('is refused with the right signature and five minutes too late', async () => {
    const text = forged({ text: 'late' })
    await expect(post(text, signedHeaders(text, FORM, seconds(301)))).resolves.toHaveProperty('status', 401)
  })
})

describe('a request that cannot be meant', () => {
  it.each([
    ['another content type', `${FORM}; charset=utf-8`, 'command=%2Fhsm-help'],
    ['JSON that is none', 'application/json', '{"type":'],
  ])('%s is answered with 4xx, and the bot lives on', async (_, type, body) => {
    const { status } = await post(body, signedHeaders(body, type, seconds()))
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    await expect(fetch(`${stage.bot.url}/healthz`)).resolves.toHaveProperty('status', 200)
  })

  it('more than 4 MiB is not even read', async () => {
    const body = 'x'.repeat(5 * 1024 * 1024)
    const { status } = await post(body, signedHeaders(body, FORM, seconds())).catch((error: unknown) => {
      // Closed while we were still sending: as good an answer.
      expect(String(error)).toMatch(/EPIPE|ECONNRESET/)
      return { status: 413 }
    })
    expect(status).toBe(413)
  })
})

describe('what nobody handles', () => {
  it('an unknown command is answered', async () => {
    const body = forged({ command: '/hsm-nothing' })
    const { status, ackMs } = await post(body, signedHeaders(body, FORM, seconds()))
    expect(status).toBe(200)
    expect(ackMs).toBeLessThan(1000)
    await until(() => whispers('I do not know the command')[0], 'an answer')
  })

  it('an unknown button is answered', async () => {
    const ts = slack().workspace.post({ channel: channels.route, user: 'U0SYNCBOT1', text: 'old', blocks: [] }).ts
    await slack().clickAs(people.approver, { channel: channels.route, ts, blockId: 'b', actionId: 'gone', value: 'x' })
    await until(() => whispers('I do not know this button')[0], 'an answer')
    slack().deleteMessage(channels.route, ts)
  })
})

describe('the pages for operators', () => {
  it.each([
    ['/healthz', { status: 'up' }],
    ['/readyz', { ready: true, config: 'ok', database: 'ok', slack: 'ok' }],
  ])('%s', async (path, body) => {
    const response = await fetch(`${stage.bot.url}${path}`)
    expect(response.status).toBe(200)
    await expect(response.json()).resolves.toEqual(body)
  })

  it('/metrics, without anything secret', async () => {
    const response = await fetch(`${stage.bot.url}/metrics`)
    expect(response.headers.get('content-type')).toContain('text/plain')
    const text = await response.text()
    expect(text).toMatch(/^hsm_sync_open_requests\{state="pending"\} \d+$/m)
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m)
    expect(text).not.toMatch(/xoxb|simulated-signing-secret/)
  })

  it.each([
    ['GET', '/'],
    ['GET', '/slack/events'],
    ['POST', '/healthz'],
    ['GET', '/../config.yml'],
  ])('nothing at %s %s', async (method, path) => {
    const response = await fetch(`${stage.bot.url}${path}`, { method })
    expect(response.status).toBe(404)
  })
})

describe('the same request again', () => {
  it('files one request, however often it is delivered', async () => {
    const asked = await slack().command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu only once')
    const replays = await Promise.all([1, 2, 3].map(() => slack().replay(asked)))
    expect(replays.map(({ status }) => status)).toEqual([200, 200, 200])
    const card = await until(() => slack().messages(channels.route)[0], 'a card')
    await slack().replay(asked, { timestamp: seconds(), headers: { 'x-slack-retry-num': '1' } })
    await pause(1_000)
    expect(slack().messages(channels.route)).toHaveLength(1)
    expect(whispers('is filed')).toHaveLength(1)
    expect(whispers('open request')).toEqual([])

    const click = await slack().click(people.approver, { channel: channels.route, ts: card.ts }, 'approve')
    await Promise.all([1, 2, 3].map(() => slack().replay(click)))
    await until(() => whispers('counts: 1 of 2')[0], 'thanks')
    await pause(500)
    expect(whispers('counts: 1 of 2')).toHaveLength(1)
    expect(whispers('already')).toEqual([])
    expect(stage.simulator.violations()).toEqual([])
  })
})
