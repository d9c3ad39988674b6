import { describe, expect, it } from 'vitest'
import { diffInventories } from '../../../src/domain/diff.ts'
import { missingScope, mostNamed } from '../../../src/domain/missing-scope.ts'
import { EVERYTHING } from '../../../src/domain/scope.ts'
import { inventory, key, keys, user } from '../../fixtures/examples.ts'

const source = inventory(0, [user('jdoe'), user('app')], [key(7), key(8, 'app'), key(9, 'gone')])

describe('the scope of exactly what a comparison found missing', () => {
  it('names users that any HSM lacks, once, and the missing keys; what is there, in conflict or blocked is no part of it', () => {
    const one = inventory(1, [user('jdoe')], [key(7, 'somebody')])
    const two = inventory(2, [], [])
    const scope = missingScope(diffInventories(source, [one, two], EVERYTHING))
    expect(scope.users).toEqual({ kind: 'listed', items: ['app', 'jdoe'] })
    expect(scope.keys).toEqual({ kind: 'listed', items: [8] })
    expect(mostNamed(scope)).toBe(2)
  })

  it('is nothing where nothing is missing', () => {
    const scope = missingScope(diffInventories(source, [{ ...source, server: inventory(1, []).server }], EVERYTHING))
    expect(scope).toEqual({ users: { kind: 'none' }, keys: { kind: 'none' } })
    expect(mostNamed(scope)).toBe(0)
  })

  it('counts users and keys each by themselves: each has its own bound', () => {
    const many = inventory(0, [user('jdoe'), user('app')], keys(501))
    expect(mostNamed(missingScope(diffInventories(many, [inventory(1, [user('jdoe')])], EVERYTHING)))).toBe(501)
  })
})
