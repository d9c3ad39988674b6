import { expect, it } from 'vitest'
import { filedText } from '../../../src/adapters/slack/views/request-answers.ts'
import { request } from '../../fixtures/examples.ts'

it('says how many approvals are needed only of what waits for them', () => {
  expect(filedText(request('pending'), undefined)).toMatch(/where (one approval is|\d+ approvals are) needed/)
})

it.each(['approved', 'running', 'partial', 'expired'] as const)(
  'says where it stands of what is %s by now',
  (state) => {
    const text = filedText(request(state), undefined)
    expect(text).toMatch(/By now it stands at \*\w/)
    expect(text).not.toContain('needed')
  },
)
