import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'

// A route that names who may ask, and asks for a ticket.

let stage: Stage
beforeAll(async () => {
  stage = await startStage({
    world: twoClusters(),
    required: 1,
    route: [`requesters: { users: [${people.requester}], userGroups: [S0BBBBBBB] }`, "ticket: 'CHG[0-9]{7}'"],
  })
})
afterAll(() => stage?.stop())

const slack = () => stage.simulator.slack
const cards = () => slack().messages(channels.route)

async function ask(by: string, reason: string): Promise<string> {
  const before = slack().ephemerals(by).length
  await slack().command(by, channels.route, '/hsm-sync', `prod-us prod-eu ${reason}`)
  const isAnswer = ({ text }: { readonly text: string }) => !text.startsWith('Checking')
  return (await until(() => slack().ephemerals(by).slice(before).find(isAnswer), 'an answer')).text
}

describe('a route with requesters and a ticket', () => {
  it('takes no ask of anybody else, and says whose it takes', async () => {
    expect(await ask(people.outsider, 'CHG0012345 new starters')).toContain('only these may ask: <@U0REQUEST1>')
  })

  it.each(['new starters', 'CHG12 new starters', 'XCHG0012345', 'CHG00123456'])(
    'asks for the ticket: %s',
    async (reason) => {
      expect(await ask(people.requester, reason)).toContain('must name a ticket: a word of the form `CHG[0-9]{7}`')
    },
  )

  it('shows the ticket on the card, binds it, and has it in the record', async () => {
    expect(await ask(people.requester, 'new starters (CHG0012345)')).toContain('is filed')
    const card = await until(() => cards()[0], 'a card')
    expect(JSON.stringify(card.blocks)).toContain('*Ticket:* `CHG0012345`')
    const [bound] = await until(
      () => (slack().thread(channels.route, card.ts).length > 0 ? slack().thread(channels.route, card.ts) : undefined),
      'the thread',
    )
    expect(bound?.text).toContain('scope, ticket, engine')

    // Who asked is no longer one of them: it does not run.
    slack().workspace.users.set(people.requester, { id: people.requester, name: 'r', flags: { is_restricted: true } })
    await stage.approve(card, people.approver)
    const stale = await stage.cardWith('Stale', card)
    expect(JSON.stringify(stale.blocks)).toContain('guests may not')
    slack().workspace.users.set(people.requester, { id: people.requester, name: 'r' })
    expect(stage.simulator.sessions()).toEqual([])
  })

  it('takes a member of its groups, and tells everybody in /hsm-help', async () => {
    expect(await ask(people.groupApprover, 'CHG0012345')).toContain('is filed')
    const before = slack().ephemerals(people.outsider).length
    await slack().command(people.outsider, channels.route, '/hsm-help', '')
    const help = await until(() => slack().ephemerals(people.outsider)[before], 'help')
    expect(JSON.stringify(help.blocks)).toContain(
      'asked by <@U0REQUEST1>, <!subteam^S0BBBBBBB>, with a ticket in the reason (`CHG[0-9]{7}`)',
    )
  })
})
