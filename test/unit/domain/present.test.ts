import { describe, expect, it } from 'vitest'
import type { HsmKey, HsmUser } from '../../../src/domain/inventory.ts'
import { ADMIN, key, spec, specOfOne, user } from '../../fixtures/examples.ts'
import { type Answer, except, type Hsms, honest, nothing, walk } from '../../fixtures/walk.ts'
import { ownedKey, seenKey, wideSpec } from '../../fixtures/whole-clusters.ts'

// What the destination had already counts as such only if the listing after the run says so too.

const JDOE = user('jdoe', { coverage: 'full' })
const BOB = user('bob', { coverage: 'full' })

interface Now {
  readonly users?: readonly HsmUser[]
  readonly keys?: readonly HsmKey[]
}

/** An honest tool, except that the last listing shows this of the destination. */
function endsWith(hsms: Hsms, now: Now): Answer {
  const tool = honest(hsms)
  return except(tool, (plan, n) => {
    if (plan.kind !== 'inventory' || plan.purpose !== 'after') return undefined
    const { reading } = tool(plan, n)
    if (reading.kind !== 'listed') return undefined
    const inventories = reading.inventories.map((one) => (one.server === 1 ? { ...one, ...now } : one))
    return { reading: { ...reading, inventories } }
  })
}

describe('in whole clusters', () => {
  const hsms = (): Hsms => ({
    users: [
      [ADMIN, JDOE, BOB],
      [ADMIN, JDOE],
    ],
    keys: [[seenKey(7, 'pan')], [seenKey(7, 'pan')]],
  })
  const users = [ADMIN, JDOE, BOB]

  it('what stands as before is "already there"', () => {
    const { outcome } = walk(wideSpec(), endsWith(hsms(), {}))
    expect(outcome).toMatchObject({ state: 'succeeded', discrepancies: [] })
    expect(outcome.destinations[0]).toMatchObject({ users: { already: 2, synced: 1 }, keys: { already: 1 } })
  })

  it.each<[string, Now, object]>([
    ['a user that has gone', { users: [ADMIN, BOB] }, { kind: 'user', name: 'jdoe', problem: 'failed' }],
    [
      'a user that only some HSMs have now',
      { users: [ADMIN, { ...JDOE, coverage: 'cluster-coverage inconsistent' }, BOB] },
      { kind: 'user', name: 'jdoe', problem: 'incomplete' },
    ],
    ['a key that has gone', { users, keys: [] }, { kind: 'key', name: '0x0000000000000007', problem: 'failed' }],
    [
      'a key under another label now',
      { users, keys: [seenKey(7, 'other')] },
      { kind: 'key', name: '0x0000000000000007', problem: 'conflict' },
    ],
    [
      'a key that only some HSMs have now',
      { users, keys: [seenKey(7, 'pan', { coverage: 'cluster-coverage inconsistent' })] },
      { kind: 'key', name: '0x0000000000000007', problem: 'incomplete' },
    ],
  ])('%s: no success, and not counted as already there', (_, now, discrepancy) => {
    const { outcome } = walk(wideSpec(), endsWith(hsms(), now))
    expect(outcome.state).toBe('partial')
    expect(outcome.discrepancies).toEqual([expect.objectContaining(discrepancy)])
    const [{ users: people, keys } = { users: { already: 0 }, keys: { already: 0 } }] = outcome.destinations
    expect(people.already + keys.already).toBe(2)
  })

  it('a key whose owner could be asked only afterwards, and who shows another one: a conflict', () => {
    const before = hsms()
    before.keys[0] = [ownedKey(7, { owner: 'bob' })]
    const now = { users, keys: [ownedKey(7, { owner: 'bob', material: 'secret-key aes 0x000000' })] }
    const { outcome } = walk(wideSpec(), endsWith(before, now))
    expect(outcome.state).toBe('partial')
    expect(outcome.discrepancies).toMatchObject([{ kind: 'key', problem: 'conflict' }])
    expect(outcome.discrepancies[0]?.why).toContain('0x5e118e')
    expect(outcome.discrepancies[0]?.why).toContain('0x000000')
  })
})

describe('on each HSM by itself', () => {
  const hsms = (): Hsms => ({
    users: [
      [ADMIN, user('jdoe')],
      [ADMIN, user('jdoe')],
    ],
    keys: [[key(7), key(8)], [key(7)]],
  })

  it('a key that changed its owner meanwhile: a conflict', () => {
    const { outcome } = walk(specOfOne(), endsWith(hsms(), { keys: [key(7, 'app'), key(8)] }))
    expect(outcome).toMatchObject({ state: 'partial', discrepancies: [{ name: '7', server: 1, problem: 'conflict' }] })
    expect(outcome.destinations[0]?.keys).toMatchObject({ already: 0, synced: 1, conflicts: 1 })
  })

  it('a key that other HSMs of the destination have had, and this one has not: not spread', () => {
    const two: Hsms = { users: [[ADMIN], [ADMIN], [ADMIN]], keys: [[key(7, null)], [key(7, null)], []] }
    const { outcome } = walk(spec({ scope: { users: { kind: 'all' }, keys: { kind: 'all' } } }), honest(two))
    expect(outcome.discrepancies).toMatchObject([{ name: '7', server: 2, problem: 'not-spread' }])
  })
})

describe('a listing after the writes that never reached the tool', () => {
  const run = (times: number, code: 'not-configured' | 'bastion-busy' | 'credentials' | 'login-failed') => {
    let refused = 0
    const tool = honest({
      users: [
        [ADMIN, JDOE],
        [ADMIN, JDOE],
      ],
      keys: [[seenKey(7, 'pan')], []],
    })
    return walk(
      wideSpec(),
      except(tool, (plan) => {
        const isListing = plan.kind === 'inventory' && plan.purpose === 'after'
        return isListing && refused++ < times ? nothing(code) : undefined
      }),
    )
  }

  it.each(['not-configured', 'bastion-busy', 'credentials'] as const)('%s: it is sent again, after a while', (code) => {
    const { outcome, steps, waits } = run(2, code)
    expect(outcome).toMatchObject({ state: 'succeeded', proof: 'after' })
    expect(steps.filter(({ plan }) => plan.kind === 'inventory')).toHaveLength(4)
    expect(waits.slice(-2)).toEqual([20_000, 20_000])
  })

  it('three times in a row: unknown, because nothing was listed', () => {
    expect(run(3, 'not-configured').outcome).toMatchObject({ state: 'unknown', stop: { code: 'not-configured' } })
  })

  it('a failed login is no such thing', () => {
    const { outcome, steps } = run(1, 'login-failed')
    expect(outcome.state).toBe('unknown')
    expect(steps.filter(({ plan }) => plan.kind === 'inventory')).toHaveLength(2)
  })

  it('nor is it sent again before anything was written: the requester asks again', () => {
    const tool = honest({ users: [[ADMIN], [ADMIN]], keys: [[], []] })
    const { steps, outcome } = walk(
      wideSpec(),
      except(tool, (plan) => (plan.kind === 'inventory' ? nothing('not-configured') : undefined)),
    )
    expect(steps).toHaveLength(2)
    expect(outcome).toMatchObject({ state: 'failed', evidence: expect.stringMatching(/-sent$/) })
  })
})
