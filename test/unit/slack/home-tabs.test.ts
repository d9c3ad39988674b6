import { expect, it } from 'vitest'
import { SlackProblem } from '../../../src/adapters/slack/api/web.ts'
import { startHomeTabs } from '../../../src/adapters/slack/outgoing/home-tabs.ts'
import type { RequestId } from '../../../src/domain/ids.ts'
import type { Request } from '../../../src/domain/request.ts'
import { REQUEST_ID, request, spec } from '../../fixtures/examples.ts'
import { SECOND, START, Time } from '../../simulation/time.ts'

type Deps = Parameters<typeof startHomeTabs>[0]

/** Homes over a store, a Slack and a clock that the test moves. */
function homes() {
  const time = new Time()
  const { source, destination } = spec()
  const route = { source, destination, required: 1, approvers: { users: [], userGroups: ['S0GROUP'] } }
  const open: Request[] = [request('pending')]
  const unreadable: RequestId[] = []
  const published: { readonly at: number; readonly user: string; readonly text: string }[] = []
  const asked: string[] = []
  const slack: {
    refuses?: SlackProblem | undefined
    isSilent?: boolean
    hidesGroups?: boolean
    lacksCard?: boolean
    hasNoLinks?: boolean
  } = {}
  const deps = {
    landscape: { routes: [route], clusters: [source, destination] },
    store: {
      list: async ({ byPeople }: { readonly byPeople?: boolean }) => ({
        requests: byPeople ? [] : [...open],
        unreadable: byPeople ? ['8BBB', ...unreadable].slice(unreadable.length === 0 ? 1 : 0) : unreadable,
      }),
      frozen: async () => undefined,
      posted: async () => (slack.lacksCard ? [] : [{ slot: 'card', ts: '17.1' }]),
    },
    engines: {},
    workspace: {
      person: async (id: string) => {
        asked.push(id)
        if (slack.isSilent) throw new Error('Slack does not answer')
        return id === 'U0GUEST' ? { id, flaw: 'guest' } : { id }
      },
      membersOf: async (group: string) => {
        asked.push(group)
        if (slack.hidesGroups) throw new Error('Slack does not answer')
        return ['U0ALICE', 'U0', 'U1', 'U2', 'U3', 'U4', 'U5', 'U6', 'U7', 'U8', 'U9']
      },
    },
    web: {
      publishHome: async (user: string, view: { readonly blocks: unknown }) => {
        const { refuses } = slack
        slack.refuses = undefined
        if (refuses) throw refuses
        published.push({ at: time.now, user, text: JSON.stringify(view.blocks) })
      },
      permalink: async (_: string, ts: string) => {
        asked.push(ts)
        return slack.hasNoLinks ? undefined : `https://example.slack.com/p${ts}`
      },
    },
    clock: { now: () => time.now, sleep: (ms: number) => time.sleep(ms) },
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as Deps
  const tabs = startHomeTabs(deps)
  const pass = async (ms: number) => {
    let isOver = false
    time.after(ms, () => (isOver = true))
    await time.run(() => isOver)
  }
  return { tabs, open, unreadable, published, asked, slack, pass, time }
}

it('shows a change within ten seconds to ten people who have it open, and no faster than Slack takes it', async () => {
  const { tabs, open, published, pass, time } = homes()
  const people = Array.from({ length: 10 }, (_, n) => `U${n}`)
  for (const user of people) tabs.opened(user)
  await pass(20 * SECOND)
  expect(published.map(({ user }) => user).sort()).toEqual(people)
  expect(published[0]?.text).toContain('<https://example.slack.com/p17.1|7Q2F>')
  await pass(1_300)
  const changedAt = time.now
  open.length = 0
  await pass(10 * SECOND)
  const after = published.filter(({ at }) => at >= changedAt)
  expect(after.map(({ user }) => user).sort()).toEqual(people)
  expect(after.every(({ text }) => text.includes('Nothing that you may decide'))).toBe(true)
  const gaps = published.slice(1).map(({ at }, n) => at - (published[n]?.at ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(600)
  await pass(60 * SECOND)
  expect(published).toHaveLength(20)
})

it('asks Slack once a minute who somebody is and who is in a group, for all homes together', async () => {
  const { tabs, open, asked, pass } = homes()
  for (const user of ['U0ALICE', 'U0BOB']) tabs.opened(user)
  await pass(20 * SECOND)
  open.push({ ...request('pending'), reason: 'another one' })
  await pass(20 * SECOND)
  expect(asked.filter((one) => one !== '17.1').toSorted()).toEqual(['S0GROUP', 'U0ALICE', 'U0BOB'])
  await pass(30 * SECOND)
  open.pop()
  await pass(20 * SECOND)
  expect(asked.filter((one) => one === 'S0GROUP')).toHaveLength(2)
})

it('waits as long as Slack says before it shows the next one', async () => {
  const { tabs, published, slack, pass } = homes()
  slack.refuses = new SlackProblem('ratelimited', undefined, 12 * SECOND)
  const people = Array.from({ length: 6 }, (_, n) => `U${n}`)
  for (const user of people) tabs.opened(user)
  await pass(30 * SECOND)
  expect(published.map(({ user }) => user).sort()).toEqual(people)
  // Those that were on their way came through.
  expect(published[3]?.at).toBeGreaterThanOrEqual(START + 12 * SECOND)
})

it('shows all of it once Slack tells who somebody is, although nothing has changed', async () => {
  const { tabs, published, slack, pass } = homes()
  slack.isSilent = true
  tabs.opened('U0ALICE')
  await pass(30 * SECOND)
  expect(published).toHaveLength(1)
  expect(published[0]?.text).not.toContain('7Q2F')
  slack.isSilent = false
  await pass(60 * SECOND)
  expect(published).toHaveLength(2)
  expect(published[1]?.text).toContain('7Q2F')
})

it('shows what waits once Slack tells who is in a group, and writes nothing while it does not', async () => {
  const { tabs, published, slack, pass } = homes()
  slack.hidesGroups = true
  tabs.opened('U1')
  await pass(5 * 60 * SECOND)
  expect(published).toHaveLength(1)
  expect(published[0]?.text).toContain('is not known')
  expect(published[0]?.text).not.toContain('approvals, expires')
  slack.hidesGroups = false
  await pass(70 * SECOND)
  expect(published).toHaveLength(2)
  expect(published[1]?.text).toContain('approvals, expires')
  expect(published[1]?.text).not.toContain('is not known')
})

it('links to a card that is posted later, although nothing else has changed', async () => {
  const { tabs, published, slack, pass } = homes()
  slack.lacksCard = true
  tabs.opened('U0ALICE')
  await pass(20 * SECOND)
  slack.lacksCard = false
  await pass(10 * SECOND)
  expect(published.map(({ text }) => text.includes('https://example.slack.com/p17.1'))).toEqual([false, true])
})

it('asks once a minute for the address of a card that Slack does not tell', async () => {
  const { tabs, published, asked, slack, pass } = homes()
  slack.hasNoLinks = true
  for (const user of ['U0ALICE', 'U1', 'U2']) tabs.opened(user)
  await pass(5 * 60 * SECOND)
  expect(published).toHaveLength(3)
  expect(asked.filter((one) => one === '17.1').length).toBeLessThanOrEqual(6)
})

it('writes nothing to a home that a change does not concern', async () => {
  const { tabs, open, published, pass } = homes()
  tabs.opened('U0CAROL')
  await pass(10 * SECOND)
  open.push({ ...request('pending'), reason: 'another one' })
  await pass(10 * SECOND)
  expect(published).toHaveLength(1)
})

it('says of nothing that there is none while a request cannot be read', async () => {
  const { tabs, open, unreadable, published, pass } = homes()
  open.pop()
  tabs.opened('U1')
  await pass(5 * SECOND)
  unreadable.push(REQUEST_ID)
  await pass(5 * SECOND)
  const claims = ['Nothing that you may decide', 'Nothing that you asked for is open', '"Nothing."', 'has run lately."']
  const [before, after] = published.map(({ text }) => text)
  for (const claim of claims) expect(before).toContain(claim)
  for (const claim of claims) expect(after).not.toContain(claim)
  expect(after).toContain('2 requests that this version of me cannot read: `7Q2F`, `8BBB`')
})

it('shows strangers nothing of it', async () => {
  const { tabs, published, pass } = homes()
  tabs.opened('U0GUEST')
  await pass(10 * SECOND)
  expect(published).toHaveLength(1)
  expect(published[0]?.text).not.toContain('7Q2F')
})
