import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Hold, isSameHold } from '../../../src/domain/hold.ts'
import { isRefusal } from '../../../src/domain/refusal.ts'
import {
  approvalsOf,
  isExpired,
  isOpen,
  type Request,
  type RequestEvent,
  type RequestState,
  transition,
} from '../../../src/domain/request.ts'
import { ALICE, ASKER, BOB, END_STATES, HOUR, NOW, outcome, RULE, request, STATES } from '../../fixtures/examples.ts'

const EVENTS: readonly RequestEvent[] = [
  { type: 'approve', by: ALICE },
  { type: 'reject', by: BOB, reason: 'not now' },
  { type: 'withdraw', by: ASKER },
  { type: 'expire' },
  { type: 'start' },
  { type: 'found-stale', changed: ['the bastion script'] },
  { type: 'finish', outcome: outcome('partial') },
]

/** Every move there is, one hour after asking; what is not here is refused. */
const MOVES: Readonly<Partial<Record<RequestState, Partial<Record<RequestEvent['type'], RequestState>>>>> = {
  pending: { approve: 'pending', reject: 'rejected', withdraw: 'withdrawn' },
  approved: { withdraw: 'withdrawn', start: 'running', 'found-stale': 'stale', finish: 'partial' },
  running: { withdraw: 'running', finish: 'partial' },
}

function move(before: Request, event: RequestEvent, now = NOW + HOUR): Request {
  const after = transition(before, event, now)
  if (isRefusal(after)) throw new Error(`refused: ${JSON.stringify(after)}`)
  return after
}

function refusal(before: Request, event: RequestEvent, now = NOW + HOUR) {
  const after = transition(before, event, now)
  return isRefusal(after) ? after.refused : undefined
}

describe('every state and every event', () => {
  for (const state of STATES) {
    for (const event of EVENTS) {
      const to = MOVES[state]?.[event.type]
      it(to ? `${state}: ${event.type} leads to ${to}` : `${state}: ${event.type} is refused`, () => {
        const before = request(state)
        if (to) expect(move(before, event).state).toBe(to)
        else expect(refusal(before, event)).toMatchObject({ code: 'not-open', state, wanted: event.type })
      })
    }
  }

  it('no event, at any time, leads out of an end state', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...END_STATES),
        fc.array(fc.constantFrom(...EVENTS), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: NOW * 2 }),
        (state, events, now) => {
          const before = request(state)
          for (const event of events) expect(isRefusal(transition(before, event, now))).toBe(true)
        },
      ),
    )
  })

  it('any history of events never changes what was asked', () => {
    const event = fc.constantFrom(...EVENTS)
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.integer({ min: 0, max: 9 * HOUR })), { maxLength: 12 }), (history) => {
        const first = request('pending')
        let now: Request = first
        for (const [what, after] of history) {
          const moved = transition(now, what, NOW + after)
          if (!isRefusal(moved)) now = moved
        }
        const { id, digest, spec, requestedBy, expiresAt, rule, reason } = first
        expect(now).toMatchObject({ id, digest, spec, requestedBy, expiresAt, rule, reason })
        expect(now.decisions.length).toBeGreaterThanOrEqual(0)
        expect(isOpen(now)).toBe(!END_STATES.includes(now.state))
      }),
    )
  })
})

describe('approvals', () => {
  it('two of two make it approved, at the moment of the second', () => {
    const once = move(request('pending'), { type: 'approve', by: ALICE }, NOW + 1)
    const twice = move(once, { type: 'approve', by: BOB }, NOW + 2)
    expect(once.state).toBe('pending')
    expect(twice).toMatchObject({ state: 'approved', approvedAt: NOW + 2 })
    expect(approvalsOf(twice).map(({ by }) => by)).toEqual([ALICE, BOB])
  })

  it('one person who approves twice counts once', () => {
    const once = move(request('pending'), { type: 'approve', by: ALICE })
    expect(move(once, { type: 'approve', by: ALICE }).state).toBe('pending')
  })

  it.each([1, 2, 3, 5])('needs exactly %i different people', (required) => {
    let now = request('pending', { rule: { ...RULE, required } })
    for (let person = 1; person < required; person++) now = move(now, { type: 'approve', by: `U${person}` })
    expect(now.state).toBe('pending')
    expect(move(now, { type: 'approve', by: 'ULAST' }).state).toBe('approved')
  })

  it('a rejection ends it whatever was approved before, and keeps both on record', () => {
    const once = move(request('pending'), { type: 'approve', by: ALICE })
    const rejected = move(once, { type: 'reject', by: BOB, reason: 'freeze' })
    expect(rejected).toMatchObject({ state: 'rejected', by: BOB, because: 'freeze' })
    expect(rejected.decisions.map(({ verdict }) => verdict)).toEqual(['approve', 'reject'])
  })
})

describe('expiry', () => {
  const pending = request('pending')
  it.each([
    ['a millisecond before', pending.expiresAt - 1, false],
    ['at the very instant', pending.expiresAt, true],
    ['after', pending.expiresAt + 1, true],
  ])('%s', (_, now, expired) => {
    expect(pending.state === 'pending' && isExpired(pending, now)).toBe(expired)
    expect(refusal(pending, { type: 'approve', by: ALICE }, now)?.code).toBe(expired ? 'expired' : undefined)
    expect(refusal(pending, { type: 'reject', by: ALICE, reason: 'x' }, now)?.code).toBe(
      expired ? 'expired' : undefined,
    )
    expect(refusal(pending, { type: 'expire' }, now)?.code).toBe(expired ? undefined : 'not-open')
  })

  it('an approved request does not expire', () => {
    expect(refusal(request('approved'), { type: 'expire' }, NOW + 99 * HOUR)).toMatchObject({ code: 'not-open' })
  })

  it('a request past its time can still be withdrawn', () => {
    expect(move(pending, { type: 'withdraw', by: ASKER }, NOW + 9 * HOUR).state).toBe('withdrawn')
  })
})

describe('withdrawing a run', () => {
  it('asks it to stop and leaves it running', () => {
    const stopping = move(request('running'), { type: 'withdraw', by: ASKER }, NOW + HOUR)
    expect(stopping).toMatchObject({ state: 'running', stopAskedAt: NOW + HOUR })
  })

  it('the second time is refused', () => {
    const stopping = move(request('running'), { type: 'withdraw', by: ASKER })
    expect(refusal(stopping, { type: 'withdraw', by: ASKER })).toMatchObject({ code: 'not-open', wanted: 'withdraw' })
  })
})

describe('the end of a run', () => {
  it.each(['succeeded', 'partial', 'failed', 'unknown'] as const)('takes the state of its outcome: %s', (state) => {
    const finished = move(request('running'), { type: 'finish', outcome: outcome(state) }, NOW + 5 * HOUR)
    expect(finished).toMatchObject({ state, finishedAt: NOW + 5 * HOUR, startedAt: NOW + 120_000 })
  })

  it('may come before the first step, when the check before it was not possible', () => {
    const finished = move(
      request('approved'),
      { type: 'finish', outcome: outcome('failed', { evidence: 'nothing-sent' }) },
      NOW + HOUR,
    )
    expect(finished).toMatchObject({ state: 'failed', startedAt: NOW + HOUR })
  })

  it('who ended it is named to who comes too late', () => {
    expect(refusal(request('rejected'), { type: 'approve', by: BOB })).toMatchObject({ by: ALICE })
    expect(refusal(request('withdrawn'), { type: 'approve', by: BOB })).toMatchObject({ by: ASKER })
  })
})

describe('what holds a request', () => {
  const unknown = (problem: 'throttled' | 'unreachable', detail: string): Hold => ({
    kind: 'calendar-unknown',
    calendar: 'hsm-windows',
    refused: { code: 'aws', problem, service: 'Systems Manager', region: 'us-east-1', detail },
  })

  it('is the same while AWS only words it anew: no row and no message for that', () => {
    expect(isSameHold(unknown('throttled', 'request 1'), unknown('throttled', 'request 2'))).toBe(true)
    expect(isSameHold(unknown('throttled', 'x'), unknown('unreachable', 'x'))).toBe(false)
    expect(isSameHold(unknown('throttled', 'x'), undefined)).toBe(false)
    expect(isSameHold(undefined, undefined)).toBe(true)
  })
})

describe('the brake and the calendar', () => {
  const freeze = { by: ALICE, at: NOW, reason: 'an HSM fails' }
  const held = move(request('approved'), { type: 'hold', hold: { kind: 'frozen', ...freeze } })

  it('hold what is approved, and say so until nothing holds it', () => {
    expect(held).toMatchObject({ state: 'approved', held: { kind: 'frozen', by: ALICE } })
    expect(move(held, { type: 'hold' })).not.toHaveProperty('held')
    expect(move(held, { type: 'start' })).not.toHaveProperty('held')
  })

  it('stop a run as its asker does, and it is told who did', () => {
    const braked = move(request('running'), { type: 'brake', freeze }, NOW + HOUR)
    expect(braked).toMatchObject({ state: 'running', stopAskedAt: NOW + HOUR, frozen: freeze })
    const stopping = move(request('running'), { type: 'withdraw', by: ASKER })
    expect(refusal(stopping, { type: 'brake', freeze })).toMatchObject({ code: 'not-open', wanted: 'brake' })
  })

  it.each(STATES.filter((state) => state !== 'approved'))('hold nothing that is %s', (state) => {
    expect(refusal(request(state), { type: 'hold' })).toMatchObject({ code: 'not-open', wanted: 'hold' })
  })
})
