import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'
import { replyWith } from './story.ts'

// Deciding where there is no button to press: by a command, from anywhere, by the same rules. And forms that Slack does
// not open.

let stage: Stage
beforeAll(async () => {
  stage = await startStage({ world: twoClusters() })
})
afterAll(() => stage?.stop())
afterEach(async () => {
  Object.assign(slack().channel(channels.route), { isArchived: false, isExtShared: false })
  slack().clearFaults()
  const open = waiting()
  if (!open) return
  await type(people.requester, `${idOf(open)} withdraw`)
  await cardSays(open, 'Withdrawn')
})

const slack = () => stage.simulator.slack
const cards = () => slack().messages(channels.route)
const waiting = () => cards().find(({ text }) => text.includes('Waiting for approval'))
const idOf = ({ text }: MessageRecord) => /\((\w{6})\)/.exec(text)?.[1] ?? ''
const cardSays = ({ ts }: MessageRecord, words: string) =>
  until(() => cards().find((card) => card.ts === ts && card.text.includes(words)), words)

/** Types `/hsm-requests …`, and answers all that comes back, as text. */
async function type(by: string, text: string, from: string = channels.general): Promise<string> {
  const before = slack().ephemerals(by).length
  await slack().command(by, from, '/hsm-requests', text)
  const told = await until(() => slack().ephemerals(by)[before], 'an answer')
  return told.text + JSON.stringify(told.blocks)
}

describe('by a command', () => {
  it('an approval names the digest that the answer shows, and counts as a click does', async () => {
    const card = await stage.ask()
    const id = idOf(card)
    const shown = await type(people.approver, id)
    const command = new RegExp(`/hsm-requests ${id} (approve [0-9a-f]{12})`).exec(shown)?.[1] ?? ''
    expect(await type(people.approver, `${id} approve`)).toContain('An approval names what it is for')
    expect(await type(people.approver, `${id} approve 000000000000`)).toContain('is something else')
    expect(await type(people.approver, `${id} approve ${command.slice(8, 16)}`)).toContain('is something else')
    expect(await type(people.requester, `${id} ${command}`)).toContain('You asked for this yourself')
    expect(await type(people.outsider, `${id} ${command}`)).toContain("You are not on this route's list of approvers")
    expect(await type(people.approver, `${id} ${command}`)).toContain(`Your approval of \`${id}\` counts: 1 of 2.`)
    expect(await type(people.approver, `${id} ${command}`)).toContain('You decided already')
    // As it is pasted from the answer, with Slack's own formatting, and from a phone.
    expect(await type(people.secondApprover, `\`/hsm-requests ${id} ${command}\``)).toContain(
      'It is checked once more, and starts unless something holds it',
    )
    await expect(stage.finished(card)).resolves.toHaveProperty('text', expect.stringContaining('Succeeded'))
    const whole = await type(people.approver, id)
    expect(whole).toMatch(/refused-click/)
  })

  it('a rejection needs a reason, in the words it is typed in', async () => {
    const card = await stage.ask()
    const id = idOf(card)
    expect(await type(people.approver, `${id} reject`)).toContain('Say why')
    expect(await type(people.outsider, `${id} reject because`)).toContain("You are not on this route's list")
    expect(await type(people.approver, `${id} reject Not before the <audit> & the freeze`)).toContain('You rejected')
    const end = await cardSays(card, 'Rejected')
    expect(JSON.stringify(end.blocks)).toContain('Not before the &lt;audit&gt; &amp; the freeze')
  })

  it('only who asked can withdraw', async () => {
    const card = await stage.ask()
    const id = idOf(card)
    expect(await type(people.approver, `${id} withdraw`)).toContain('Only who asked can withdraw it')
    expect(await type(people.requester, `${id} withdraw`)).toContain('is withdrawn. Nothing has run.')
  })

  it.each([
    ['what is none of these is told what there is', '%s aprove', 'is nothing that can be done with a request'],
    ['an id that is none', 'ZZZZ approve 000000000000', 'There is no request'],
    ['words behind withdraw', '%s withdraw please', 'behind `withdraw` says nothing to me'],
  ])('%s', async (_, text, words) => {
    const card = await stage.ask()
    expect(await type(people.approver, text.replace('%s', idOf(card)))).toContain(words)
  })

  it('works while the channel is archived: who asked and who decided hear of it directly', async () => {
    const card = await stage.ask()
    const id = idOf(card)
    const digest = /approve ([0-9a-f]{12})/.exec(await type(people.approver, id))?.[1] ?? ''
    await until(() => (slack().thread(channels.route, card.ts).length > 1 ? true : undefined), 'the thread')
    slack().channel(channels.route).isArchived = true
    await type(people.approver, `${id} approve ${digest}`)
    expect(await type(people.secondApprover, `${id} approve ${digest}`)).toContain(
      'It is checked once more, and starts unless something holds it',
    )
    const told = await until(
      () =>
        slack()
          .directMessages(people.requester)
          .find(({ text }) => text.includes('Succeeded')),
      'the end, directly',
      180_000,
    )
    expect(JSON.stringify(told.blocks)).toContain('it is archived')
    expect(JSON.stringify(told.blocks)).toContain('already there')
    slack().channel(channels.route).isArchived = false
    await stage.finished(card)
  })

  it('nobody approves while another company reads in the channel; it can be rejected', async () => {
    const card = await stage.ask()
    const id = idOf(card)
    const digest = /approve ([0-9a-f]{12})/.exec(await type(people.approver, id))?.[1] ?? ''
    slack().channel(channels.route).isExtShared = true
    expect(await type(people.approver, `${id} approve ${digest}`)).toContain('is shared with another company')
    const before = slack().ephemerals(people.approver).length
    await slack().click(people.approver, { channel: channels.route, ts: card.ts }, 'approve')
    const no = await until(() => slack().ephemerals(people.approver)[before], 'a no')
    expect(no.text).toContain('is shared with another company')
    expect(await type(people.approver, `${id} reject shared channel`)).toContain('You rejected')
    slack().channel(channels.route).isExtShared = false
    await cardSays(card, 'Rejected')
  })
})

describe('a form that Slack does not open', () => {
  it.each([
    ['reject', 'expired_trigger_id', 'reject &lt;reason&gt;'],
    ['view_config', 'exchanged_trigger_id', 'which shows it too'],
  ])('%s: says what to do instead', async (button, error, words) => {
    const card = await stage.ask()
    slack().fault({ method: 'views.open', error })
    const before = slack().ephemerals(people.approver).length
    await slack().click(people.approver, { channel: channels.route, ts: card.ts }, button)
    const told = await until(() => slack().ephemerals(people.approver)[before], 'an answer')
    expect(told.text).toContain('Slack did not open the form.')
    expect(told.text).toContain(words)
    expect(told.text).not.toContain('Something in me broke')
  })
})

describe('a comparison', () => {
  beforeAll(async () => {
    await stage.stop()
    stage = await startStage({ world: twoClusters() })
  })

  it('ends with a button that asks for exactly what it found, once', async () => {
    const plan = await stage.ask('prod-us prod-eu mode=plan October')
    await stage.approve(plan, people.approver, people.groupApprover)
    await stage.finished(plan)
    const result = await replyWith(stage, plan, 'Succeeded: prod-us')
    expect(JSON.stringify(result.blocks)).toMatch(/Request exactly this: \d+ users? and \d+ keys?/)
    const before = cards().length
    await slack().click(people.requester, { channel: channels.route, ts: result.ts }, 'ask_exactly')
    const card = await until(() => cards()[before], 'a card')
    expect(card.text).toContain('sync prod-us → prod-eu')
    expect(JSON.stringify(card.blocks)).toContain(`exactly what comparison ${idOf(plan)} found: October`)
    await stage.approve(card, people.approver, people.groupApprover)
    await expect(stage.finished(card)).resolves.toHaveProperty('text', expect.stringContaining('Succeeded'))
  })
})
