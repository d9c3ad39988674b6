import { expect, it } from 'vitest'
import { updatePace } from '../../../src/adapters/slack/outgoing/pace.ts'

it('lets a message be updated once a second, also when the wall clock goes back', () => {
  let now = 100_000
  const pace = updatePace({ now: () => now, sleep: async () => undefined })
  expect(pace.isTooSoon('card')).toBe(false)
  pace.sent('card')
  now += 999
  expect([pace.isTooSoon('card'), pace.isTooSoon('result')]).toEqual([true, false])
  now += 1
  expect(pace.isTooSoon('card')).toBe(false)
  pace.sent('card')
  now -= 600_000
  expect(pace.isTooSoon('card')).toBe(false)
})
