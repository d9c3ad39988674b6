import { expect, it } from 'vitest'
import { SlackProblem } from '../../../src/adapters/slack/api/web.ts'
import { messageForms } from '../../../src/adapters/slack/outgoing/forms.ts'
import { type Block, type Message, pre, section } from '../../../src/adapters/slack/views/blocks.ts'
import { plan } from '../../../src/adapters/slack/views/newest-blocks.ts'

const DAY = 24 * 3_600_000
const message: Message = {
  text: 'Three of four',
  blocks: [section('as text')],
  newest: [plan('run:1', 'Three of four', [{ id: 'one', title: 'One', status: 'complete', lines: [] }])],
}

function workspace(refuses: (blocks: readonly Block[]) => string | undefined) {
  let now = 1_000
  const sent: string[] = []
  const told: string[] = []
  const bare: string[] = []
  const forms = messageForms({ now: () => now, sleep: async () => undefined }, (code) => void told.push(code))
  const send = (what: Message) =>
    forms.send(
      what,
      async ({ blocks }) => {
        sent.push(blocks.map(({ type }) => type).join(' ') || 'bare text')
        const problem = refuses(blocks)
        if (problem) throw new SlackProblem(problem, undefined)
      },
      (code) => void bare.push(code),
    )
  return { send, sent, told, bare, later: (ms: number) => (now += ms) }
}

const has = (type: string) => (blocks: readonly Block[]) =>
  blocks.some((block) => block.type === type) ? 'invalid_blocks' : undefined

it('sends the newest blocks where the workspace takes them', async () => {
  const { send, sent, told } = workspace(() => undefined)
  await send(message)
  expect([sent, told]).toEqual([['plan'], []])
})

it('remembers for a day that it does not, and says so once', async () => {
  const { send, sent, told, bare, later } = workspace(has('plan'))
  await send(message)
  await send(message)
  expect(sent).toEqual(['plan', 'section', 'section'])
  later(DAY)
  await send(message)
  expect(sent.slice(3)).toEqual(['plan', 'section'])
  expect([told.length, bare]).toEqual([2, []])
})

it('falls back to bare text where Slack takes no blocks at all', async () => {
  const { send, sent, bare } = workspace((blocks) => (blocks.length > 0 ? 'invalid_blocks' : undefined))
  await send(message)
  expect([sent, bare]).toEqual([['plan', 'section', 'bare text'], ['invalid_blocks']])
})

it('does not take another refusal for one of the form', async () => {
  const { send, sent, told } = workspace(() => 'is_archived')
  await expect(send(message)).rejects.toThrow('is_archived')
  expect([sent, told]).toEqual([['plan'], []])
})

it.each(['invalid_arguments', 'some_word_of_tomorrow'])(
  'takes %s for a refusal of the newest blocks where the same is taken without them',
  async (word) => {
    const { send, sent, told } = workspace((blocks) => (blocks.some(({ type }) => type === 'plan') ? word : undefined))
    await send(message)
    await send(message)
    expect([sent, told]).toEqual([['plan', 'section', 'section'], [word]])
  },
)

it('does not remember what is the message’s own fault', async () => {
  const { send, sent, told } = workspace((blocks) => (blocks.length > 0 ? 'msg_too_long' : undefined))
  await send(message)
  await send(message)
  expect([sent, told]).toEqual([['plan', 'section', 'bare text', 'plan', 'section', 'bare text'], []])
})

it('leaves nothing out of the newest blocks: what does not fit is sent in the others', async () => {
  const { send, sent, told } = workspace(() => undefined)
  await send({
    ...message,
    newest: [...(message.newest ?? []), ...Array.from({ length: 5 }, () => pre('x'.repeat(2_900)))],
  })
  expect([sent, told]).toEqual([['section'], []])
})
