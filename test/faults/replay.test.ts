import { afterEach, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import type { Delivery, MessageRecord } from '../simulator/slack/records.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'
import { auditLines, problemsShown, sessionsByOperation, storedRequest } from './evidence.ts'

/**
 * What Slack, a proxy or an attacker delivers more than once, too late, too early or all at the same time has one
 * effect.
 */
const stages: Stage[] = []
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.stop()
})

async function onStage(options: Parameters<typeof startStage>[0] = {}): Promise<Stage> {
  const stage = await startStage(options)
  stages.push(stage)
  return stage
}

const now = () => Math.floor(Date.now() / 1000)
const decisionsOf = async (stage: Stage) => (await storedRequest(databaseOf(stage))).decisions.map(({ by }) => by)
const databaseOf = (stage: Stage) => stage.env.DATABASE_URL ?? ''

describe('the same request again', () => {
  it('asks once, however often the command is delivered', async () => {
    const stage = await onStage()
    const { slack } = stage.simulator
    const delivery = await slack.command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu once only')
    await until(() => slack.messages(channels.route)[0], 'a card')
    const answered = await until(() => slack.ephemerals(people.requester).at(-1), 'an answer')
    const again = await Promise.all([slack.replay(delivery), slack.replay(delivery), slack.replay(delivery)])
    expect(again.map(({ status }) => status)).toEqual([200, 200, 200])
    await until(() => (ignored(stage) >= 3 ? true : undefined), 'three deliveries to be ignored')
    expect(slack.messages(channels.route)).toHaveLength(1)
    expect(slack.ephemerals(people.requester).at(-1)).toBe(answered)
  })

  it('approves once, however often the click is delivered', async () => {
    const stage = await onStage()
    const { slack } = stage.simulator
    const card = await stage.ask()
    const delivery = await slack.click(people.approver, card, 'approve')
    await Promise.all([slack.replay(delivery), slack.replay(delivery)])
    await until(() => (ignored(stage) >= 2 ? true : undefined), 'two deliveries to be ignored')
    await until(() => slack.ephemerals(people.approver)[0], 'an answer')
    expect(await decisionsOf(stage)).toEqual([people.approver])
    expect(slack.ephemerals(people.approver).map(({ text }) => text)).toEqual([
      expect.stringContaining('counts: 1 of 2'),
    ])
    expect((await auditLines(databaseOf(stage))).map(({ type }) => type)).not.toContain('refused-click')
  })

  it('takes the second of three equal deliveries when the process that had the first is gone', async () => {
    const stage = await onStage()
    const { slack } = stage.simulator
    const card = await stage.ask()
    const delivery = await slack.click(people.approver, card, 'approve')
    await until(() => slack.ephemerals(people.approver)[0], 'an answer')
    await stage.bot.stop('SIGKILL')
    await stage.restart()
    await Promise.all([slack.replay(delivery), slack.replay(delivery)])
    await until(() => (ignored(stage) >= 2 ? true : undefined), 'two deliveries to be ignored')
    expect(await decisionsOf(stage)).toEqual([people.approver])
  })
})

describe('a request whose time is wrong', () => {
  it('has no effect, signed or not; the same one at its time has', async () => {
    const stage = await onStage()
    const { slack } = stage.simulator
    const card = await stage.ask()
    const first = await slack.click(people.approver, card, 'approve')
    await until(() => slack.ephemerals(people.approver)[0], 'an answer')
    const forged = asClickOf(first, people.secondApprover)

    expect((await slack.replay(forged, { timestamp: now() - 301 })).status).toBe(401)
    expect((await slack.replay(forged, { timestamp: now() - 86_400 })).status).toBe(401)
    // Rightly signed for another body, and not signed at all.
    expect((await slack.replay({ ...forged, headers: first.headers })).status).toBe(401)
    expect((await slack.replay(forged, { timestamp: now(), headers: { 'x-slack-signature': '' } })).status).toBe(401)
    // From the future it may be acknowledged, but it does nothing.
    await slack.replay(forged, { timestamp: now() + 3_600 })
    await until(() => (stage.bot.log().includes('a delivery from the future') ? true : undefined), 'it to be ignored')
    expect(await decisionsOf(stage)).toEqual([people.approver])
    expect(slack.ephemerals().filter(({ text }) => text.includes('counts'))).toHaveLength(1)

    expect((await slack.replay(forged, { timestamp: now() })).status).toBe(200)
    await until(() => slack.ephemerals().find(({ text }) => text.includes('counts: 2 of 2')), 'an answer')
    expect(await decisionsOf(stage)).toEqual([people.approver, people.secondApprover])
  })
})

describe('many clicks at once', () => {
  it('counts both of two approvers who click in the same instant', async () => {
    const stage = await onStage()
    const { slack } = stage.simulator
    const card = await stage.ask()
    await Promise.all([people.approver, people.groupApprover].map((person) => slack.click(person, card, 'approve')))
    expect((await stage.finished(card)).text).toContain('Succeeded')
    expect([...(await decisionsOf(stage))].sort()).toEqual([people.approver, people.groupApprover].sort())
    expect(await problemsShown(stage)).toEqual([])
  })

  it('takes one of approve and withdraw in the same instant, and tells the other', async () => {
    const stage = await onStage({ required: 1 })
    const { slack } = stage.simulator
    const card = await stage.ask()
    await Promise.all([slack.click(people.requester, card, 'withdraw'), slack.click(people.approver, card, 'approve')])
    await until(() => slack.ephemerals(people.approver)[0], 'an answer')
    await stage.finished(card)
    const { state, decisions } = await storedRequest(databaseOf(stage))
    // Withdrawn before or after the approval: nothing was written either way.
    expect(['withdrawn', 'failed']).toContain(state)
    if (decisions.length === 0) expect(slack.ephemerals(people.approver)[0]?.text).toContain('Too late to approve')
    expect(await problemsShown(stage)).toEqual([])
  })

  it('gives two hundred clicks of twenty people one run and a right answer each', { timeout: 300_000 }, async () => {
    const stage = await onStage({ world: crowdedWorld() })
    const { slack } = stage.simulator
    const card = await stage.ask()
    const answersBefore = slack.ephemerals().length
    const crowd = stage.simulator.slack.workspace.spec.users.map(({ id }) => id)
    expect(crowd).toHaveLength(20)

    // Five people at a time, the three approvers among the first: more would be a test of the machine.
    const clicks: Delivery[] = []
    for (let at = 0; at < crowd.length; at += 5) {
      const some = crowd.slice(at, at + 5).map((person) => clickTenTimes(stage, card, person))
      clicks.push(...(await Promise.all(some)).flat())
    }
    expect(clicks).toHaveLength(200)
    // Two clicks of one person within a millisecond are one to the simulator's clock.
    const distinct = new Set(clicks.map(nameOf))
    expect(distinct.size).toBeGreaterThan(180)
    const answers = await until(
      () => {
        const all = slack.ephemerals().slice(answersBefore)
        return all.length >= distinct.size ? all : undefined
      },
      'an answer to every click',
      60_000,
    )
    expect((await stage.finished(card)).text).toContain('Succeeded')
    expect(slack.ephemerals().slice(answersBefore)).toHaveLength(distinct.size)

    const counted = answers.filter(({ text }) => / counts: [12] of 2/.test(text))
    expect(counted.map(({ text }) => /counts: (\d)/.exec(text)?.[1]).sort()).toEqual(['1', '2'])
    expect(counted.map(({ user }) => user).sort()).toEqual([...(await decisionsOf(stage))].sort())
    for (const { user, text } of answers) if (!/ counts: /.test(text)) expect(text, user).toMatch(rightAnswer(user))

    const audit = await auditLines(databaseOf(stage))
    const times = (type: string) => audit.filter((row) => row.type === type).length
    expect(times('approved')).toBe(2)
    expect(times('refused-click')).toBe(distinct.size - 2)
    expect(times('running')).toBe(1)
    expect(sessionsByOperation(stage.simulator).size).toBe(7)
    expect(await problemsShown(stage)).toEqual([])
    expect(stage.simulator.violations()).toEqual([])
  })
})

/** How many deliveries the bot said it had seen before. */
function ignored({ bot }: Stage): number {
  return bot.log().split('the same delivery came again').length - 1
}

/** The same click by somebody else, never delivered before. */
function asClickOf(delivery: Delivery, person: string): Delivery {
  const payload = structuredClone(delivery.payload)
  Object.assign(payload.user ?? {}, { id: person })
  const [action] = Array.isArray(payload.actions) ? payload.actions : []
  Object.assign(action, { action_ts: `${(Date.now() / 1000).toFixed(6)}` })
  return { ...delivery, payload, body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString() }
}

async function clickTenTimes({ simulator }: Stage, card: MessageRecord, person: string): Promise<Delivery[]> {
  const buttons = card.blocks.findLast((block) => block.type === 'actions')
  const request = /\(([0-9A-Z]{6})\)/.exec(card.text)?.[1] ?? ''
  const click = { channel: card.channel, ts: card.ts, blockId: String(buttons?.block_id), actionId: 'approve' }
  const deliveries: Delivery[] = []
  for (let time = 0; time < 10; time++)
    deliveries.push(await simulator.slack.clickAs(person, { ...click, value: request }))
  return deliveries
}

function nameOf({ payload }: Delivery): string {
  return JSON.stringify([payload.user, payload.actions])
}

/**
 * The rule that refuses this person, whatever the moment; approvers are refused for having decided, or for being too
 * late.
 */
function rightAnswer(user: string): RegExp {
  switch (user) {
    case people.requester:
      return /You asked for this yourself/
    case people.approver:
    case people.secondApprover:
    case people.groupApprover:
      return /You decided already|Too late to approve/
    case people.guest:
    case people.multiChannelGuest:
      return /full members of this workspace: guests may not/
    case people.bot:
      return /full members of this workspace: a bot may not/
    case people.stranger:
      return /full members of this workspace: people from other companies/
    case people.deactivated:
      return /full members of this workspace: a deactivated account/
    default:
      return /not on this route's list of approvers/
  }
}

/** Ten more colleagues, none of them an approver. */
function crowdedWorld(): WorldSpec {
  const world = twoClusters()
  const more = Array.from({ length: 10 }, (_, at) => ({ id: `U0CROWD00${at}`, name: `colleague-${at}` }))
  return { ...world, slack: { ...world.slack, users: [...world.slack.users, ...more] } }
}
