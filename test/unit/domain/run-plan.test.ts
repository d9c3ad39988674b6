import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import type { HsmUser } from '../../../src/domain/inventory.ts'
import { FAILED_LOGINS_LIMIT } from '../../../src/domain/login-risk.ts'
import { next } from '../../../src/domain/run-plan.ts'
import type { DoneStep } from '../../../src/domain/step.ts'
import { ADMIN, key, keys, spec, specOfOne, user } from '../../fixtures/examples.ts'
import { type Hsms, honest, story, walk } from '../../fixtures/walk.ts'

const JDOE = user('jdoe')

/** Source and two destination HSMs: the same users everywhere, keys on the source only. */
function world(sourceUsers: HsmUser[], sourceKeys = keys(0), there: HsmUser[] = [ADMIN]): Hsms {
  return { users: [[ADMIN, ...sourceUsers], [...there], [...there]], keys: [[...sourceKeys], [], []] }
}

describe('a whole run', () => {
  it('ends after the first inventory when nothing is missing', () => {
    const run = walk(spec(), honest(world([JDOE], [], [ADMIN, JDOE])))
    expect(story(run)).toEqual(['inspect', 'inventory before'])
    expect(run.outcome).toMatchObject({
      state: 'succeeded',
      proof: 'before',
      evidence: expect.stringMatching(/-sent$/),
    })
  })

  it('copies users to every destination HSM, one canary key, the other keys, and lists again', () => {
    const run = walk(spec(), honest(world([JDOE, user('app', { id: 4 })], keys(5))))
    expect(story(run)).toEqual([
      'inspect',
      'inventory before',
      'users 1: jdoe app',
      'users 2: jdoe app',
      'canary 1000',
      'keys 4',
      'inventory after',
    ])
    expect(run.outcome).toMatchObject({
      state: 'succeeded',
      proof: 'after',
      evidence: 'may-have-written',
      discrepancies: [],
    })
    expect(run.outcome.destinations.map(({ users, keys: copied }) => [users.synced, copied.synced])).toEqual([
      [2, 5],
      [2, 5],
    ])
  })

  it('names users by their id on the source', () => {
    const run = walk(spec(), honest(world([user('jdoe', { id: 17 })])))
    const plans = run.steps.flatMap(({ plan }) => (plan.kind === 'sync-users' ? plan.users : []))
    expect(plans).toEqual([
      { id: 17, name: 'jdoe', role: 'CU' },
      { id: 17, name: 'jdoe', role: 'CU' },
    ])
  })

  it('stops after the inventory in plan mode, and changes nothing', () => {
    const run = walk(spec({ mode: 'plan' }), honest(world([JDOE], keys(5))))
    expect(story(run)).toEqual(['inspect', 'inventory before'])
    expect(run.outcome).toMatchObject({
      state: 'succeeded',
      proof: 'before',
      evidence: expect.stringMatching(/-sent$/),
    })
  })

  it('leaves users alone with users=none, and keys with keys=none', () => {
    const all = { kind: 'all' } as const
    const none = { kind: 'none' } as const
    const usersOnly = walk(spec({ scope: { users: all, keys: none } }), honest(world([JDOE], keys(3))))
    expect(story(usersOnly).some((step) => step.startsWith('canary'))).toBe(false)
    const keysOnly = walk(
      spec({ scope: { users: none, keys: all } }),
      honest(world([JDOE, user('new', { id: 4 })], keys(1), [ADMIN, JDOE])),
    )
    expect(story(keysOnly)).toEqual(['inspect', 'inventory before', 'canary 1000', 'inventory after'])
  })

  it('takes many users in batches of sixty', () => {
    const many = Array.from({ length: 130 }, (_, at) => user(`u${at}`, { id: 10 + at }))
    const run = walk(specOfOne(), honest({ users: [[ADMIN, ...many], [ADMIN]], keys: [[], []] }))
    const sizes = run.steps.flatMap(({ plan }) => (plan.kind === 'sync-users' ? [plan.users.length] : []))
    expect(sizes).toEqual([60, 60, 10])
  })

  it('needs few commands for a full cluster: 50 users and 3,300 keys to two HSMs', () => {
    const many = Array.from({ length: 50 }, (_, at) => user(`u${at}`, { id: 10 + at }))
    const run = walk(spec(), honest(world(many, keys(3300, 'u0'))))
    expect(run.outcome.state).toBe('succeeded')
    expect(run.steps.length).toBeLessThanOrEqual(20)
  })
})

describe('batches of keys', () => {
  const sizes = (count: number, perKey: number) => {
    const hsms: Hsms = { users: [[JDOE], [JDOE]], keys: [keys(count), []] }
    return walk(specOfOne(), honest(hsms, { perKey })).steps.flatMap(({ plan }) =>
      plan.kind === 'sync-keys' ? [plan.handles.length] : [],
    )
  }
  it('grow tenfold while the tool is quick: one, ten, a hundred, a thousand', () => {
    expect(sizes(8000, 0)).toEqual([1, 10, 100, ...Array(7).fill(1000), 889])
  })
  it('stay below a minute each when a key takes a tenth of a second', () => {
    expect(Math.max(...sizes(3000, 0.1))).toBe(450)
  })
  it('shrink when a key takes ten seconds', () => {
    expect(sizes(20, 10)).toEqual([1, 10, 4, 4, 1])
  })
  it('never shrink below one key', () => {
    expect(sizes(14, 100)).toEqual([1, 10, 1, 1, 1])
  })
  it('follow the pace of the last batch', () => {
    const hsms: Hsms = { users: [[JDOE], [JDOE]], keys: [keys(600), []] }
    const usual = honest(hsms)
    const run = walk(specOfOne(), (plan, n) => ({
      ...usual(plan, n),
      seconds: plan.kind === 'sync-keys' ? plan.handles.length * (plan.handles.length > 50 ? 1 : 0.01) : 0,
    }))
    const found = run.steps.flatMap(({ plan }) => (plan.kind === 'sync-keys' ? [plan.handles.length] : []))
    expect(found).toEqual([1, 10, 100, 45, 444])
  })
})

describe('failed logins', () => {
  const withFailures = (failedLogins: number, server: number, role: 'CO' | 'CU' = 'CO'): Hsms => {
    const hsms = world([JDOE])
    hsms.users[server]?.push(user('officer', { id: 9, role, failedLogins }))
    return hsms
  }

  it.each([0, 1, 2])('two on server %i stop the run before it logs in', (server) => {
    const run = walk(spec(), honest(withFailures(FAILED_LOGINS_LIMIT, server)))
    expect(story(run)).toEqual(['inspect'])
    expect(run.outcome).toMatchObject({
      state: 'failed',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: 'login-risk' },
    })
    expect(run.outcome.stop?.detail).toContain(`officer has 2 failed logins on server ${server}`)
  })

  it('are looked at once more where the look has become old, and the newest counts', () => {
    const first = honest(withFailures(0, 1))({ kind: 'inspect' }, 1)
    const second = honest(withFailures(FAILED_LOGINS_LIMIT, 1))({ kind: 'inspect' }, 2)
    const step = (reading: DoneStep['reading']) =>
      ({ plan: { kind: 'inspect' }, reading, evidence: 'only-reads-sent', seconds: 1 }) as const
    const before = [step(first.reading)]
    expect(next(spec(), before, { stopAsked: false })).toMatchObject({ step: { kind: 'inventory' } })
    expect(next(spec(), before, { stopAsked: false, isLookOld: true })).toMatchObject({ step: { kind: 'inspect' } })
    const after = next(spec(), [...before, step(second.reading)], { stopAsked: false })
    expect(after).toMatchObject({ kind: 'end', outcome: { stop: { code: 'login-risk' } } })
  })

  it('one does not', () => {
    expect(story(walk(spec({ mode: 'plan' }), honest(withFailures(1, 0))))).toContain('inventory before')
  })

  it('those of a crypto user do not matter: the run does not log in as one', () => {
    expect(story(walk(spec({ mode: 'plan' }), honest(withFailures(4, 0, 'CU'))))).toContain('inventory before')
  })
})

describe('keys and their owners', () => {
  it('a key whose owner could not be copied is not tried, and is named', () => {
    const hsms = world([JDOE, user('app', { id: 4 })], [key(7, 'jdoe'), key(8, 'app')])
    const run = walk(spec(), honest(hsms, { refusedUsers: ['app'] }))
    expect(story(run)).not.toContain('keys 1')
    expect(story(run)).toContain('canary 7')
    expect(run.outcome.state).toBe('partial')
    expect(run.outcome.discrepancies).toContainEqual({ kind: 'key', name: '8', problem: 'untried', why: 'not tried' })
  })

  it('a key shared with somebody who could not be copied is not tried either', () => {
    const hsms = world([JDOE, user('app', { id: 4 })], [key(7, 'jdoe', ['app'])])
    expect(story(walk(spec(), honest(hsms, { refusedUsers: ['app'] })))).toEqual([
      'inspect',
      'inventory before',
      'users 1: jdoe app',
      'users 2: jdoe app',
      'inventory after',
    ])
  })

  it('an owner who is missing on one destination HSM only blocks the key', () => {
    const hsms: Hsms = { users: [[JDOE], [JDOE], []], keys: [[key(7)], [], []] }
    const run = walk(spec({ scope: { users: { kind: 'none' }, keys: { kind: 'all' } } }), honest(hsms))
    expect(run.outcome).toMatchObject({ state: 'partial', evidence: expect.stringMatching(/-sent$/) })
    expect(run.outcome.discrepancies).toEqual([
      { kind: 'key', name: '7', problem: 'blocked', why: 'the destination lacks jdoe' },
    ])
  })

  it('keys that spread late are waited for', () => {
    const run = walk(spec(), honest(world([JDOE], keys(3)), { spreadsAfter: 2 }))
    expect(story(run).filter((step) => step === 'inventory after')).toHaveLength(3)
    expect(run.waits.slice(-2)).toEqual([15_000, 15_000])
    expect(run.outcome.state).toBe('succeeded')
  })

  it('keys that never spread are named per HSM, after five listings', () => {
    const run = walk(spec(), honest(world([JDOE], keys(2)), { spreadsAfter: 99 }))
    expect(story(run).filter((step) => step === 'inventory after')).toHaveLength(5)
    expect(run.outcome.state).toBe('partial')
    expect(run.outcome.discrepancies.map(({ name, server, problem }) => [name, server, problem])).toEqual([
      ['1000', serverNumber(2), 'not-spread'],
      ['1001', serverNumber(2), 'not-spread'],
    ])
  })
})
