import type { ViewSubmitAction } from '@slack/bolt'
import { describe, expect, it } from 'vitest'
import { type Form, fromForm } from '../../../src/adapters/slack/incoming/deliveries.ts'
import { commandLine, parseSync } from '../../../src/adapters/slack/incoming/grammar.ts'
import { readForm } from '../../../src/adapters/slack/incoming/sync-form.ts'
import { SYNC_VIEW } from '../../../src/adapters/slack/views/actions.ts'
import { againText } from '../../../src/adapters/slack/views/request-answers.ts'
import { routeValue, syncForm } from '../../../src/adapters/slack/views/sync-form.ts'
import { parseClusterId } from '../../../src/domain/ids.ts'
import type { Landscape, Route } from '../../../src/domain/route.ts'
import { NOW, sure } from '../../fixtures/examples.ts'
import { acceptView } from '../../simulator/slack/rules/view.ts'

const MEMO = { channel: 'C0ROUTE', respondTo: 'https://hooks.slack.example/commands/1/2/3', openedAt: NOW }

/** As many routes as asked for, between clusters with the longest names. */
function landscape(count: number): Landscape {
  const side = (kind: string, at: number) => {
    const number = [...at.toString(4).padStart(5, '0')].map((digit) => 'abcd'[Number(digit)]).join('')
    const clusterId = sure(parseClusterId(`cluster-${kind}${kind}${kind}${kind}${kind}${kind}${number}`))
    return { alias: `${kind}-${at}`.padEnd(40, '-x'), clusterId, region: 'us-east-1' }
  }
  const routes = Array.from({ length: count }, (_, at) => ({ source: side('s', at), destination: side('t', at) }))
  return {
    clusters: routes.flatMap(({ source, destination }) => [source, destination]),
    routes: routes as unknown as Route[],
    workspaces: [],
    keepStepsMs: 1,
  }
}

const two = landscape(2)
const first = sure(two.routes[0])

/** What Slack sends when these are typed and chosen. */
function sent(fields: Readonly<Record<string, string>>): Form {
  const chosen = { route: routeValue(first), mode: 'sync', users: '', keys: '', reason: 'why', ...fields }
  const values = Object.fromEntries(
    Object.entries(chosen).map(([field, value]) => {
      const isChoice = field === 'route' || field === 'mode'
      return [field, { value: isChoice ? { selected_option: { value } } : { value: value || null } }]
    }),
  )
  const view = {
    id: 'V1',
    hash: 'h',
    callback_id: SYNC_VIEW,
    state: { values },
    private_metadata: JSON.stringify(MEMO),
  }
  return fromForm({ user: { id: 'U0ASKER' }, view } as unknown as ViewSubmitAction).delivery
}

function problems(fields: Readonly<Record<string, string>>): Record<string, string> {
  const read = readForm(two, sent(fields), NOW)
  return 'problems' in read ? read.problems : {}
}

describe('the form', () => {
  it.each([1, 2, 100, 101, 200])('is one that Slack takes, with %i routes', (count) => {
    let ids = 0
    const view = acceptView(JSON.parse(JSON.stringify(syncForm(landscape(count), MEMO))), () => `b${ids++}`)
    expect(JSON.stringify(view).split('"value":"cluster-')).toHaveLength(count === 1 ? 3 : count + 1)
  })

  it('has the only route chosen already, and none where there are more', () => {
    const chosen = (count: number) =>
      JSON.stringify(syncForm(landscape(count), MEMO).blocks[0]).includes('initial_option')
    expect([chosen(1), chosen(2)]).toEqual([true, false])
  })
})

it('never makes a route and its reverse look alike', () => {
  const [east, west] = ['east', 'west'].map((end, at) => ({
    ...sure(landscape(2).clusters[at]),
    alias: `payments-prod-cloudhsm-main-cluster-${end}`,
  }))
  const both = [
    { source: sure(east), destination: sure(west) },
    { source: sure(west), destination: sure(east) },
  ] as unknown as Route[]
  const [block] = syncForm({ clusters: [], routes: both, workspaces: [], keepStepsMs: 1 }, MEMO).blocks
  const texts = [...JSON.stringify(block).matchAll(/"text":"([^"]* → [^"]*)"/g)].map(([, text]) => text)
  expect(new Set(texts).size).toBe(texts.length)
})

describe('what somebody sent', () => {
  it('is read as a command would be', () => {
    const read = readForm(
      two,
      sent({ users: ' JDoe , app_7', keys: '7, 0x40012', mode: 'plan', reason: 'two\nlines ’ and more' }),
      NOW,
    )
    const words = {
      source: first.source.alias,
      destination: first.destination.alias,
      mode: 'plan',
      scope: { users: { kind: 'listed', items: ['jdoe', 'app_7'] }, keys: { kind: 'listed', items: [7, 0x40012] } },
      reason: "two lines ' and more",
    } as const
    expect(read).toEqual({ words, memo: MEMO })
    expect(parseSync(commandLine(words).replace('/hsm-sync ', ''))).toEqual(words)
  })

  it('is not taken when Slack would take no answer any more', () => {
    const openFor = (minutes: number) => readForm(two, sent({}), NOW + minutes * 60_000)
    expect(openFor(24)).toHaveProperty('words')
    expect(openFor(26)).toEqual({ problems: { reason: expect.stringContaining('type /hsm-sync again') } })
    expect(readForm(two, { ...sent({}), memo: '' }, NOW)).toHaveProperty('problems')
  })

  it('comes back whole where it was refused, also the longest that fits into a form', () => {
    const users = Array.from({ length: 93 }, (_, at) => `u${at}`.padEnd(31, 'x')).join(',')
    const keys = Array.from({ length: 157 }, (_, at) => `0x${(2 ** 52 + at).toString(16).padStart(16, '0')}`).join(',')
    const read = readForm(two, sent({ users, keys, reason: 'x'.repeat(500) }), NOW)
    if ('problems' in read) throw new Error(JSON.stringify(read.problems))
    const [, command = ''] = /`\/hsm-sync (.*)`$/.exec(againText(read.words)) ?? []
    expect(parseSync(command)).toEqual(read.words)
  })

  it('means everything where nothing was typed', () => {
    expect(readForm(two, sent({}), NOW)).toMatchObject({
      words: { scope: { users: { kind: 'all' }, keys: { kind: 'all' } } },
    })
  })

  it.each([
    ['users', { users: 'j.doe' }, 'j.doe is not right: expected all, none or names such as jdoe,app_7'],
    ['users', { users: 'a<b' }, 'a<b is not right'],
    ['keys', { keys: 'seven' }, 'seven is not right: expected all, none, handles such as 7,262162'],
    ['keys', { users: 'none', keys: 'none' }, 'leaves nothing to do'],
    ['reason', { reason: ' \n ' }, 'The reason is missing'],
    ['route', { route: 'cluster-aaaaaaaaaaa>cluster-bbbbbbbbbbb' }, 'This is no route any more'],
    ['mode', { mode: 'dry' }, 'expected mode=sync or mode=plan'],
  ] as const)('is answered at the field %s: %o', (field, fields, words) => {
    expect(problems(fields)).toEqual({ [field]: expect.stringContaining(words) })
  })

  it('has every wrong field answered at once', () => {
    expect(Object.keys(problems({ users: 'j.d', keys: 'x', reason: ' ' }))).toEqual(['users', 'keys', 'reason'])
  })
})
