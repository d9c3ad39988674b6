import { afterEach, describe, expect, it } from 'vitest'
import { type Stage, type StageOptions, startStage, until } from '../harness/stage.ts'
import { channels, people } from '../simulator/worlds.ts'

// What was acknowledged is never lost: the bot is killed, or stopped, between its acknowledgement and its answer.

let stage: Stage
afterEach(() => stage?.stop())

async function onStage(options: StageOptions = {}): Promise<void> {
  stage = await startStage({ required: 1, ...options })
}

const slack = () => stage.simulator.slack
const cards = () => slack().messages(channels.route)
const told = (user: string) =>
  slack()
    .ephemerals(user)
    .map(({ text }) => text)
const answered = (user: string, words: string) =>
  until(() => told(user).find((text) => text.includes(words)), `"${words}"`)

async function killedAndBack(): Promise<void> {
  await stage.bot.stop('SIGKILL')
  slack().clearFaults()
  stage.simulator.aws.clearFaults()
  await stage.restart()
}

describe('killed after the acknowledgement', () => {
  it.each(['HTTP', 'Socket Mode'])('an ask is filed once, and answered: %s', async (mode) => {
    await onStage({ socketMode: mode === 'Socket Mode' })
    stage.simulator.aws.fault({ operation: 'DescribeClusters', delayMs: 60_000, times: 2 })
    await slack().command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu new starters')
    await killedAndBack()
    await answered(people.requester, 'is filed')
    await until(() => cards()[0], 'a card')
    expect(cards()).toHaveLength(1)
    expect(told(people.requester).filter((text) => text.includes('is filed'))).toHaveLength(1)
    expect(stage.simulator.violations()).toEqual([])
  })

  it('an ask that was filed, but not answered, is answered and not filed again', async () => {
    await onStage()
    slack().fault({ method: 'response_url', delayMs: 60_000, times: 9 })
    await slack().command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu new starters')
    await until(() => cards()[0], 'a card')
    await killedAndBack()
    await answered(people.requester, 'is filed')
    expect(told(people.requester).join()).not.toContain('is still open')
    expect(cards()).toHaveLength(1)
  })

  it('an approval counts once, and whoever gave it hears so, whether it was stored before or not', async () => {
    await onStage({ required: 2 })
    const card = await stage.ask()
    slack().fault({ method: 'users.info', delayMs: 60_000, times: 9 })
    await stage.approve(card, people.approver)
    await killedAndBack()
    await answered(people.approver, 'counts: 1 of 2')
    slack().fault({ method: 'response_url', delayMs: 60_000, times: 9 })
    await stage.approve(card, people.secondApprover)
    await stage.cardWith('Running', card).catch(() => undefined)
    await killedAndBack()
    await answered(people.secondApprover, 'counts: 2 of 2')
    await expect(stage.finished(card)).resolves.toHaveProperty('text', expect.stringContaining('Succeeded'))
    expect(told(people.secondApprover).join()).not.toContain('decided already')
  })

  it('a rejection with its reason', async () => {
    await onStage()
    const card = await stage.ask()
    await slack().click(people.approver, { channel: channels.route, ts: card.ts }, 'reject')
    const view = await until(() => slack().views(people.approver)[0], 'the form')
    slack().fault({ method: 'users.info', delayMs: 60_000, times: 9 })
    await slack().submitView(people.approver, view, { reason: { text: 'not in this freeze' } })
    await killedAndBack()
    const end = await stage.cardWith('Rejected', card)
    expect(JSON.stringify(end.blocks)).toContain('not in this freeze')
  })
})

describe('stopped in the middle', () => {
  it('says so where there is no answer yet, and gives it once it is back', async () => {
    await onStage()
    stage.simulator.aws.fault({ operation: 'DescribeClusters', delayMs: 60_000, times: 2 })
    await slack().command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu new starters')
    await stage.bot.stop()
    expect(told(people.requester).at(-1)).toContain('I am being restarted in the middle of this. It is stored')
    stage.simulator.aws.clearFaults()
    await stage.restart()
    await answered(people.requester, 'is filed')
    await until(() => cards()[0], 'a card')
    expect(cards()).toHaveLength(1)
  })
})
