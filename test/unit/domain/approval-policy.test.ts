import { describe, expect, it } from 'vitest'
import { type Clicker, refuseDecision, refuseRequester, refuseWithdrawal } from '../../../src/domain/approval-policy.ts'
import type { MembershipFlaw, RefusalFacts } from '../../../src/domain/refusal.ts'
import type { ApprovalRule } from '../../../src/domain/request.ts'
import { ALICE, ASKER, BOB, NOW, RULE, request } from '../../fixtures/examples.ts'

const FLAWS: readonly MembershipFlaw[] = ['bot', 'deactivated', 'guest', 'stranger', 'other-workspace', 'invited']

function clicker(id: string, memberOf: readonly string[] = [], flaw?: MembershipFlaw): Clicker {
  return { person: { id, ...(flaw ? { flaw } : {}) }, memberOf }
}

const decided = request('pending', { decisions: [{ by: ALICE, verdict: 'approve', at: NOW + 5 }] })
const groupsOnly: ApprovalRule = { users: [], userGroups: ['S0CUSTODIANS'], required: 1 }

const MAY_DECIDE: readonly [string, Clicker, ApprovalRule][] = [
  ['a full member on the list', clicker(BOB), RULE],
  ['a member of a listed user group', clicker('U0CAROL', ['S0CUSTODIANS']), RULE],
  ['a member of a listed user group where no person is listed', clicker('U0CAROL', ['S0CUSTODIANS']), groupsOnly],
  ['somebody on the list and in the group', clicker(BOB, ['S0CUSTODIANS']), RULE],
]

const MAY_NOT: readonly [string, Clicker, ApprovalRule, RefusalFacts['code']][] = [
  ['somebody who is on no list', clicker('U0CAROL'), RULE, 'not-approver'],
  ['a member of some other group', clicker('U0CAROL', ['S0OTHERS']), RULE, 'not-approver'],
  ['a listed person after the list lost them', clicker(BOB), { ...RULE, users: [ALICE] }, 'not-approver'],
  ['who asked, even when listed', clicker(ASKER), { ...RULE, users: [ASKER] }, 'self-approval'],
  ['who asked, even as a member of the group', clicker(ASKER, ['S0CUSTODIANS']), RULE, 'self-approval'],
  ['who has decided already', clicker(ALICE), RULE, 'already-decided'],
  ['who has decided already and is no longer listed', clicker(ALICE), groupsOnly, 'not-approver'],
]

describe('who may approve or reject', () => {
  it.each(MAY_DECIDE)('%s may', (_, who, rule) => {
    expect(refuseDecision(decided, rule, who)).toBeUndefined()
  })

  it.each(MAY_NOT)('%s may not', (_, who, rule, code) => {
    expect(refuseDecision(decided, rule, who)?.refused.code).toBe(code)
  })

  it.each(FLAWS)('a listed approver who is %s may not, whatever else holds', (flaw) => {
    for (const id of [ALICE, BOB, ASKER]) {
      const refusal = refuseDecision(decided, { ...RULE, users: [id] }, clicker(id, ['S0CUSTODIANS'], flaw))
      expect(refusal?.refused).toEqual({ code: 'not-a-member', flaw })
    }
  })

  it('the refusal names the list, so that the clicker knows whom to ask', () => {
    const refusal = refuseDecision(decided, RULE, clicker('U0CAROL'))
    expect(refusal?.refused).toMatchObject({ users: RULE.users, userGroups: RULE.userGroups })
  })

  it('the refusal names the earlier decision', () => {
    expect(refuseDecision(decided, RULE, clicker(ALICE))?.refused).toMatchObject({ verdict: 'approve', at: NOW + 5 })
  })

  it('the live rule counts, not the one stored with the request', () => {
    const stored = request('pending', { rule: { ...RULE, users: [ALICE] } })
    expect(refuseDecision(stored, { ...RULE, users: [BOB] }, clicker(BOB))).toBeUndefined()
  })
})

describe('who may ask', () => {
  it('every full member', () => expect(refuseRequester({ id: 'U0ANY' })).toBeUndefined())
  it.each(FLAWS)('nobody who is %s', (flaw) => {
    expect(refuseRequester({ id: 'U0ANY', flaw })?.refused).toEqual({ code: 'not-a-member', flaw })
  })
})

describe('who may withdraw', () => {
  it('who asked', () => expect(refuseWithdrawal(decided, { id: ASKER })).toBeUndefined())
  it('not an approver', () => {
    expect(refuseWithdrawal(decided, { id: ALICE })?.refused).toEqual({ code: 'not-requester', requestedBy: ASKER })
  })
  it.each(FLAWS)('not who asked, once they are %s', (flaw) => {
    expect(refuseWithdrawal(decided, { id: ASKER, flaw })?.refused.code).toBe('not-a-member')
  })
})
