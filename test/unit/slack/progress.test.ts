import { expect, it } from 'vitest'
import { progressText } from '../../../src/adapters/slack/views/progress.ts'
import type { SeenStep } from '../../../src/application/run-view.ts'
import { diffInventories } from '../../../src/domain/diff.ts'
import { serverNumber } from '../../../src/domain/ids.ts'
import { EVERYTHING } from '../../../src/domain/scope.ts'
import { ADMIN, inventory, keys, user } from '../../fixtures/examples.ts'

const jdoe = user('jdoe')
const diff = diffInventories(inventory(0, [ADMIN, jdoe], keys(40)), [inventory(1, [ADMIN, jdoe])], EVERYTHING)

/** Keys tried in one step, a second each; the first `failed` of them were not copied. */
function batch(n: number, tried: number, failed = 0): SeenStep {
  const server = serverNumber(1)
  const handles = Array.from({ length: tried }, (_, at) => 1000 * n + at)
  const canary = n === 1 ? { canary: { server, users: [] } } : {}
  const attempts = handles.map(
    (item, at) => ({ item, verdict: at < failed ? 'failure' : 'success', said: '' }) as const,
  )
  return {
    n,
    plan: { kind: 'sync-keys', server, handles, ...canary },
    reading: { kind: 'keys-synced', attempts },
    seconds: tried,
  }
}

it.each([
  ['nothing was written yet', [], 'running', undefined],
  ['the first key says nothing about the others’ time', [batch(1, 1)], 'running', 'keys  ░░░░░░░░░░░░░░░░░░░░ 1/40'],
  [
    'after a batch, what is not tried is estimated',
    [batch(1, 1), batch(2, 19)],
    'running',
    'keys  ██████████░░░░░░░░░░ 20/40 · about 20 s left',
  ],
  [
    'a key that failed is not waited for',
    [batch(1, 1), batch(2, 39, 20)],
    'running',
    'keys  ██████████░░░░░░░░░░ 20/40',
  ],
  [
    'while it is listed again, nothing more is copied',
    [batch(1, 1), batch(2, 19), listing(3)],
    'running',
    'keys  ██████████░░░░░░░░░░ 20/40',
  ],
  [
    'after the end nothing is left to wait for',
    [batch(1, 1), batch(2, 19)],
    'partial',
    'keys  ██████████░░░░░░░░░░ 20/40',
  ],
] as const)('%s', (_, steps, state, expected) => {
  expect(progressText(diff, { request: { state }, steps })).toBe(expected)
})

function listing(n: number): SeenStep {
  return { n, plan: { kind: 'inventory', purpose: 'after', users: [] }, seconds: 0 }
}
