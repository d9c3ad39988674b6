import { describe, expect, it } from 'vitest'
import type { Inventory } from '../../../src/domain/inventory.ts'
import type { Reading, StepPlan } from '../../../src/domain/step.ts'
import { ADMIN, inventory, key, keys, spec, specOfOne, user } from '../../fixtures/examples.ts'
import { except, type Hsms, honest, nothing, story, walk } from '../../fixtures/walk.ts'

const JDOE = user('jdoe')

function world(count: number): Hsms {
  return { users: [[JDOE], [JDOE]], keys: [keys(count), [key(5)]] }
}

describe('the canary: the first key alone must have exactly the expected effect', () => {
  const seen = (after: Inventory | undefined): Reading => ({
    kind: 'keys-synced',
    attempts: [{ item: 1000, verdict: 'success', said: 'syncKey success' }],
    ...(after ? { after } : {}),
  })
  it.each([
    ['another handle appeared', [key(5), key(4711)], 'handle 4711 (owned by jdoe) appeared'],
    ['another owner has it', [key(5), key(1000, 'app')], 'handle 1000 (owned by app) appeared'],
    ['nobody owns it', [key(5), key(1000, null)], 'handle 1000 (public) appeared'],
    [
      'it is shared with somebody',
      [key(5), key(1000, 'jdoe', ['app'])],
      'handle 1000 (owned by jdoe, shared with app) appeared',
    ],
    ['nothing appeared', [key(5)], 'nothing appeared'],
    ['two keys appeared', [key(5), key(1000), key(1001)], 'handle 1001'],
    ['a key that was there is gone', [key(1000)], 'handle 5 changed or went away'],
    ['a key that was there changed its owner', [key(5, 'app'), key(1000)], 'handle 5 changed or went away'],
  ])('%s: no other key is tried', (_, there, detail) => {
    const answer = except(honest(world(50)), (plan) =>
      plan.kind === 'sync-keys' ? { reading: seen(inventory(1, [JDOE], there)) } : undefined,
    )
    const run = walk(specOfOne(), answer)
    expect(story(run)).toEqual(['inspect', 'inventory before', 'canary 1000', 'inspect', 'inventory after'])
    expect(run.outcome).toMatchObject({ stop: { code: 'canary-effect' } })
    expect(run.outcome.stop?.detail).toContain(detail)
    expect(['failed', 'partial']).toContain(run.outcome.state)
  })

  it('a listing that cannot be read: no other key is tried', () => {
    const answer = except(honest(world(50)), (plan) =>
      plan.kind === 'sync-keys' ? { reading: seen(undefined) } : undefined,
    )
    expect(walk(specOfOne(), answer).outcome.stop?.code).toBe('canary-effect')
  })

  it('is not a success even where every key turns out to be there', () => {
    const hsms = world(1)
    const answer = except(honest(hsms), (plan) => {
      if (plan.kind !== 'sync-keys') return undefined
      hsms.keys[1]?.push(key(1000))
      return { reading: seen(inventory(1, [JDOE], [key(5), key(1000), key(4711)])) }
    })
    expect(walk(specOfOne(), answer).outcome.state).toBe('partial')
  })

  it('a canary that the tool refuses stops the run', () => {
    const run = walk(specOfOne(), honest(world(50), { refusedKeys: [1000] }))
    expect(run.outcome).toMatchObject({ state: 'failed', stop: { code: 'canary-effect' } })
  })
})

describe('a batch', () => {
  it('that fails as a whole stops the run', () => {
    const refusedKeys = keys(11)
      .map(({ handle }) => handle)
      .slice(1)
    const run = walk(specOfOne(), honest(world(50), { refusedKeys }))
    expect(story(run)).toEqual(['inspect', 'inventory before', 'canary 1000', 'keys 10', 'inspect', 'inventory after'])
    expect(run.outcome).toMatchObject({ state: 'partial', stop: { code: 'batch-failed' } })
    expect(run.outcome.discrepancies).toHaveLength(49)
  })

  it('with single failures goes on, and names them', () => {
    const run = walk(specOfOne(), honest(world(50), { refusedKeys: [1003, 1030] }))
    expect(run.outcome.state).toBe('partial')
    expect(run.outcome.stop).toBeUndefined()
    expect(run.outcome.discrepancies.map(({ name, problem }) => [name, problem])).toEqual([
      ['1003', 'failed'],
      ['1030', 'failed'],
    ])
  })
})

describe('a write step whose end is not known', () => {
  const lost = (kind: StepPlan['kind']) => (plan: StepPlan) =>
    plan.kind === kind ? nothing('lost', 'may-have-written') : undefined
  const missingUser: () => Hsms = () => ({ users: [[ADMIN, JDOE], [ADMIN]], keys: [[], []] })

  it('is never repeated: everything is looked at again without login, then listed', () => {
    const run = walk(specOfOne(), except(honest(missingUser()), lost('sync-users')))
    expect(story(run)).toEqual(['inspect', 'inventory before', 'users 1: jdoe', 'inspect', 'inventory after'])
    expect(run.outcome).toMatchObject({ state: 'failed', proof: 'after', stop: { code: 'lost' } })
  })

  it('is a success where all of it turns out to be there', () => {
    const hsms = missingUser()
    const answer = except(honest(hsms), (plan) => {
      if (plan.kind !== 'sync-users') return undefined
      hsms.users[1]?.push(JDOE)
      return nothing('lost', 'may-have-written')
    })
    expect(walk(specOfOne(), answer).outcome).toMatchObject({ state: 'succeeded', proof: 'after' })
  })

  it('does not log in again where the officer has failed logins by now', () => {
    const hsms = missingUser()
    const answer = except(honest(hsms), (plan) => {
      if (plan.kind !== 'sync-users') return undefined
      hsms.users[1]?.splice(0, 1, { ...ADMIN, failedLogins: 2 })
      return nothing('lost', 'may-have-written')
    })
    const run = walk(specOfOne(), answer)
    expect(story(run).at(-1)).toBe('inspect')
    expect(run.outcome).toMatchObject({ state: 'unknown', proof: 'none', evidence: 'may-have-written' })
  })

  it('does not log in again where the second look was not possible', () => {
    const answer = except(honest(missingUser()), (plan, n) =>
      plan.kind === 'sync-users' ? nothing('lost', 'may-have-written') : n === 4 ? nothing('not-connected') : undefined,
    )
    const run = walk(specOfOne(), answer)
    expect(story(run)).toEqual(['inspect', 'inventory before', 'users 1: jdoe', 'inspect'])
    expect(run.outcome).toMatchObject({ state: 'unknown', stop: { code: 'lost' } })
  })

  it('is unknown where the listing afterwards cannot be read', () => {
    const answer = except(honest(missingUser()), (plan) =>
      plan.kind === 'inventory' && plan.purpose === 'after' ? nothing('unreadable') : lost('sync-users')(plan),
    )
    expect(walk(specOfOne(), answer).outcome).toMatchObject({ state: 'unknown', proof: 'none', keyHashes: [] })
  })
})

describe('a login that fails', () => {
  it('at the inventory: nothing was written, and it is not tried again', () => {
    const answer = except(honest(world(5)), (plan) => (plan.kind === 'inventory' ? nothing('login-failed') : undefined))
    const run = walk(specOfOne(), answer)
    expect(story(run)).toEqual(['inspect', 'inventory before'])
    expect(run.outcome).toMatchObject({ state: 'failed', proof: 'none', evidence: expect.stringMatching(/-sent$/) })
  })

  it('between two batches: what was written is not known, and it is not tried again', () => {
    const answer = except(honest(world(50)), (plan) =>
      plan.kind === 'sync-keys' && !plan.canary ? nothing('login-failed') : undefined,
    )
    const run = walk(specOfOne(), answer)
    expect(story(run)).toEqual(['inspect', 'inventory before', 'canary 1000', 'keys 10'])
    expect(run.outcome).toMatchObject({
      state: 'unknown',
      evidence: 'may-have-written',
      stop: { code: 'login-failed' },
    })
  })
})

describe('a step that proved never to have run', () => {
  const failing = (isIt: (plan: StepPlan) => boolean, times: number) => {
    let left = times
    return except(honest(world(3)), (plan) => (isIt(plan) && left-- > 0 ? nothing('not-executed') : undefined))
  }
  const isCanary = (plan: StepPlan) => plan.kind === 'sync-keys' && plan.canary !== undefined

  it.each([
    ['the first look', (plan: StepPlan) => plan.kind === 'inspect'],
    ['the inventory', (plan: StepPlan) => plan.kind === 'inventory' && plan.purpose === 'before'],
    ['a write', isCanary],
    ['the verification', (plan: StepPlan) => plan.kind === 'inventory' && plan.purpose === 'after'],
  ])('%s is sent again after a while, twice', (_, isIt) => {
    const run = walk(specOfOne(), failing(isIt, 2))
    const resent = run.waits.filter((wait) => wait >= 15_000)
    expect(run.outcome.state).toBe('succeeded')
    expect(resent).toEqual([20_000, 20_000])
  })

  it('is given up after three times, with nothing written', () => {
    const run = walk(specOfOne(), failing(isCanary, 99))
    expect(story(run)).toEqual(['inspect', 'inventory before', 'canary 1000', 'canary 1000', 'canary 1000'])
    expect(run.outcome).toMatchObject({
      state: 'failed',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: 'not-executed' },
    })
  })
})

describe('stopping a run', () => {
  it.each([0, 1, 2])('before the first write (after %i steps): nothing was changed', (done) => {
    const run = walk(specOfOne(), honest(world(50)), (steps) => steps.length >= done)
    expect(run.steps).toHaveLength(done)
    expect(run.outcome).toMatchObject({ state: 'failed', withdrawn: true, evidence: expect.stringMatching(/-sent$/) })
  })

  it('between batches: the next batch is not sent, what was done is listed and named', () => {
    const run = walk(specOfOne(), honest(world(50)), (steps) => steps.length >= 4)
    expect(story(run)).toEqual(['inspect', 'inventory before', 'canary 1000', 'keys 10', 'inventory after'])
    expect(run.outcome).toMatchObject({ state: 'partial', withdrawn: true })
    expect(run.outcome.destinations[0]?.keys).toMatchObject({ synced: 11, failed: 0, untried: 39 })
  })

  it('that comes when everything is done and listed does not make it less than done', () => {
    const run = walk(specOfOne(), honest(world(3)), (steps) => steps.length >= 4)
    expect(run.outcome).toMatchObject({ state: 'succeeded', withdrawn: true, discrepancies: [] })
  })
})

describe('any stop before the first write ends the run with proof that nothing changed', () => {
  it.each([
    'not-connected',
    'not-encrypted',
    'wrong-partition',
    'question',
    'no-answer',
    'bastion-busy',
    'credentials',
  ] as const)('%s', (code) => {
    const run = walk(
      spec(),
      except(honest(world(1)), () => nothing(code)),
    )
    expect(run.steps).toHaveLength(1)
    expect(run.outcome).toMatchObject({ state: 'failed', evidence: expect.stringMatching(/-sent$/), stop: { code } })
  })
})
