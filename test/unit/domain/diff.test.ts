import { describe, expect, it } from 'vitest'
import { diffInventories } from '../../../src/domain/diff.ts'
import { EVERYTHING, type Scope } from '../../../src/domain/scope.ts'
import { inventory, key, user } from '../../fixtures/examples.ts'

const JDOE = user('jdoe')
const APP = user('app', { id: 4 })
const none = { kind: 'none' } as const
const all = { kind: 'all' } as const

describe('users', () => {
  it('are missing per destination HSM', () => {
    const { users } = diffInventories(inventory(0, [JDOE, APP]), [inventory(1, [JDOE]), inventory(2, [])], EVERYTHING)
    expect(users.map(({ missing, present }) => [missing.map(({ name }) => name), present])).toEqual([
      [['app'], 1],
      [['jdoe', 'app'], 0],
    ])
  })

  it('are the same by name and role, whatever their ids', () => {
    const { users, userConflicts } = diffInventories(
      inventory(0, [{ ...JDOE, id: 3 }]),
      [inventory(1, [{ ...JDOE, id: 77 }])],
      EVERYTHING,
    )
    expect(users[0]?.missing).toEqual([])
    expect(userConflicts).toEqual([])
  })

  it('with another role are a conflict, and are not copied', () => {
    const diff = diffInventories(inventory(0, [JDOE]), [inventory(1, [{ ...JDOE, role: 'CO' }])], EVERYTHING)
    expect(diff.users[0]?.missing).toEqual([])
    expect(diff.userConflicts).toEqual([
      { server: 1, name: 'jdoe', problem: 'CU on the source, CO on the destination' },
    ])
  })

  it('with one name in both roles on both sides are no conflict', () => {
    const both = [JDOE, user('jdoe', { id: 9, role: 'CO' })]
    for (const there of [both, both.toReversed()]) {
      const diff = diffInventories(inventory(0, both), [inventory(1, there)], EVERYTHING)
      expect(diff.userConflicts).toEqual([])
      expect(diff.users[0]).toMatchObject({ missing: [], present: 2 })
    }
  })

  it('only on the destination are none of our business', () => {
    const diff = diffInventories(inventory(0, []), [inventory(1, [JDOE], [key(7)])], EVERYTHING)
    expect(diff).toMatchObject({ users: [{ missing: [], present: 0 }], userConflicts: [], keys: { missing: [] } })
  })
})

describe('keys', () => {
  const CASES: readonly [string, ReturnType<typeof key>[], ReturnType<typeof key>[], keyof typeof EMPTY][] = [
    ['on no destination HSM is missing', [], [], 'missing'],
    ['on one HSM of two, alike, is present: the service spreads it', [key(7)], [], 'present'],
    ['on both is present', [key(7)], [key(7)], 'present'],
    ['with another owner is a conflict', [key(7, 'app')], [], 'conflicts'],
    ['with another owner on the second HSM only is a conflict', [key(7)], [key(7, 'app')], 'conflicts'],
    ['shared with somebody else is a conflict', [key(7, 'jdoe', ['app'])], [], 'conflicts'],
    ['without an owner mark is a conflict', [key(7, null)], [], 'conflicts'],
  ]
  const EMPTY = { missing: 0, present: 0, conflicts: 0, blocked: 0 }

  it.each(CASES)('one that is %s', (_, first, second, kind) => {
    const there = [JDOE, APP]
    const { keys } = diffInventories(
      inventory(0, there, [key(7)]),
      [inventory(1, there, first), inventory(2, there, second)],
      EVERYTHING,
    )
    const counts = Object.fromEntries(Object.entries(keys).map(([name, items]) => [name, items.length]))
    expect(counts).toEqual({ ...EMPTY, [kind]: 1 })
  })

  it('a public key needs no owner', () => {
    const { keys } = diffInventories(inventory(0, [], [key(7, null)]), [inventory(1, [])], EVERYTHING)
    expect(keys.missing).toHaveLength(1)
  })

  const BLOCKED: readonly [string, Scope, string[]][] = [
    ['its owner comes with this request', EVERYTHING, []],
    ['its owner is out of scope', { users: none, keys: all }, ['jdoe']],
    [
      'only its owner is in scope, not who shares it',
      { users: { kind: 'listed', items: ['jdoe'] }, keys: all },
      ['app'],
    ],
  ]
  it.each(BLOCKED)('a key where %s', (_, scope, lacks) => {
    const source = inventory(0, [JDOE, APP], [key(7, 'jdoe', scope.users.kind === 'none' ? [] : ['app'])])
    const { keys } = diffInventories(source, [inventory(1, [])], scope)
    expect(keys.blocked.flatMap((blocked) => blocked.lacks)).toEqual(lacks)
    expect(keys.missing).toHaveLength(lacks.length === 0 ? 1 : 0)
  })

  it('whose owner is in conflict is blocked', () => {
    const source = inventory(0, [JDOE], [key(7)])
    const { keys } = diffInventories(source, [inventory(1, [{ ...JDOE, role: 'CO' }])], EVERYTHING)
    expect(keys.blocked).toMatchObject([{ handle: 7, lacks: ['jdoe'] }])
  })

  it('out of scope are not compared, and what the scope names in vain is told', () => {
    const scope: Scope = { users: { kind: 'listed', items: ['ghost'] }, keys: { kind: 'listed', items: [7, 99] } }
    const diff = diffInventories(inventory(0, [JDOE], [key(7), key(8)]), [inventory(1, [JDOE])], scope)
    expect(diff.keys.missing.map(({ handle }) => handle)).toEqual([7])
    expect(diff.unknown).toEqual({ users: ['ghost'], keys: [99] })
  })
})

it('names a user that conflicts on one HSM as missing on the others, where it is copied to none', () => {
  const source = inventory(0, [user('kmiller')])
  const { users, userConflicts } = diffInventories(
    source,
    [inventory(1, []), inventory(2, [user('kmiller', { role: 'CO' })]), inventory(3, [user('kmiller')])],
    EVERYTHING,
  )
  expect(users.map(({ missing }) => missing)).toEqual([[], [], []])
  expect(userConflicts).toEqual([
    { server: 2, name: 'kmiller', problem: 'CU on the source, CO on the destination' },
    { server: 1, name: 'kmiller', problem: 'missing there, and not copied, because of the conflict on another HSM' },
  ])
})
