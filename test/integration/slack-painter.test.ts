import { describe, expect, it } from 'vitest'
import { asHsmId } from '../../src/domain/ids.ts'
import type { Pending } from '../../src/domain/request.ts'
import { digestOf } from '../../src/domain/spec.ts'
import { sampleSpec } from '../contract/sample-request.ts'
import type { SlackFaultRule } from '../simulator/slack/server.ts'
import { channels, people } from '../simulator/worlds.ts'
import { duplicates, painting, until } from './painter-place.ts'
import { inSlack, methodsCalled } from './slack-place.ts'

const at = inSlack()
const on = painting(at)
const slack = () => at().simulator.slack

/** What belongs below a card that waits for approval. */
const THREAD = [expect.stringContaining('What an approval binds'), 'merged-T00001.cfg']
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const withdraw = { type: 'withdraw', by: 'U0REQUEST1' } as const

describe('a request in Slack', () => {
  it('is one card with its thread, changed in place', async () => {
    await on().ask()
    await on().settled()
    expect(on().cards()).toMatchObject([{ text: expect.stringContaining('prod-us') }])
    expect(on().thread()).toEqual(THREAD)

    await on().happen(withdraw)
    await on().settled()
    expect(on().cards()).toMatchObject([{ text: expect.stringContaining('Withdrawn'), edits: [{}] }])
    expect(on().thread()).toEqual([...THREAD, expect.stringContaining('Withdrawn by')])
    expect(at().simulator.violations()).toEqual([])
  })

  it('is updated at most once a second, however often it changes, and shows the end', async () => {
    await on().ask({ rule: { users: ['U0ANNA1', 'U0BEN01'], userGroups: [], required: 3 } })
    await on().settled()
    for (const by of ['U0ANNA1', 'U0BEN01']) await on().happen({ type: 'approve', by })
    await on().happen(withdraw)
    await until(() => on().cards()[0]?.text.includes('Withdrawn'), 'the end on the card')
    const updates = slack()
      .calls.filter(({ method }) => method === 'chat.update')
      .map(({ at: moment }) => moment)
    for (const [index, moment] of updates.entries())
      expect(moment - (updates[index - 1] ?? 0), `update ${index}`).toBeGreaterThan(950)
  })

  it('is not touched when nothing has changed', async () => {
    await on().ask()
    await on().settled()
    const before = methodsCalled(at()).length
    on().later(200_000)
    await pause(100)
    expect(methodsCalled(at())).toHaveLength(before)
  })
})

describe('a run in Slack', () => {
  it.each([
    ['as a plan where the workspace takes one', [], ['section', 'plan']],
    ['as text where it does not', ['plan', 'data_table'], ['section', 'section']],
  ])('is a list to be ticked off: %s', async (_, lacks, types) => {
    for (const type of lacks) slack().workspace.blocks.lacks.add(type)
    await on().ask()
    await on().happen({ type: 'approve', by: 'U0AAAAAAA' })
    await on().happen({ type: 'start' })
    await on().settled()
    const [list] = on()
      .cards()
      .flatMap(({ thread }) => thread.filter(({ text }) => text.startsWith('Run of ')))
    expect(list?.blocks.map(({ type }) => type)).toEqual(types)
    expect(list?.text).toContain('◻️ *Copy what is missing, then list again*')
    expect(on().told()).toEqual(lacks.length === 0 ? [] : ['the newest blocks are not taken: invalid_blocks'])
    expect(at().simulator.violations()).toEqual([])
  })
})

describe('an answer lost after Slack stored the message', () => {
  it.each<[string, SlackFaultRule]>([
    ['the card', { method: 'chat.postMessage', after: true }],
    ['the digest', { method: 'chat.postMessage', after: true, skip: 1 }],
    ['the config file', { method: 'files.completeUploadExternal', after: true }],
    ['everything, once', { method: '*', after: true, times: 4 }],
  ])('is no second message: %s', async (_, fault) => {
    slack().fault(fault)
    await on().ask()
    await on().settled()
    expect(on().thread()).toEqual(THREAD)
    expect(at().simulator.violations()).toEqual([])
  })

  it('leaves no old card behind, when the request ended before it was found', async () => {
    slack().fault({ method: 'chat.postMessage', after: true })
    await on().ask()
    await until(() => on().cards()[0], 'the card')
    await on().idle()
    await on().happen(withdraw)
    await on().settled()
    expect(on().cards()).toMatchObject([{ text: expect.stringContaining('Withdrawn') }])
  })

  it('is no second change either', async () => {
    await on().ask()
    await on().settled()
    slack().fault({ method: 'chat.update', after: true })
    await on().happen(withdraw)
    await on().settled()
    expect(on().cards()).toMatchObject([{ text: expect.stringContaining('Withdrawn') }])
    expect(duplicates(on().thread())).toEqual([])
  })
})

describe('Slack on a bad day', () => {
  it('is left alone for as long as it asked for', async () => {
    slack().fault({ method: 'chat.postMessage', retryAfter: 30, times: 2 })
    await on().ask()
    await on().idle()
    const before = methodsCalled(at())
    on().later(25_000)
    await pause(150)
    expect(methodsCalled(at())).toEqual(before)
    on().later(10_000)
    await on().settled()
    expect(on().thread()).toEqual(THREAD)
  })

  it('is left alone also when somebody looked for work in the meantime', async () => {
    slack().fault({ method: 'chat.postMessage', retryAfter: 30, delayMs: 200 })
    await on().ask()
    await until(() => (methodsCalled(at()).length > 0 ? true : undefined), 'the first try')
    on().later(6_000)
    await on().idle()
    await pause(150)
    expect(methodsCalled(at())).toEqual(['conversations.info', 'chat.postMessage'])
  })

  it.each<[string, SlackFaultRule]>([
    ['503 for a while', { method: '*', status: 503, times: 6 }],
    ['no connection for a while', { method: '*', unreachable: true, times: 6 }],
    ['an archived channel', { method: 'chat.postMessage', error: 'is_archived', times: 3 }],
    ['a revoked token', { method: '*', error: 'token_revoked', times: 3 }],
    ['a broken upload', { method: 'upload', unreachable: true }],
    ['limits everywhere', { method: '*', retryAfter: 10, times: 5 }],
  ])('loses nothing: %s', async (_, fault) => {
    slack().fault(fault)
    await on().ask()
    await on().settled()
    expect(on().thread()).toEqual(THREAD)
  })

  it.each([
    ['archived', () => slack().channel(channels.route)],
    ['left by the bot', () => slack().channel(channels.route)],
  ])('shows the whole story when the channel was %s in between', async (how, channel) => {
    await on().ask()
    await on().settled()
    if (how === 'archived') channel().isArchived = true
    else channel().members.delete('U0SYNCBOT1')
    await on().happen(withdraw)
    await pause(100)
    channel().isArchived = false
    channel().members.add('U0SYNCBOT1')
    await on().settled()
    expect(on().cards()).toMatchObject([{ text: expect.stringContaining('Withdrawn') }])
    expect(on().thread()).toEqual([...THREAD, expect.stringContaining('Withdrawn by')])
  })
})

describe('one message that Slack does not take', () => {
  it('hides no other: what stands behind it is shown at once', async () => {
    slack().fault({ method: 'chat.postMessage', skip: 1, error: 'fatal_error', times: 99 })
    await on().ask()
    await on().idle()
    expect(on().thread()).toEqual(['merged-T00001.cfg'])
  })

  it('hides no result: with the card that cannot be changed any more for now, the thread still tells the end', async () => {
    await on().ask()
    await on().settled()
    slack().fault({ method: 'chat.update', error: 'internal_error', times: 99 })
    await on().happen(withdraw)
    await on().idle()
    expect(on().thread()).toEqual([...THREAD, expect.stringContaining('Withdrawn by')])
  })

  it.each(['invalid_blocks', 'msg_blocks_too_long'])('in our form (%s) stands there as bare text', async (error) => {
    slack().fault({ method: 'chat.postMessage', skip: 1, error })
    await on().ask()
    await on().settled()
    const [digest] = slack().thread(channels.route, on().cards()[0]?.ts ?? '')
    expect(digest).toMatchObject({ blocks: [], text: expect.stringContaining('What an approval binds') })
    expect(on().thread()).toEqual(THREAD)
  })

  it('is tried again soon while something gets through: the pause grows only while nothing does', async () => {
    // Every second call fails for a long time.
    for (let call = 0; call < 40; call++)
      slack().fault({ method: 'chat.postMessage', skip: call, error: 'internal_error' })
    await on().ask()
    await on().idle()
    for (let round = 0; round < 12; round++) {
      on().later(2_100)
      await on().idle()
    }
    expect(on().thread()).toHaveLength(THREAD.length)
    expect(on().thread()).toEqual(expect.arrayContaining(THREAD))
  })
})

describe('a message that somebody deleted', () => {
  it('is posted again as it should be now: the card', async () => {
    await on().ask()
    await on().settled()
    const [first] = on().cards()
    slack().deleteMessage(channels.route, first?.ts ?? '')
    await on().happen(withdraw)
    await on().settled()
    expect(on().cards()).toMatchObject([{ text: expect.stringContaining('Withdrawn') }])
    expect(on().cards()[0]?.ts).not.toBe(first?.ts)
    // What is new belongs to the thread that people can still see.
    expect(on().thread()).toContainEqual(expect.stringContaining('Withdrawn by'))
  })

  it('is found missing within minutes although nothing changes: the card, and its thread with it', async () => {
    await on().ask()
    await on().settled()
    slack().deleteMessage(channels.route, on().cards()[0]?.ts ?? '')
    expect(on().cards()).toEqual([])
    on().later(6 * 60_000)
    await until(() => on().cards()[0], 'the card again')
    await until(() => (on().thread().length === THREAD.length ? true : undefined), 'its thread')
    expect(on().thread()).toEqual(THREAD)
  })

  it('comes back at once with what is new, also where nothing of the card itself has changed', async () => {
    await on().ask({ remindAt: [Date.now() - 1_000] })
    await on().settled()
    slack().deleteMessage(channels.route, on().cards()[0]?.ts ?? '')
    await on().happen({ type: 'remind' })
    await on().settled()
    expect(on().thread()).toEqual([...THREAD, expect.stringContaining('still waiting')])
  })

  it('does not come back while nothing changes below the card', async () => {
    await on().ask()
    await on().settled()
    const [card] = on().cards()
    const [digest] = slack().thread(channels.route, card?.ts ?? '')
    slack().deleteMessage(channels.route, digest?.ts ?? '')
    await on().happen(withdraw)
    await on().settled()
    expect(on().thread()).toEqual(['merged-T00001.cfg', expect.stringContaining('Withdrawn by')])
  })
})

describe('where uploads are off', () => {
  const large = (characters: number): Partial<Pending> => {
    const line = '0123456789abcdef".-_-.~*`<&>{}\n'
    const spec = {
      ...sampleSpec(1),
      mergedConfig: line.repeat(Math.ceil(characters / line.length)).slice(0, characters),
    }
    return { spec, digest: digestOf(spec) }
  }
  const off = (code: string): SlackFaultRule => ({ method: 'files.getUploadURLExternal', error: code, times: 99 })
  const piecesOf = (): string =>
    slack()
      .thread(channels.route, on().cards()[0]?.ts ?? '')
      .filter(({ text }) => text.startsWith('Merged config'))
      .flatMap((reply) => reply.blocks)
      .filter((block) => block.type === 'rich_text')
      .map((block) => JSON.parse(JSON.stringify(block)).elements[0].elements[0].text)
      .join('\n')

  it.each<[string, SlackFaultRule]>([
    ['missing_scope', off('missing_scope')],
    ['access_denied', off('access_denied')],
    ['storage_limit_reached', off('storage_limit_reached')],
    ['no way to the address of the upload', { method: 'upload', unreachable: true, times: 99 }],
    ['a proxy that refuses the upload', { method: 'upload', status: 403, times: 99 }],
    ['a refusal at the last step', { method: 'files.completeUploadExternal', error: 'posting_denied', times: 99 }],
  ])('%s: the text is posted, and the operator is told once', async (_, fault) => {
    slack().fault(fault)
    await on().ask()
    await on().settled()
    expect(on().thread()).toEqual([THREAD[0], 'Merged config, whole, part 1 of 1'])
    expect(
      on()
        .told()
        .filter((said) => said.includes('Slack takes no files')),
    ).toHaveLength(1)
  })

  it.each(['file_uploads_disabled', 'file_type_not_allowed'])('%s: the config stands in chunks', async (code) => {
    slack().fault(off(code))
    const request = large(25_000)
    await on().ask(request)
    await on().settled()
    expect(on().thread()).toEqual([THREAD[0], ...[1, 2, 3].map((part) => `Merged config, whole, part ${part} of 3`)])
    const whole = (request.spec?.mergedConfig ?? '').replaceAll('\n', '')
    expect(piecesOf().replaceAll('\n', '')).toBe(whole)
    expect(at().simulator.violations()).toEqual([])
  })

  it('says so where something was left out', async () => {
    slack().fault(off('file_uploads_disabled'))
    await on().ask(large(120_000))
    await on().settled()
    const last = slack()
      .thread(channels.route, on().cards()[0]?.ts ?? '')
      .at(-1)
    expect(/cut|left out|more/.test(JSON.stringify(last))).toBe(true)
  })

  it('posts no chunk twice when an answer was lost', async () => {
    slack().fault(off('file_uploads_disabled'))
    // Card and digest go through; the second chunk is stored, but its answer is lost.
    slack().fault({ method: 'chat.postMessage', after: true, skip: 3 })
    await on().ask(large(25_000))
    await on().settled()
    expect(duplicates(on().thread())).toEqual([])
  })
})

describe('the largest request there can be', () => {
  it('is shown without Slack finding it too long, in every state', async () => {
    const base = sampleSpec(1)
    const hsms = Array.from({ length: 28 }, (_, number) => ({
      hsmId: asHsmId(`hsm-7eeeeeeee${10 + number}`),
      ip: `10.255.255.${100 + number}`,
    }))
    const servers = hsms.map((hsm) => `  { "name": "${hsm.ip}", "hostname": "${hsm.ip}" }`).join(',\n')
    const spec = {
      ...base,
      scope: { users: { kind: 'listed' as const, items: hsms.map(({ hsmId }) => hsmId) }, keys: base.scope.keys },
      destination: { ...base.destination, hsms },
      mergedConfig: `{\n${servers}\n}\n${'<&>"`*'.repeat(30_000)}`,
    }
    await on().ask({ spec, digest: digestOf(spec), reason: '<&>*_~` “long” '.repeat(400) })
    await on().settled()
    await on().happen(withdraw)
    await on().settled()
    const refused = slack().calls.filter((call) => call.response?.ok === false)
    expect(refused.map((call) => call.response)).toEqual([])
    expect(on().cards()).toMatchObject([{ text: expect.stringContaining('Withdrawn') }])
    expect(at().simulator.violations()).toEqual([])
  })
})

describe('a channel that may not be written to', () => {
  const route = () => slack().channel(channels.route)
  const direct = (user: string) =>
    slack()
      .directMessages(user)
      .map(({ text, blocks }) => text + JSON.stringify(blocks))
  const approve = { type: 'approve', by: people.approver } as const

  it.each([
    ['archived', { isArchived: true }, 'it is archived'],
    ['shared with another company', { isExtShared: true }, 'another company can read there now'],
    ['about to be shared', { isPendingExtShared: true }, 'another company can read there now'],
  ])(
    '%s: nothing more is posted there, and who asked and who decided are told directly, once a state',
    async (_, changes, why) => {
      await on().ask()
      await on().happen(approve)
      await on().settled()
      const before = JSON.stringify([on().cards(), on().thread()])
      Object.assign(route(), changes)
      await on().happen(withdraw)
      await on().idle()
      on().later(130_000)
      await on().idle()
      expect(JSON.stringify([on().cards(), on().thread()])).toBe(before)
      for (const person of [people.requester, people.approver]) {
        expect(direct(person).at(-1)).toContain(why)
        expect(direct(person).at(-1)).toContain('Withdrawn')
        expect(duplicates(direct(person))).toEqual([])
      }
      expect(direct(people.secondApprover)).toEqual([])

      Object.assign(route(), { isArchived: false, isExtShared: false, isPendingExtShared: false })
      await on().settled()
      expect(on().cards()).toMatchObject([{ text: expect.stringContaining('Withdrawn') }])
    },
  )

  it('is not written to either while Slack does not tell whether it is shared', async () => {
    slack().fault({ method: 'conversations.info', error: 'internal_error', times: 3 })
    await on().ask()
    await on().idle()
    expect(on().cards()).toEqual([])
    await on().settled()
    expect(on().thread()).toEqual(THREAD)
  })

  it('holds up nobody else’s message where one person takes none', async () => {
    await on().ask()
    await on().happen(approve)
    await on().settled()
    route().isArchived = true
    slack().fault({ method: 'chat.postMessage', error: 'messages_tab_disabled' })
    await on().happen(withdraw)
    await on().idle()
    expect(direct(people.requester)).toEqual([])
    expect(direct(people.approver)).not.toEqual([])
  })
})
