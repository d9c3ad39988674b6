import { describe, expect, it } from 'vitest'
import type { HsmUser } from '../../../src/domain/inventory.ts'
import type { Spec } from '../../../src/domain/spec.ts'
import type { Attempt, StepPlan } from '../../../src/domain/step.ts'
import { ADMIN, inventory, user } from '../../fixtures/examples.ts'
import { type Answer, except, type Hsms, honest, nothing, story, walk } from '../../fixtures/walk.ts'
import { ownedKey, seenKey, wideSpec } from '../../fixtures/whole-clusters.ts'

const JDOE = user('jdoe', { coverage: 'full' })
const spec = wideSpec()

/** Users and keys of two clusters; jdoe is everywhere unless said otherwise. */
function world(keys: Hsms['keys'], users: readonly HsmUser[][] = [[JDOE], [JDOE]]): Hsms {
  return { users: users.map((some) => [ADMIN, ...some]), keys: keys.map((some) => [...some]) }
}

/** The honest tool, except for its word on one key. */
function saying(hsms: Hsms, handle: number, attempt: Omit<Attempt<number>, 'item'>): Answer {
  const tool = honest(hsms)
  return (plan, n) => {
    const usual = tool(plan, n)
    if (usual.reading.kind !== 'keys-synced') return usual
    const attempts = usual.reading.attempts.map((said) => (said.item === handle ? { item: handle, ...attempt } : said))
    return { ...usual, reading: { ...usual.reading, attempts } }
  }
}

describe('a whole run over two clusters', () => {
  const keys = [1, 2, 3].map((handle) => seenKey(handle, 'pan'))
  it('copies users once, to the destination cluster, one key first, then the others, and lists again', () => {
    const run = walk(spec, honest(world([keys, []], [[JDOE, user('app')], [JDOE]])))
    expect(story(run)).toEqual(['inspect', 'inventory before', 'users 1: app', 'canary 1', 'keys 2', 'inventory after'])
    expect(run.outcome).toMatchObject({
      state: 'succeeded',
      discrepancies: [],
      destinations: [
        {
          server: 1,
          cluster: { alias: 'prod-eu', hsms: 2 },
          users: { already: 2, synced: 1 },
          keys: { already: 0, synced: 3, failed: 0 },
        },
      ],
    })
    expect(run.outcome.destinations[0]).not.toHaveProperty('ip')
  })

  it('tells keys by their references', () => {
    const run = walk(spec, honest(world([keys, []]), { refusedKeys: [2] }))
    expect(run.outcome.discrepancies.map(({ name, problem }) => [name, problem])).toEqual([
      ['0x0000000000000002', 'failed'],
    ])
  })
})

describe('a cluster that is not of one chunk', () => {
  const inconsistent = (name: string) => user(name, { coverage: 'cluster-coverage inconsistent' })

  it.each([
    ['a user of the source', [[inconsistent('jdoe')], [JDOE]], 'user jdoe on prod-us'],
    ['a user of the destination', [[JDOE], [inconsistent('jdoe')]], 'user jdoe on prod-eu'],
    [
      'an administrator',
      [[JDOE, user('second', { role: 'CO', coverage: 'cluster-coverage inconsistent' })], []],
      'user second on prod-us',
    ],
  ] as const)('stops the run before any login: %s', (_, users, detail) => {
    const run = walk(
      spec,
      honest(
        world(
          [[seenKey(1)], []],
          users.map((some) => [...some]),
        ),
      ),
    )
    expect(story(run)).toEqual(['inspect'])
    expect(run.outcome).toMatchObject({
      state: 'failed',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: 'inconsistent', detail: `${detail} has cluster-coverage inconsistent` },
    })
  })

  it('stops the run before anything is written: a key that only some HSMs have', () => {
    const run = walk(spec, honest(world([[ownedKey(7, { coverage: 'cluster-coverage inconsistent' })], []])))
    expect(story(run)).toEqual(['inspect', 'inventory before'])
    expect(run.outcome.stop).toEqual({
      code: 'inconsistent',
      detail: 'key 0x0000000000000007 on prod-us has cluster-coverage inconsistent',
    })
  })

  it('stops a plan too: what it would show does not hold for the whole cluster', () => {
    const run = walk(wideSpec({ mode: 'plan' }), honest(world([[], []], [[inconsistent('jdoe')], []])))
    expect(run.outcome).toMatchObject({ state: 'failed', stop: { code: 'inconsistent' } })
  })
})

describe('a login that could lock an administrator out is not tried', () => {
  it.each([
    ['on the source', [[user('second', { role: 'CO', isLocked: true })], []], 'prod-us'],
    ['on the destination', [[], [user('second', { role: 'CO', isLocked: true })]], 'prod-eu'],
  ] as const)('one is locked %s', (_, users, place) => {
    const run = walk(
      spec,
      honest(
        world(
          [[seenKey(1)], []],
          users.map((some) => [...some]),
        ),
      ),
    )
    expect(story(run)).toEqual(['inspect'])
    expect(run.outcome.stop).toEqual({
      code: 'login-risk',
      detail: `crypto officer second is locked on ${place}`,
    })
  })

  it('a crypto user that is locked is no reason to stop', () => {
    const locked = user('jdoe', { isLocked: true })
    expect(walk(spec, honest(world([[], []], [[locked], [locked]]))).outcome.state).toBe('succeeded')
  })

  it('one that was locked during the run: nothing logs in again', () => {
    const hsms = world([[], []], [[JDOE], []])
    const answer = except(honest(hsms), (plan) => {
      if (plan.kind !== 'sync-users') return undefined
      hsms.users[1]?.splice(0, 1, { ...ADMIN, isLocked: true })
      return nothing('lost', 'may-have-written')
    })
    const run = walk(spec, answer)
    expect(story(run).at(-1)).toBe('inspect')
    expect(run.outcome).toMatchObject({ state: 'unknown', proof: 'none' })
  })
})

describe('what arrived on some HSMs of the destination only', () => {
  it('a user: is named, with the tool’s words for where it is, and the keys that need it wait', () => {
    const hsms = world([[ownedKey(7)], []], [[JDOE], []])
    const tool = honest(hsms)
    const run = walk(spec, (plan, n) => {
      const usual = tool(plan, n)
      if (usual.reading.kind !== 'users-synced') return usual
      hsms.users[1]?.splice(1, 1, { ...JDOE, coverage: 'cluster-coverage inconsistent' })
      const after = (usual.reading.after ?? []).map((place) => ({ ...place, users: hsms.users[place.server] ?? [] }))
      return { reading: { ...usual.reading, after } }
    })
    expect(story(run)).toEqual(['inspect', 'inventory before', 'users 1: jdoe', 'inventory after'])
    expect(run.outcome.state).not.toBe('succeeded')
    expect(run.outcome.discrepancies.find(({ kind }) => kind === 'user')).toEqual({
      kind: 'user',
      name: 'jdoe',
      server: 1,
      problem: 'incomplete',
      why: 'not whole on every HSM of the cluster (cluster-coverage inconsistent); the tool said: syncUser success',
    })
    expect(run.outcome.destinations[0]?.users).toMatchObject({ synced: 0, failed: 1 })
  })

  it('a key: is named, with the tool’s words for where it is', () => {
    const hsms = world([[ownedKey(7), ownedKey(8)], []])
    const tool = honest(hsms)
    const run = walk(spec, (plan, n) => {
      if (plan.kind === 'inventory' && plan.purpose === 'after') {
        hsms.keys[1]?.splice(1, 1, ownedKey(8, { coverage: 'cluster-coverage inconsistent' }))
      }
      return tool(plan, n)
    })
    expect(run.outcome).toMatchObject({ state: 'partial' })
    expect(run.outcome.discrepancies).toMatchObject([
      { kind: 'key', name: '0x0000000000000008', problem: 'incomplete', why: expect.stringContaining('inconsistent') },
    ])
    expect(run.outcome.destinations[0]?.keys).toMatchObject({ synced: 1, failed: 1 })
  })

  const INCOMPLETE = { verdict: 'incomplete', said: 'Key replicate failed on 1 of 2 connections' } as const
  const UNCLEAR = { verdict: 'unclear', said: 'oh no' } as const
  it.each([
    ['incomplete', INCOMPLETE],
    ['unclear', UNCLEAR],
  ])('a key of which the tool’s word is %s is no success, though it is listed', (_, attempt) => {
    const run = walk(spec, saying(world([[seenKey(1), seenKey(2), seenKey(3)], []]), 2, attempt))
    expect(run.outcome).toMatchObject({ state: 'partial' })
    expect(run.outcome.discrepancies).toMatchObject([
      { kind: 'key', name: '0x0000000000000002', problem: 'incomplete', why: expect.stringContaining(attempt.said) },
    ])
    expect(run.outcome.destinations[0]?.keys).toMatchObject({ synced: 2, failed: 1 })
  })

  it('the only key: the run did something, so it is partial', () => {
    const run = walk(spec, saying(world([[seenKey(1)], []]), 1, INCOMPLETE))
    expect(run.outcome).toMatchObject({ state: 'partial', evidence: 'may-have-written' })
  })
})

describe('how keys on both sides are compared', () => {
  const conflictOf = (here: ReturnType<typeof seenKey>, there: ReturnType<typeof seenKey>) =>
    walk(spec, honest(world([[here], [there]]))).outcome.discrepancies.map(({ problem, why }) => [problem, why])

  it('equal, as far as both listings show', () => {
    expect(conflictOf(seenKey(7, 'pan'), seenKey(7, 'pan'))).toEqual([])
    expect(conflictOf(ownedKey(7), seenKey(7, 'pan'))).toEqual([])
    expect(conflictOf(seenKey(7, 'pan'), ownedKey(7))).toEqual([])
    expect(conflictOf(ownedKey(7), ownedKey(7))).toEqual([])
  })

  it('another label is a conflict, and both are told', () => {
    expect(conflictOf(seenKey(7, 'pan'), seenKey(7, 'pin'))).toEqual([
      ['conflict', 'label "pan" on the source, label "pin" on the destination'],
    ])
    expect(conflictOf(seenKey(7, 'pan'), seenKey(7))).toEqual([
      ['conflict', 'label "pan" on the source, no label on the destination'],
    ])
    expect(conflictOf(ownedKey(7), seenKey(7, 'pin'))).toHaveLength(1)
  })

  it.each([
    ['another check value', { material: 'secret-key aes 0xffffff' }],
    ['another type', { material: 'secret-key des3 0x5e118e' }],
    ['another owner', { owner: 'app' }],
    ['another sharer', { sharedWith: ['app'] }],
  ])('%s is a conflict where both listings show it', (_, changes) => {
    expect(conflictOf(ownedKey(7), ownedKey(7, changes))).toMatchObject([['conflict', expect.any(String)]])
  })

  it('and cannot be seen where only one listing shows it', () => {
    expect(conflictOf(ownedKey(7), seenKey(7, 'pan'))).toEqual([])
  })

  it('is counted, before a write and after it', () => {
    const hsms = world([
      [ownedKey(1), ownedKey(2), seenKey(3, 'a'), seenKey(4, 'a'), seenKey(5, 'a')],
      [ownedKey(1), seenKey(2, 'pan'), seenKey(3, 'a')],
    ])
    expect(walk(wideSpec({ mode: 'plan' }), honest(hsms)).outcome.comparison).toEqual({ byMaterial: 1, byLabel: 2 })
    expect(walk(spec, honest(hsms)).outcome.comparison).toEqual({ byMaterial: 1, byLabel: 4 })
  })

  it('is not counted where each HSM is listed by itself', () => {
    const narrow: Partial<Spec> = { reach: 'hsm' }
    const hsms: Hsms = { users: [[JDOE], [JDOE], [JDOE]], keys: [[ownedKey(1)], [ownedKey(1)], [ownedKey(1)]] }
    expect(walk(wideSpec(narrow), honest(hsms)).outcome).not.toHaveProperty('comparison')
  })
})

describe('a key that arrived as another than the source’s', () => {
  const arrivesAs = (there: ReturnType<typeof seenKey>) => {
    const hsms = world([[seenKey(1, 'pan'), seenKey(2, 'pan'), seenKey(3, 'pan')], []])
    const tool = honest(hsms)
    return walk(spec, (plan, n) => {
      if (plan.kind === 'inventory' && plan.purpose === 'after') {
        const keys = hsms.keys[1] ?? []
        keys.splice(0, keys.length, ...keys.map((key) => (key.handle === there.handle ? there : key)))
      }
      return tool(plan, n)
    })
  }

  it('is no success, and what is different about it is told', () => {
    const run = arrivesAs(seenKey(2, 'something else'))
    expect(run.outcome.state).toBe('partial')
    expect(run.outcome.discrepancies).toMatchObject([
      { name: '0x0000000000000002', problem: 'failed', why: expect.stringContaining('something else') },
    ])
  })
})

describe('the first key alone', () => {
  const canaryShows = (...keys: readonly ReturnType<typeof seenKey>[]): ReturnType<typeof walk> => {
    const isCanary = (plan: StepPlan) => plan.kind === 'sync-keys' && plan.canary !== undefined
    const answer = except(honest(world([[ownedKey(7), seenKey(8)], [ownedKey(5)]])), (plan) =>
      isCanary(plan)
        ? {
            reading: {
              kind: 'keys-synced',
              attempts: [{ item: 7, verdict: 'success', said: 'Successfully replicated key' }],
              after: inventory(1, [ADMIN, JDOE], keys),
            },
          }
        : undefined,
    )
    return walk(spec, answer)
  }
  it('may be listed with less than its owner sees: the administrator lists it', () => {
    expect(story(canaryShows(seenKey(5, 'pan'), seenKey(7, 'pan')))).toContain('keys 1')
  })
  it.each([
    ['with another label', [seenKey(5, 'pan'), seenKey(7, 'pin')], '0x0000000000000007 (label "pin") appeared'],
    ['under another reference', [seenKey(5, 'pan'), seenKey(4711, 'pan')], '0x0000000000001267 (label "pan") appeared'],
    ['and another lost its label', [seenKey(5), seenKey(7, 'pan')], '0x0000000000000005 changed or went away'],
  ])('stops the run where it appears %s', (_, keys, detail) => {
    expect(canaryShows(...keys).outcome.stop).toMatchObject({
      code: 'canary-effect',
      detail: expect.stringContaining(detail),
    })
  })
})
