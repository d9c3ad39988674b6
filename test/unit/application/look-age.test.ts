import { expect, it } from 'vitest'
import { isLookOld } from '../../../src/application/run-request.ts'
import type { StepRecord } from '../../../src/application/store.ts'

const MINUTE = 60_000
const look = (minutes: number, end: StepRecord['end'] = { kind: 'printed' }): StepRecord => ({
  n: 1,
  plan: { kind: 'inspect' },
  plannedAt: minutes * MINUTE,
  blocks: [],
  ...(end ? { end } : {}),
})

it.each([
  ['was a minute ago', [look(9)], false],
  ['was three minutes ago', [look(7)], true],
  ['was three minutes ago, and the one after it was never sent', [look(7), look(9, { kind: 'sealed' })], true],
  ['was refused by Systems Manager', [look(7, { kind: 'refused', status: 'InvalidInstanceId' })], false],
  ['was repeated a minute ago', [look(7), look(9)], false],
  ['was three times too late', [look(1), look(4), look(7)], false],
  ['has not been', [], false],
])('the count of failed logins is looked at again where the look %s: %#', (_, steps, expected) => {
  expect(isLookOld(steps, 10 * MINUTE)).toBe(expected)
})
