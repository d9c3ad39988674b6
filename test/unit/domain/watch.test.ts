import { describe, expect, it } from 'vitest'
import type { Inventory } from '../../../src/domain/inventory.ts'
import type { OutcomeReport } from '../../../src/domain/outcome.ts'
import { type Finished, isFinished, type Request } from '../../../src/domain/request.ts'
import { STOP_CODES } from '../../../src/domain/step.ts'
import {
  failedLoginIn,
  firstLook,
  found,
  mayHaveFailedLogin,
  settle,
  type Verdict,
  verdictOf,
  type Watch,
  watchKey,
} from '../../../src/domain/watch.ts'
import {
  ADMIN,
  HOUR,
  inventory,
  key,
  NOW,
  outcome,
  REQUEST_ID,
  request,
  spec,
  target,
  user,
} from '../../fixtures/examples.ts'

const JDOE = user('jdoe')
const source = inventory(0, [ADMIN, JDOE], [key(7), key(8)])
const listed = (...destinations: Inventory[]) => [source, ...destinations]
const same = listed(inventory(1, [ADMIN, JDOE], [key(7), key(8)]))

function compared(changes: Partial<OutcomeReport> = {}, state: 'succeeded' | 'failed' = 'succeeded'): Request {
  const ended = request(state, { spec: spec({ mode: 'plan' }) })
  if (!isFinished(ended)) throw new Error('not finished')
  return { ...ended, outcome: outcome(state, { proof: 'before', evidence: 'only-reads-sent', ...changes }) }
}

const NOTHING = { users: 0, keys: 0 }
const watch: Watch = { route: 'a>b', nextAt: NOW, edition: 1 }

describe('what a comparison says', () => {
  it('is in sync only of two whole listings between which nothing differs', () => {
    expect(verdictOf(compared(), same)).toEqual({ kind: 'in-sync', byLabel: 0, extra: NOTHING })
    expect(verdictOf(compared({ comparison: { byMaterial: 1, byLabel: 4 } }), same)).toMatchObject({ byLabel: 4 })
    expect(verdictOf(compared(), undefined)).toMatchObject({ kind: 'unknown' })
    const stopped = compared({ stop: { code: 'lost', detail: '' } })
    expect(verdictOf(stopped, same)).toEqual({ kind: 'unknown', why: { kind: 'stopped', code: 'lost' } })
    expect(verdictOf(compared({}, 'failed'), same)).toMatchObject({ kind: 'unknown' })
  })

  it('counts what the destination has and the source has not, on any HSM', () => {
    const more = [
      inventory(1, [ADMIN, JDOE, user('extra')], [key(7), key(8)]),
      inventory(2, [ADMIN, JDOE], [key(7), key(8), key(9)]),
    ]
    expect(verdictOf(compared(), listed(...more))).toMatchObject({ extra: { users: 1, keys: 1 } })
  })

  it('counts a user once, on however many HSMs it is missing, and what differs in another way apart', () => {
    const found = listed(inventory(1, [ADMIN], [key(7)]), inventory(2, [ADMIN], [key(7)]))
    expect(verdictOf(compared(), found)).toEqual({ kind: 'behind', users: 1, keys: 1, others: 0 })
    const conflict = { kind: 'key', name: '7', problem: 'conflict', why: 'another owner' } as const
    expect(verdictOf(compared({ discrepancies: [conflict] }), same)).toMatchObject({ kind: 'behind', others: 1 })
  })

  it('is nothing where it was called off, and unknown where it could not begin', () => {
    expect(verdictOf(request('withdrawn'), undefined)).toBeUndefined()
    expect(verdictOf(compared({ withdrawn: true }, 'failed'), undefined)).toBeUndefined()
    expect(verdictOf(request('stale'), undefined)).toEqual({
      kind: 'unknown',
      why: { kind: 'changed', changed: ['the base config on the bastion'] },
    })
  })

  it('is unknown where an HSM of the destination was not listed', () => {
    const whole = spec({ mode: 'plan' })
    const leftOut = [{ hsmId: target(2).hsmId, state: 'CREATE_IN_PROGRESS' }]
    const some = { ...compared(), spec: { ...whole, destination: { ...whole.destination, leftOut } } } as Request
    expect(verdictOf(some, same)).toEqual({ kind: 'unknown', why: { kind: 'unlisted', hsms: 1 } })
  })
})

describe('after a failed login', () => {
  const SHOWN_NOT = [
    'not-connected',
    'not-encrypted',
    'wrong-partition',
    'other-hsms',
    'not-configured',
    'bastion-busy',
  ]
  const BEFORE_OR_AFTER = [
    'not-executed',
    'not-approved',
    'could-not-check',
    'users-changed',
    'inconsistent',
    'partial-view',
  ]
  it.each(STOP_CODES)('%s', (code) => {
    const isHarmless = [...SHOWN_NOT, ...BEFORE_OR_AFTER].includes(code)
    const ended = compared({ stop: { code, detail: '' } }, 'failed')
    expect(mayHaveFailedLogin(ended)).toBe(!isHarmless)
    expect(settle(watch, ended, undefined, NOW).paused).toBe(isHarmless ? undefined : REQUEST_ID)
  })

  it('nothing that was sent is no failed login, unless a login is what kept it', () => {
    const of = (code: 'credentials' | 'login-risk') =>
      compared({ stop: { code, detail: '' }, evidence: 'nothing-sent' }, 'failed')
    expect([mayHaveFailedLogin(of('credentials')), mayHaveFailedLogin(of('login-risk'))]).toEqual([false, true])
  })

  it('that it looks no more is told anew', () => {
    const before = found(watch, {
      verdict: { kind: 'unknown', why: { kind: 'changed', changed: [] } },
      request: REQUEST_ID,
      at: NOW,
    })
    const ended = compared({ stop: { code: 'login-failed', detail: '' } }, 'failed')
    expect(settle(before, ended, undefined, NOW).edition).toBe(before.edition + 1)
  })
})

describe('the watch', () => {
  const look = (verdict: Verdict, at: number) => ({ verdict, request: REQUEST_ID, at })
  const BEHIND: Verdict = { kind: 'behind', users: 1, keys: 2, others: 0 }
  const SYNC: Verdict = { kind: 'in-sync', byLabel: 0, extra: NOTHING }
  const UNKNOWN: Verdict = { kind: 'unknown', why: { kind: 'changed', changed: [] } }

  it('says since when it is so, and keeps what was known last', () => {
    const first = found(watch, look(BEHIND, NOW))
    const second = found(first, look({ ...BEHIND, keys: 1 }, NOW + HOUR))
    expect(second.found).toMatchObject({ at: NOW + HOUR, since: NOW })
    const blind = found(second, look(UNKNOWN, NOW + 2 * HOUR))
    expect(blind.found?.since).toBe(NOW + 2 * HOUR)
    expect(blind.lastKnown).toEqual({ verdict: { ...BEHIND, keys: 1 }, at: NOW + HOUR })
  })

  it.each<[string, Verdict, Verdict, number]>([
    ['the same', BEHIND, BEHIND, 0],
    ['better, but still behind', BEHIND, { ...BEHIND, keys: 1 }, 0],
    ['worse', BEHIND, { ...BEHIND, keys: 3 }, 1],
    ['worse in one way and better in another', BEHIND, { ...BEHIND, keys: 0, others: 1 }, 1],
    ['behind', SYNC, BEHIND, 1],
    ['back in sync', BEHIND, SYNC, 1],
    ['blind', SYNC, UNKNOWN, 1],
    ['seen again', UNKNOWN, SYNC, 1],
    ['blind still', UNKNOWN, UNKNOWN, 0],
  ])('posts anew when it becomes worse or comes back: %s', (_, before, now, more) => {
    const edition = found(found(watch, look(before, NOW)), look(now, NOW + HOUR)).edition
    expect(edition).toBe(watch.edition + more)
  })

  it('spreads the first looks of routes over the period', () => {
    const names = Array.from({ length: 40 }, (_, at) => `cluster-2abcdefgh${at}>cluster-7klmnopqrs${at}`)
    const looks = names.map((name) => firstLook(name, 24 * HOUR, NOW) - NOW)
    expect(looks.every((ms) => ms >= 0 && ms < 24 * HOUR)).toBe(true)
    const quarters = new Set(looks.map((ms) => Math.floor(ms / (6 * HOUR))))
    expect(quarters.size).toBe(4)
  })
})

describe('a failed login of somebody', () => {
  const BEFORE = NOW - HOUR
  /** Began an hour before it ended, unless said. */
  const ended = (changes: Partial<OutcomeReport>, other: object = {}) =>
    ({ ...compared(changes), startedAt: BEFORE, finishedAt: NOW, ...other }) as Finished
  const later = { startedAt: NOW + 1, finishedAt: NOW + HOUR }
  const failedLogin = { code: 'login-failed', detail: '' } as const
  const canary = { code: 'canary-effect', detail: '' } as const
  const lost = { code: 'lost', detail: '' } as const
  const failed = ended({ proof: 'none', lastLogin: 'doubt', stop: failedLogin })
  const { source: from, destination: to } = spec()
  const elsewhere = { spec: spec({ destination: { ...to, clusterId: 'cluster-3cccccccccc' as typeof to.clusterId } }) }

  it.each([
    ['one had one', [failed], 0, true],
    ['it was on the way to another cluster', [ended({ proof: 'none', lastLogin: 'doubt' }, elsewhere)], 0, true],
    ['nothing has logged in since', [ended({ proof: 'none', lastLogin: 'none' }, later), failed], 0, true],
    [
      'one between other clusters has listed since',
      [ended({ lastLogin: 'worked' }, { ...later, ...elsewhere }), failed],
      0,
      true,
    ],
    ['one between these clusters has listed since', [ended({ lastLogin: 'worked' }, later), failed], 0, false],
    [
      'one that ended later had begun before',
      [ended({ lastLogin: 'worked' }, { finishedAt: NOW + HOUR }), failed],
      0,
      true,
    ],
    ['something else stopped it first', [ended({ proof: 'after', lastLogin: 'doubt', stop: canary })], 0, true],
    [
      'it listed at its end, whatever stopped it',
      [ended({ proof: 'after', lastLogin: 'worked', stop: lost })],
      0,
      false,
    ],
    [
      'nobody logged in, because of a risk',
      [ended({ proof: 'none', lastLogin: 'none', stop: { code: 'login-risk', detail: '' } })],
      0,
      false,
    ],
    ['a person said go since', [failed], NOW, false],
    ['nothing has run', [], 0, false],
  ])('where %s', (_, requests, since, expected) => {
    const found = failedLoginIn({ ended: requests, lost: [] }, watchKey({ source: from, destination: to }), since)
    expect(found !== undefined).toBe(expected)
  })

  it.each([
    ['it failed', [ended({ proof: 'none', stop: failedLogin })], true],
    ['it failed when it was to list at the end once more', [ended({ proof: 'after', stop: failedLogin })], true],
    ['it is not known how a step after the listing ended', [ended({ stop: lost })], true],
    [
      'it wrote, and nothing was listed after the first stop',
      [ended({ proof: 'none', evidence: 'may-have-written', stop: { code: 'bastion-busy', detail: '' } })],
      true,
    ],
    ['it was listed at the end, whatever stopped it', [ended({ proof: 'after', stop: canary })], false],
    ['a later one has listed', [ended({}, later), ended({ proof: 'none', stop: failedLogin })], false],
  ])('in outcomes of older versions: %s', (_, requests, expected) => {
    const found = failedLoginIn({ ended: requests, lost: [] }, watchKey({ source: from, destination: to }), 0)
    expect(found !== undefined).toBe(expected)
  })

  it('may be in a request that cannot be read, until a later one has listed', () => {
    const gone = [{ id: REQUEST_ID, at: NOW }]
    const route = watchKey({ source: from, destination: to })
    expect(failedLoginIn({ ended: [], lost: gone }, route, 0)).toBe(REQUEST_ID)
    expect(failedLoginIn({ ended: [], lost: gone }, route, NOW)).toBeUndefined()
    expect(failedLoginIn({ ended: [ended({ lastLogin: 'worked' }, later)], lost: gone }, route, 0)).toBeUndefined()
  })
})
