import { describe, expect, it } from 'vitest'
import { identityOf } from '../../src/adapters/slack/api/identity.ts'
import { SlackProblem, slackWeb } from '../../src/adapters/slack/api/web.ts'
import { type Message, section } from '../../src/adapters/slack/views/blocks.ts'
import type { SlackFaultRule } from '../simulator/slack/server.ts'
import { channels, people } from '../simulator/worlds.ts'
import { inSlack, methodsCalled } from './slack-place.ts'

const at = inSlack()
const web = () => slackWeb(at().client, identityOf(at().client))
const keep = async () => undefined
const slack = () => at().simulator.slack
const channel = channels.route
const since = () => Date.now() - 5_000
const mark = (slot: string, request = '7Q2F') => ({ request, slot })
const message = (text: string): Message => ({ text, blocks: [section(text)] })
const post = (text: string, options: Parameters<ReturnType<typeof slackWeb>['post']>[2] = {}) =>
  web().post(channel, message(text), options)

describe('a message', () => {
  it('is posted quietly, with its mark, and changed in place', async () => {
    const ts = await post('first', { mark: mark('card') })
    await post('reply', { threadTs: ts, mark: mark('step:1') })
    await web().update(channel, ts, message('second'), mark('card'))
    const [card, ...others] = slack().messages(channel)
    expect(others).toEqual([])
    expect(card).toMatchObject({
      ts,
      text: 'second',
      metadata: { event_type: 'hsm_sync', event_payload: { request: '7Q2F', slot: 'card' } },
      thread: [{ text: 'reply' }],
    })
    expect(slack().calls[0]?.arguments).toMatchObject({ unfurl_links: 'false', unfurl_media: 'false' })
    expect(at().simulator.violations()).toEqual([])
  })

  it('never is too long to be changed', async () => {
    const ts = await post('short', { mark: mark('card') })
    const long = { text: 'é'.repeat(6_000), blocks: [section('short')] }
    await expect(web().update(channel, ts, long, mark('card'))).resolves.toBeUndefined()
  })

  it.each([
    ['somebody deleted it', 'message_not_found'],
    ['it is not ours', 'cant_update_message'],
  ])('cannot be changed when %s: %s', async (_, code) => {
    const mine = await post('mine')
    slack().deleteMessage(channel, mine)
    const theirs = slack().workspace.post({ channel, user: people.approver, text: 'hello', blocks: [] }).ts
    const ts = code === 'message_not_found' ? mine : theirs
    await expect(web().update(channel, ts, message('x'), mark('card'))).rejects.toMatchObject({ code })
  })

  it.each(['internal_error', 'fatal_error'])('may stand there nevertheless after %s', async (error) => {
    slack().fault({ method: 'chat.postMessage', error })
    await expect(post('perhaps')).rejects.toMatchObject({ code: 'unclear' })
  })

  it('is whispered to one person', async () => {
    await web().whisper(channel, people.requester, 'only you')
    expect(slack().ephemerals(people.requester)).toMatchObject([{ text: 'only you' }])
    slack().channel(channel).members.delete(people.outsider)
    await expect(web().whisper(channel, people.outsider, 'x')).rejects.toMatchObject({ code: 'user_not_in_channel' })
  })

  it('has a link, or none when Slack does not give one', async () => {
    const ts = await post('linked')
    await expect(web().permalink(channel, ts)).resolves.toContain(`/archives/${channel}/p`)
    await expect(web().permalink(channel, '1.000001')).resolves.toBeUndefined()
  })

  it('opens no view with a trigger that is none', async () => {
    const view = { type: 'modal' as const, title: { type: 'plain_text' as const, text: 'x' }, blocks: [section('x')] }
    await expect(web().openView('1.2.3', view)).rejects.toMatchObject({ code: 'invalid_trigger_id' })
  })
})

describe('Slack on a bad day', () => {
  const always = { method: 'chat.postMessage', times: 9 }
  it.each<[string, SlackFaultRule, object]>([
    ['too many', { ...always, retryAfter: 7 }, { code: 'ratelimited', retryAfterMs: 7_000 }],
    ['503', { ...always, status: 503 }, { code: 'unclear' }],
    ['403 of a proxy', { ...always, status: 403 }, { code: 'http_403' }],
    ['a broken connection', { ...always, unreachable: true }, { code: 'unclear' }],
    ['a lost answer', { ...always, after: true }, { code: 'unclear' }],
    ['a revoked token', { ...always, error: 'token_revoked' }, { code: 'token_revoked' }],
    ['an archived channel', { ...always, error: 'is_archived' }, { code: 'is_archived' }],
  ])('is told apart, and a post is tried once: %s', async (_, fault, expected) => {
    slack().fault(fault)
    const problem = await post('once', { mark: mark('card') }).catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(SlackProblem)
    expect(problem).toMatchObject(expected)
    expect(methodsCalled(at())).toEqual(['chat.postMessage'])
  })

  it('does not make the next call wait for the one that was limited', async () => {
    slack().fault({ method: 'chat.postMessage', retryAfter: 30 })
    await expect(post('limited')).rejects.toMatchObject({ code: 'ratelimited' })
    await expect(post('next')).resolves.toMatch(/^\d+\.\d+$/)
  })
})

describe('finding what was posted', () => {
  it('finds the message whose answer was lost, by its mark', async () => {
    slack().fault({ method: 'chat.postMessage', after: true })
    await expect(post('lost', { mark: mark('card') })).rejects.toMatchObject({ code: 'unclear' })
    await expect(web().find({ channel, since: since() }, mark('card'), keep)).resolves.toBe(
      slack().messages(channel)[0]?.ts,
    )
  })

  it('finds it in its thread', async () => {
    const root = await post('card', { mark: mark('card') })
    await post('step', { threadTs: root, mark: mark('step:1') })
    const place = { channel, threadTs: root, since: since() }
    await expect(web().find(place, mark('step:1'), keep)).resolves.toBe(slack().thread(channel, root)[0]?.ts)
    await expect(web().find(place, mark('step:2'), keep)).resolves.toBeUndefined()
    await expect(web().find({ channel, since: since() }, mark('step:1'), keep)).resolves.toBeUndefined()
  })

  it('finds it behind 450 newer messages', async () => {
    const ts = await post('card', { mark: mark('card') })
    const chatter = { channel, user: people.approver, text: 'chatter', blocks: [] }
    for (let number = 0; number < 450; number++) slack().workspace.post(chatter)
    await expect(web().find({ channel, since: since() }, mark('card'), keep)).resolves.toBe(ts)
  })

  it('takes no other slot, no other request, and no message without a mark', async () => {
    await post('card', { mark: mark('card', 'AAAA') })
    await post('result', { mark: mark('result') })
    await post('bare')
    await expect(web().find({ channel, since: since() }, mark('card'), keep)).resolves.toBeUndefined()
  })

  it.each([
    ['a person', { user: people.approver }],
    ['another app', { user: 'U0OTHERBOT' }],
  ])('takes no copy that %s posted with the same mark, and no file of the same name', async (_, author) => {
    const event_payload = { ...mark('card') }
    const copy = { channel, text: 'copy', blocks: [], metadata: { event_type: 'hsm_sync', event_payload } }
    const file = { id: 'F1', name: 'merged-7Q2F.cfg', title: 'x', content: 'x' }
    slack().workspace.post({ ...copy, ...author, files: [file] })
    await expect(web().find({ channel, since: since() }, mark('card'), keep)).resolves.toBeUndefined()
    await expect(web().find({ channel, since: since() }, { file: file.name }, keep)).resolves.toBeUndefined()
    const ts = await post('card', { mark: mark('card') })
    await expect(web().find({ channel, since: since() }, mark('card'), keep)).resolves.toBe(ts)
  })

  it('takes no message from before the request was asked', async () => {
    await post('card', { mark: mark('card') })
    await expect(web().find({ channel, since: Date.now() + 120_000 }, mark('card'), keep)).resolves.toBeUndefined()
  })

  it.each<[string, SlackFaultRule]>([
    ['ratelimited', { method: 'conversations.history', retryAfter: 3 }],
    ['unclear', { method: 'conversations.history', unreachable: true }],
  ])('throws when it could not look: %s', async (code, fault) => {
    slack().fault(fault)
    await expect(web().find({ channel, since: since() }, mark('card'), keep)).rejects.toMatchObject({ code })
  })
})

describe('a lease', () => {
  it('is taken anew before every single call of an upload and of a search', async () => {
    const root = await post('card', { mark: mark('card') })
    const before = slack().calls.length
    const calls: number[] = []
    const counting = async () => void calls.push(slack().calls.length - before)
    await web().upload(channel, root, { name: 'a.cfg', title: 'a', content: 'a' }, counting)
    // The bytes go to another address than the methods.
    expect(calls).toEqual([0, 1, 1])
    await web().find({ channel, since: since() }, mark('card'), counting)
    expect(calls).toHaveLength(4)
  })

  it('that is lost stops an upload before anything is shared', async () => {
    const root = await post('card')
    let times = 0
    const lost = async () => {
      if (++times === 3) throw new Error('lost')
    }
    await expect(web().upload(channel, root, { name: 'a.cfg', title: 'a', content: 'a' }, lost)).rejects.toThrow('lost')
    expect(slack().thread(channel, root)).toEqual([])
  })
})

describe('a file', () => {
  const file = { name: 'merged-7Q2F.cfg', title: 'Merged config, whole', content: '{ "é": "🔑" }\n' }

  it('stands in the thread, byte for byte, and is found by its name', async () => {
    const root = await post('card')
    await web().upload(channel, root, file, keep)
    const [shared] = slack().thread(channel, root)
    expect(shared).toMatchObject({ files: [{ name: file.name, title: file.title, content: file.content }] })
    const place = { channel, threadTs: root, since: since() }
    await expect(web().find(place, { file: file.name }, keep)).resolves.toBe(shared?.ts)
    await expect(web().find(place, { file: 'merged-AAAA.cfg' }, keep)).resolves.toBeUndefined()
  })

  it.each<[string, SlackFaultRule, string]>([
    [
      'no place is given',
      { method: 'files.getUploadURLExternal', error: 'file_uploads_disabled' },
      'file_uploads_disabled',
    ],
    ['the bytes do not arrive', { method: 'upload', unreachable: true }, 'upload_failed'],
    ['the bytes are refused', { method: 'upload', status: 500 }, 'upload_failed'],
    ['sharing is limited', { method: 'files.completeUploadExternal', retryAfter: 2 }, 'ratelimited'],
  ])('is not shared when %s', async (_, fault, code) => {
    const root = await post('card')
    slack().fault(fault)
    await expect(web().upload(channel, root, file, keep)).rejects.toMatchObject({ code })
    expect(slack().thread(channel, root)).toEqual([])
  })
})
