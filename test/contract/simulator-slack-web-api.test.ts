import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { webApi } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'

// Slack's own client against the fake Web API: what it accepts, and everything it refuses.

let simulator: Simulator
let client: webApi.WebClient

beforeEach(async () => {
  simulator = await startSimulator({ world: twoClusters() })
  client = clientWith('SLACK_BOT_TOKEN')
})
afterEach(() => simulator.stop())

function clientWith(token: string): webApi.WebClient {
  const environment = simulator.environment()
  return new webApi.WebClient(environment[token] ?? token, {
    slackApiUrl: simulator.slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silent,
  })
}

// The client logs each refusal, and here they are the point.
const silent: webApi.Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => webApi.LogLevel.ERROR,
}

async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'accepted'
  } catch (error) {
    if (error instanceof webApi.WebAPIPlatformError) return error.data.error
    throw error
  }
}

const section = (length: number) => ({
  type: 'section' as const,
  text: { type: 'mrkdwn' as const, text: 'x'.repeat(length) },
})
const button = (changes: object) => ({
  type: 'button' as const,
  action_id: 'go',
  text: { type: 'plain_text' as const, text: 'Go' },
  ...changes,
})

describe('messages', () => {
  it('keeps threads, metadata and edits, and pages through replies', async () => {
    const { ts = '' } = await client.chat.postMessage({ channel: channels.route, text: 'parent' })
    for (const text of ['one', 'two', 'three']) {
      const metadata = { event_type: 'stage', event_payload: { text } }
      await client.chat.postMessage({ channel: channels.route, thread_ts: ts, text, metadata })
    }
    const seen: unknown[] = []
    const pages = client.paginate('conversations.replies', {
      channel: channels.route,
      ts,
      limit: 2,
      include_all_metadata: true,
    })
    for await (const page of pages) if ('messages' in page && Array.isArray(page.messages)) seen.push(...page.messages)
    expect(seen).toMatchObject([
      { text: 'parent', reply_count: 3 },
      { text: 'one', thread_ts: ts, metadata: { event_payload: { text: 'one' } } },
      { text: 'two' },
      { text: 'three' },
    ])
    const link = await client.chat.getPermalink({ channel: channels.route, message_ts: ts })
    expect(link.permalink).toContain(`/archives/${channels.route}/p${ts.replace('.', '')}`)
    simulator.slack.deleteMessage(channels.route, ts)
    expect(await refusal(client.chat.update({ channel: channels.route, ts, text: 'x' }))).toBe('message_not_found')
    expect(simulator.violations()).toEqual([])
  })

  it('shares an uploaded file into a thread', async () => {
    const { ts = '' } = await client.chat.postMessage({ channel: channels.route, text: 'parent' })
    await client.filesUploadV2({
      channel_id: channels.route,
      thread_ts: ts,
      filename: 'merged.cfg',
      content: '{"servers":[]}',
      snippet_type: 'json',
    })
    expect(simulator.slack.thread(channels.route, ts)).toMatchObject([
      { files: [{ name: 'merged.cfg', content: '{"servers":[]}' }] },
    ])
    expect(simulator.violations()).toEqual([])
  })

  it('shows an ephemeral message to a member only', async () => {
    await client.chat.postEphemeral({ channel: channels.route, user: people.outsider, text: 'No' })
    expect(simulator.slack.ephemerals(people.outsider)).toMatchObject([{ text: 'No', source: 'chat.postEphemeral' }])
    const unknown = client.chat.postEphemeral({ channel: channels.route, user: 'U0NOBODY', text: 'No' })
    expect(await refusal(unknown)).toBe('user_not_in_channel')
  })

  it('reports a message without text, and a mention of everybody', async () => {
    await client.chat.postMessage({ channel: channels.route, text: '', blocks: [section(1)] })
    await client.chat.postMessage({ channel: channels.route, text: 'hello <!channel>' })
    expect(simulator.violations()).toHaveLength(2)
  })
})

describe('refusals', () => {
  it.each([
    ['not_in_channel', { channel: channels.withoutBot, text: 'x' }],
    ['channel_not_found', { channel: 'C0NOWHERE', text: 'x' }],
    ['thread_not_found', { channel: channels.route, text: 'x', thread_ts: '1.000001' }],
    ['no_text', { channel: channels.route, text: '' }],
    ['invalid_blocks', { channel: channels.route, text: 'x', blocks: [section(3001)] }],
    ['invalid_blocks', { channel: channels.route, text: 'x', blocks: Array.from({ length: 51 }, () => section(1)) }],
    [
      'msg_blocks_too_long',
      { channel: channels.route, text: 'x', blocks: Array.from({ length: 5 }, () => section(2900)) },
    ],
    ['invalid_blocks', blocksOf([button({ value: 'v'.repeat(2001) })])],
    ['invalid_blocks', blocksOf([button({ text: { type: 'plain_text', text: 't'.repeat(76) } })])],
    ['invalid_blocks', blocksOf([button({ colour: 'red' })])],
    ['invalid_blocks', blocksOf([button({ style: 'warning' })])],
    ['invalid_blocks', blocksOf([button({}), button({})])],
    [
      'invalid_blocks',
      {
        channel: channels.route,
        text: 'x',
        blocks: [
          { ...section(1), block_id: 'a' },
          { ...section(1), block_id: 'a' },
        ],
      },
    ],
    [
      'invalid_blocks',
      {
        channel: channels.route,
        text: 'x',
        blocks: [{ type: 'header', text: { type: 'plain_text', text: 'h'.repeat(151) } }],
      },
    ],
    [
      'metadata_too_large',
      { channel: channels.route, text: 'x', metadata: { event_type: 'a', event_payload: { a: 'x'.repeat(16_001) } } },
    ],
    ['invalid_metadata_format', { channel: channels.route, text: 'x', metadata: { event_type: 'a' } }],
  ])('%s', async (code, args) => {
    expect(await refusal(client.apiCall('chat.postMessage', args))).toBe(code)
  })

  it('msg_too_long for an update of more than 4,000 characters', async () => {
    const { ts = '' } = await client.chat.postMessage({ channel: channels.route, text: 'x' })
    const update = client.chat.update({ channel: channels.route, ts, text: 'x'.repeat(4001) })
    expect(await refusal(update)).toBe('msg_too_long')
  })

  it('unknown methods, wrong tokens and tokens of the wrong kind', async () => {
    expect(await refusal(client.apiCall('rtm.connect'))).toBe('unknown_method')
    expect(await refusal(clientWith('xoxb-other').auth.test())).toBe('invalid_auth')
    expect(await refusal(client.apps.connections.open())).toBe('not_allowed_token_type')
    expect(simulator.violations()).toHaveLength(1)
  })

  it('trigger ids that nobody got', async () => {
    const view = { type: 'modal' as const, title: { type: 'plain_text' as const, text: 'T' }, blocks: [] }
    expect(await refusal(client.views.open({ trigger_id: '1.2.3', view }))).toBe('invalid_trigger_id')
    const long = { ...view, private_metadata: 'x'.repeat(3001) }
    expect(await refusal(client.views.open({ trigger_id: '1.2.3', view: long }))).toBe('invalid_arguments')
  })
})

describe('people', () => {
  it('tells what kind of user somebody is', async () => {
    expect((await client.users.info({ user: people.guest })).user).toMatchObject({ is_ultra_restricted: true })
    expect((await client.users.info({ user: people.stranger })).user).toMatchObject({
      is_stranger: true,
      team_id: 'T0OTHER001',
    })
    expect(await refusal(client.users.info({ user: 'U0NOBODY' }))).toBe('user_not_found')
    expect((await client.usergroups.users.list({ usergroup: 'S0BBBBBBB' })).users).toEqual([people.groupApprover])
    expect((await client.conversations.info({ channel: channels.shared })).channel).toMatchObject({
      is_ext_shared: true,
    })
  })
})

describe('the manifest', () => {
  it('grants only its own scopes and commands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'manifest-'))
    const path = join(folder, 'manifest.yml')
    writeFileSync(
      path,
      'features: { slash_commands: [{ command: /ask }] }\noauth_config: { scopes: { bot: [commands, chat:write] } }\n',
    )
    const strict = await startSimulator({ world: twoClusters(), manifest: path })
    const limited = new webApi.WebClient(strict.environment().SLACK_BOT_TOKEN, {
      slackApiUrl: strict.slack.apiUrl,
      logLevel: webApi.LogLevel.ERROR,
    })
    await limited.chat.postMessage({ channel: channels.route, text: 'x' })
    expect(await refusal(limited.users.info({ user: people.guest }))).toBe('missing_scope')
    await expect(strict.slack.command(people.requester, channels.route, '/other', '')).rejects.toThrow('not a command')
    await strict.stop()
    rmSync(folder, { recursive: true })
  })
})

describe('faults', () => {
  it('answers with an error, a status or a wait, as often as told', async () => {
    simulator.slack.fault({ method: 'chat.postMessage', error: 'is_archived' })
    simulator.slack.fault({ method: 'chat.postMessage', status: 503 })
    simulator.slack.fault({ method: 'chat.postMessage', retryAfter: 7 })
    const post = () => client.chat.postMessage({ channel: channels.route, text: 'x' })
    expect(await refusal(post())).toBe('is_archived')
    await expect(post()).rejects.toMatchObject({ statusCode: 503 })
    await expect(post()).rejects.toMatchObject({ retryAfter: 7 })
    await post()
    expect(simulator.slack.messages(channels.route)).toHaveLength(1)
  })

  it('stores the message and loses the answer', async () => {
    simulator.slack.fault({ method: 'chat.postMessage', after: true })
    await expect(client.chat.postMessage({ channel: channels.route, text: 'x' })).rejects.toThrow()
    expect(simulator.slack.messages(channels.route)).toHaveLength(1)
  })
})

function blocksOf(elements: readonly object[]): Record<string, unknown> {
  return { channel: channels.route, text: 'x', blocks: [{ type: 'actions', elements }] }
}
