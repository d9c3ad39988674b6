import { expect, it } from 'vitest'
import { threadOf } from '../../../src/adapters/slack/views/thread.ts'
import type { SeenStep } from '../../../src/application/run-view.ts'
import { ADMIN, key, request, specOfOne, user } from '../../fixtures/examples.ts'
import { except, honest, nothing, walk } from '../../fixtures/walk.ts'

it('names every place in a thread once, also when a step had to be sent again', () => {
  const tool = honest({ users: [[ADMIN, user('jdoe', { id: 3 })], [ADMIN]], keys: [[key(7), key(8)], []] })
  let refusals = 0
  const { steps, outcome } = walk(
    specOfOne(),
    except(tool, (plan) => (plan.kind === 'inventory' && refusals++ < 2 ? nothing('not-executed') : undefined)),
  )
  const seen = steps.map((step, index): SeenStep => ({ n: index + 1, ...step }))
  expect(outcome.state).toBe('succeeded')
  expect(seen.filter(({ plan }) => plan.kind === 'inventory')).toHaveLength(4)
  const picture = threadOf({ request: request('running'), version: 1, steps: seen }, undefined)
  const slots = picture.map(({ slot }) => slot)
  expect(slots).toContain('diff')
  expect(slots).toEqual([...new Set(slots)])
  // They were sent again, and it went well: only a run that ends with them says that it was in vain.
  const saying = (words: string) => picture.filter((slot) => JSON.stringify(slot).includes(words))
  expect(saying('Not done, and no login was tried')).toHaveLength(1)
  expect(saying('several times in a row')).toEqual([])
})

it('does not say of steps that are not kept any more, or cannot be read, that they did not begin', () => {
  const over = request('partial')
  const textOf = (view: Parameters<typeof threadOf>[0]) =>
    JSON.stringify(threadOf(view, undefined).filter(({ slot }) => slot === 'checklist'))
  expect(textOf({ request: over, version: 1, steps: [] })).toContain('cannot be shown')
  expect(textOf({ request: over, version: 1, steps: [] })).not.toContain('Not begun')
  const unreadable = { request: request('running'), version: 1, steps: [], unreadable: 'shape 99' }
  expect(textOf(unreadable)).toContain('cannot be shown')
})
