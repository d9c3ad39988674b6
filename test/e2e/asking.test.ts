import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'
import { replyWith } from './story.ts'

// Who may ask, from where, and that only what can be approved is filed. The route lists a group that was deleted,
// before one that is there.

const DEAD = 'S0DELETED01'
const LIVE = 'S0BBBBBBB'
let stage: Stage
beforeAll(async () => {
  stage = await startStage({ world: twoClusters(), userGroups: [DEAD, LIVE] })
})
afterAll(() => stage?.stop())

afterEach(async () => {
  const { slack } = stage.simulator
  slack.channel(channels.route).isArchived = false
  slack.workspace.userGroups.set(LIVE, [people.groupApprover])
  for (const id of [people.approver, people.secondApprover]) slack.workspace.users.set(id, { id, name: id })
  const open = waiting()
  if (!open) return
  await slack.click(people.requester, { channel: channels.route, ts: open.ts }, 'withdraw')
  await until(() => cards().find(({ ts, text }) => ts === open.ts && text.includes('Withdrawn')), 'the end of it')
})

const cards = () => stage.simulator.slack.messages(channels.route)
const waiting = () => cards().find(({ text }) => text.includes('Waiting for approval'))

/** Types the command, and answers what comes after "Checking …". */
async function answer(from: string = channels.route, by: string = people.requester): Promise<string> {
  const { slack } = stage.simulator
  const before = slack.ephemerals(by).length
  await slack.command(by, from, '/hsm-sync', 'prod-us prod-eu new starters')
  const told = await until(
    () =>
      slack
        .ephemerals(by)
        .slice(before)
        .find(({ text }) => !text.startsWith('Checking')),
    'an answer',
  )
  if (told.text.includes('is filed')) await until(waiting, 'a card')
  return told.text
}

function gone(...ids: readonly string[]): void {
  for (const id of ids) stage.simulator.slack.workspace.users.set(id, { id, name: id, flags: { deleted: true } })
}

describe('where somebody asks', () => {
  it.each(['missing_scope', 'channel_not_found', 'internal_error'])(
    'need not be visible, as a direct message is not (%s): nothing is posted there',
    async (error) => {
      stage.simulator.slack.fault({
        method: 'conversations.info',
        error,
        when: ({ channel }) => channel === channels.general,
      })
      expect(await answer(channels.general)).toContain(
        'is filed: a sync of all keys and all users (crypto officers included). Its card',
      )
    },
  )

  it('must not be read by another company', async () => {
    expect(await answer(channels.shared)).toContain('is shared with another company')
  })
})

describe("the route's channel", () => {
  it('that is archived takes no request, and it is said who can mend that', async () => {
    stage.simulator.slack.channel(channels.route).isArchived = true
    expect(await answer(channels.general)).toMatch(/is archived\. Somebody who may manage channels must unarchive it/)
  })

  it('that Slack does not tell about: why, in words, with what to do', async () => {
    stage.simulator.slack.fault({
      method: 'conversations.info',
      error: 'missing_scope',
      when: ({ channel }) => channel === channels.route,
    })
    const told = await answer(channels.general)
    expect(told).toContain('who runs me must install it again with the scopes of its manifest')
    expect(told).not.toContain('identity-unknown')
  })
})

describe('only what can be approved is filed', () => {
  it('with two people left, though a group is gone: filed, and the operator reads of the group', async () => {
    gone(people.secondApprover)
    expect(await answer()).toContain('is filed')
    expect(stage.bot.log()).toMatch(new RegExp(`"group":"${DEAD}".*Slack does not show a user group`))
    const card = await until(waiting, 'a card')
    expect(JSON.stringify(card.blocks)).toContain(`Slack does not show me who is in <!subteam^${DEAD}>`)
  })

  it('the group that is gone is named in /hsm-help, and in the log once', async () => {
    expect(await answer()).toContain('is filed')
    expect(stage.bot.log().match(/Slack does not show a user group/g)).toHaveLength(1)
    const before = stage.simulator.slack.ephemerals(people.outsider).length
    await stage.simulator.slack.command(people.outsider, channels.general, '/hsm-help', '')
    const help = await until(() => stage.simulator.slack.ephemerals(people.outsider)[before], 'help')
    expect(JSON.stringify(help.blocks)).toContain(`the members of <!subteam^${DEAD}>: for now nobody counts as one`)
  })

  it('with one left of two that are needed: refused, with the group that is gone', async () => {
    gone(people.secondApprover)
    stage.simulator.slack.workspace.userGroups.set(LIVE, [])
    const told = await answer()
    expect(told).toContain(
      'The route `prod-us` → `prod-eu` needs 2 approvals, and among the full members of this workspace',
    )
    expect(told).toContain('besides you only 1 who could')
    expect(told).toContain(
      `Of user group \`${DEAD}\` I cannot see the members, so whether one of them could is not known`,
    )
    expect(waiting()).toBeUndefined()
  })

  it('where only who asks is left: refused', async () => {
    gone(people.secondApprover)
    stage.simulator.slack.workspace.userGroups.set(LIVE, [people.guest, people.approver])
    expect(await answer(channels.route, people.approver)).toContain('nobody besides you who could give one')
  })

  it('a member of a live group approves, though another group of the route is gone', async () => {
    expect(await answer()).toContain('is filed')
    const card = await until(waiting, 'a card')
    const place: Pick<MessageRecord, 'channel' | 'ts'> = { channel: channels.route, ts: card.ts }
    await stage.simulator.slack.click(people.groupApprover, place, 'approve')
    await replyWith(stage, place, `<@${people.groupApprover}> approved it`)
    // Somebody in no group that is there may be in the one that is gone: that is not "not on the list".
    const before = stage.simulator.slack.ephemerals(people.outsider).length
    await stage.simulator.slack.click(people.outsider, place, 'approve')
    const told = await until(() => stage.simulator.slack.ephemerals(people.outsider)[before], 'an answer')
    expect(told.text).toContain('Slack has no such user group')
  })
})
