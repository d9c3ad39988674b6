import { expect, it } from 'vitest'
import { findTicket } from '../../../src/domain/ticket.ts'

it.each([
  ['CHG[0-9]{7}', 'CHG0012345 new starters', 'CHG0012345'],
  ['CHG[0-9]{7}', 'new starters (CHG0012345), see there', 'CHG0012345'],
  ['CHG[0-9]{7}', 'new starters: "CHG0012345".', 'CHG0012345'],
  ['CHG[0-9]{7}', 'XCHG0012345 CHG00123456 chg0012345', undefined],
  ['CHG[0-9]{7}', 'new starters', undefined],
  ['CHG[0-9]{7}|INC[0-9]+', 'INC7, as said', 'INC7'],
  ['#[0-9]+', 'see #77', '#77'],
  ['.*', '', undefined],
])('a ticket is a whole word of the reason: %s in "%s"', (pattern, reason, ticket) => {
  expect(findTicket(pattern, reason)).toBe(ticket)
})
