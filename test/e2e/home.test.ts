import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { messageText, steady } from '../harness/thread-text.ts'
import { isJsonList, type Json } from '../simulator/json.ts'
import { channels, people } from '../simulator/worlds.ts'

// The home tab of the real bot: right for each person, and soon after each change.

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.stop())

const opens = (user: string) =>
  stage.simulator.slack.event({ type: 'app_home_opened', user, channel: 'D0', tab: 'home', event_ts: '1.1' })

/** The texts of a home, part by part. */
function homeOf(user: string): Record<string, string> {
  const view: Json = stage.simulator.slack.workspace.homes.get(user) ?? { blocks: [] }
  const parts: Record<string, string> = {}
  let part = ''
  for (const block of view.blocks as readonly { type: string; text?: { text: string }; elements?: unknown }[]) {
    if (block.type === 'header') part = block.text?.text ?? ''
    else parts[part] = `${parts[part] ?? ''}${block.text?.text ?? JSON.stringify(block.elements)}\n`
  }
  return parts
}

/** A home as people read it. */
function homeText(user: string): string {
  const blocks = stage.simulator.slack.workspace.homes.get(user)?.blocks
  return readable({ text: '', blocks: isJsonList(blocks) ? blocks : [] })
}

async function statusText(): Promise<string> {
  const { slack } = stage.simulator
  const before = slack.ephemerals(people.outsider).length
  await slack.command(people.outsider, channels.route, '/hsm-status', '')
  return readable(await until(() => slack.ephemerals(people.outsider)[before], 'the status'))
}

/** Without what differs from run to run. */
function readable(message: Parameters<typeof messageText>[0]): string {
  const text = steady(messageText(message)).replace(/<http[^|]*\|[0-9A-Z]{6}>/g, '<LINK|REQID>')
  return `${text.replace(/`[0-9A-Z]{6}`/g, '`REQID`')}\n`
}

const showing = (user: string, part: string, words: RegExp) =>
  until(() => (words.test(homeOf(user)[part] ?? '') ? homeOf(user) : undefined), `${words} in "${part}"`, 10_000)

it('shows each what waits for them, with what is missing, and follows every change within ten seconds', async () => {
  const card = await stage.ask()
  for (const user of [people.requester, people.approver, people.secondApprover]) await opens(user)
  await showing(people.approver, 'Waiting for you', /0 of 2 approvals, expires/)
  const own = await showing(people.requester, 'Yours', /0 of 2 approvals/)
  expect(own['Waiting for you']).toContain('Nothing that you may decide')
  expect(own.Routes).toContain('is not watched')
  expect(homeOf(people.approver)['Waiting for you']).toMatch(/<http[^|]*\|[A-Z0-9]{6}>/)
  await expect(homeText(people.approver)).toMatchFileSnapshot('golden/home-waiting.txt')
  await expect(await statusText()).toMatchFileSnapshot('golden/status-open.txt')

  await stage.approve(card, people.approver)
  await showing(people.approver, 'Waiting for you', /Nothing that you may decide/)
  await showing(people.secondApprover, 'Waiting for you', /1 of 2 approvals/)
  await stage.approve(card, people.secondApprover)
  await showing(people.requester, 'Running now', /prod-eu/)
  await stage.finished(card)
  const end = await showing(people.secondApprover, 'Last outcomes', /Succeeded/)
  expect(end.Yours).toContain('Nothing that you asked for')
  await expect(homeText(people.secondApprover)).toMatchFileSnapshot('golden/home-after.txt')
  await expect(await statusText()).toMatchFileSnapshot('golden/status-after.txt')
  expect(stage.simulator.slack.violations).toEqual([])
})

it('shows nothing to a guest, and is not written to Slack while nothing changes', async () => {
  await opens(people.guest)
  const [text] = Object.values(await showing(people.guest, '', /guests may not/))
  expect(text).not.toContain('prod-eu')
  const published = () => stage.simulator.slack.calls.filter(({ method }) => method === 'views.publish').length
  const before = published()
  await new Promise((resolve) => setTimeout(resolve, 11_000))
  expect(published()).toBe(before)
  expect(stage.simulator.slack.messages(channels.route)).toHaveLength(1)
})

it('a shortcut opens the form from anywhere, and its answers come directly', async () => {
  const { slack } = stage.simulator
  await slack.shortcut(people.requester, 'request_sync')
  const form = await until(() => slack.views(people.requester).find(({ state }) => state === 'open'), 'the form')
  await slack.submitView(people.requester, form, { reason: { value: 'from the shortcut' }, mode: { value: 'plan' } })
  const told = () => slack.directMessages(people.requester).map(({ text }) => text)
  await until(() => (told().some((text) => /is filed/.test(text)) ? true : undefined), 'a direct answer')
  await stage.cardWith('Waiting for approval')
  expect(slack.violations).toEqual([])
})
