import { describe, expect, it } from 'vitest'
import { differences } from '../../../src/domain/spec.ts'
import { ADMIN, spec, user } from '../../fixtures/examples.ts'
import { type Answer, except, type Hsms, honest, nothing, story, walk } from '../../fixtures/walk.ts'
import { ownedKey, seenKey, wideSpec } from '../../fixtures/whole-clusters.ts'

const JDOE = user('jdoe', { coverage: 'full' })
const world = (keys: Hsms['keys']): Hsms => ({
  users: [
    [ADMIN, JDOE],
    [ADMIN, JDOE],
  ],
  keys: keys.map((some) => [...some]),
})

/** The honest tool, whose batch of keys is done and never answers. */
function lostBatch(hsms: Hsms): Answer {
  const tool = honest(hsms)
  return except(tool, (plan, n) => {
    if (plan.kind !== 'sync-keys' || plan.canary) return undefined
    tool(plan, n)
    return nothing('lost', 'may-have-written')
  })
}

describe('a batch of keys that nobody heard of again', () => {
  const keys = [1, 2, 3].map((handle) => seenKey(handle, 'pan'))

  it('is no success in whole clusters, though they are listed: an administrator’s listing does not show on which HSMs', () => {
    const { outcome } = walk(wideSpec(), lostBatch(world([keys, []])))
    expect(outcome.state).toBe('partial')
    expect(outcome.discrepancies.map(({ name, problem }) => [name, problem])).toEqual([
      ['0x0000000000000002', 'incomplete'],
      ['0x0000000000000003', 'incomplete'],
    ])
  })
})

describe('after a failure that may be a failed login', () => {
  it('nothing logs in any more, not even to list what was written', () => {
    const keys = [1, 2].map((handle) => seenKey(handle, 'pan'))
    const run = walk(
      wideSpec(),
      except(honest(world([keys, []])), (plan) =>
        plan.kind === 'sync-keys' && !plan.canary ? nothing('login-unsure', 'may-have-written') : undefined,
      ),
    )
    expect(story(run)).toEqual(['inspect', 'inventory before', 'canary 1', 'keys 1'])
    expect(run.outcome).toMatchObject({ state: 'unknown', proof: 'none', stop: { code: 'login-unsure' } })
  })
})

describe('the first key', () => {
  const keys = [1, 2, 3, 4].map((handle) => seenKey(handle, 'pan'))

  it('may be refused in so many words: then the next one goes first', () => {
    const run = walk(wideSpec(), honest(world([keys, []]), { refusedKeys: [1] }))
    expect(story(run)).toEqual(['inspect', 'inventory before', 'canary 1', 'canary 2', 'keys 2', 'inventory after'])
    expect(run.outcome).toMatchObject({
      state: 'partial',
      discrepancies: [{ name: '0x0000000000000001', problem: 'failed' }],
    })
  })

  it('is the last one after three refusals', () => {
    const run = walk(wideSpec(), honest(world([keys, []]), { refusedKeys: [1, 2, 3] }))
    expect(story(run)).toEqual([
      'inspect',
      'inventory before',
      'canary 1',
      'canary 2',
      'canary 3',
      'inspect',
      'inventory after',
    ])
    expect(run.outcome).toMatchObject({ state: 'failed', stop: { code: 'batch-failed' } })
  })
})

describe('keys compared by check value', () => {
  it('count as proof only where they are equal', () => {
    const [equal, other] = [ownedKey(1, { coverage: 'full' }), ownedKey(2, { coverage: 'full' })]
    const copy = { ...other, material: 'secret-key aes 0x000000' }
    const { outcome } = walk(
      wideSpec(),
      honest(
        world([
          [equal, other],
          [equal, copy],
        ]),
      ),
    )
    expect(outcome.comparison).toEqual({ byMaterial: 1, byLabel: 0 })
    expect(outcome.discrepancies).toMatchObject([{ name: '0x0000000000000002', problem: 'conflict' }])
  })
})

describe('a request that an older version stored', () => {
  it('is stale because the bot was updated, and for no other reason', () => {
    const { source, destination } = spec()
    const now = spec({
      version: 2,
      source: { ...source, hsmType: 'hsm1.medium' },
      destination: { ...destination, hsmType: 'hsm1.medium' },
    })
    expect(differences(spec(), now)).toEqual(['the bot itself: it was updated'])
  })
  it('names the type of the HSMs where only that changed', () => {
    const typed = (hsmType: string) => spec({ source: { ...spec().source, hsmType } })
    expect(differences(typed('hsm1.medium'), typed('hsm2m.medium'))).toEqual(['the type of the HSMs'])
  })
})
