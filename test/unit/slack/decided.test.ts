import { expect, it } from 'vitest'
import { decidedText } from '../../../src/adapters/slack/views/decided.ts'
import type { RequestState } from '../../../src/domain/request.ts'
import { request } from '../../fixtures/examples.ts'

it.each<[string, RequestState, 'approve' | 'reject' | 'withdraw', string]>([
  ['an approval of two', 'pending', 'approve', 'counts: 0 of 2.'],
  ['the last approval', 'approved', 'approve', 'It is checked once more, and starts unless something holds it'],
  ['an approval that is told late', 'stale', 'approve', 'By now it stands at *Stale*'],
  ['an approval that is told after the run', 'failed', 'approve', 'By now it stands at *Failed*'],
  ['a rejection', 'rejected', 'reject', 'Nothing will run'],
  ['a withdrawal', 'withdrawn', 'withdraw', 'Nothing has run'],
  ['a stop', 'running', 'withdraw', 'stops after the current batch'],
])('%s', (_, state, verdict, text) => expect(decidedText(request(state), verdict)).toContain(text))

it('does not say that nothing has run where a stop is told after the run has ended', () => {
  const text = decidedText(request('partial'), 'withdraw')
  expect(text).toContain('By now it stands at *Partly done*')
  expect(text).not.toContain('Nothing has run')
})
