import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import type { HsmUser } from '../../../src/domain/inventory.ts'
import { failedMore, loginRisk } from '../../../src/domain/login-risk.ts'
import { specOfOne, user } from '../../fixtures/examples.ts'
import { wideSpecWithOwners } from '../../fixtures/whole-clusters.ts'

const officer = (changes: Partial<HsmUser> = {}) => user('hsm_sync', { id: 1, role: 'CO', ...changes })
const leaver = user('old_officer', { id: 9, role: 'CO', failedLogins: 3 })
const places = (...lists: readonly (readonly HsmUser[])[]) =>
  lists.map((users, number) => ({ server: serverNumber(number), users }))
const risk = (servers: ReturnType<typeof places>, logins: readonly string[] | undefined = ['HSM_sync']) =>
  loginRisk(specOfOne(), { servers, logins })

describe('who logs in is the one that counts', () => {
  it('a leaver with failed logins, or locked, stops nothing', () => {
    expect(risk(places([officer(), leaver], [officer(), { ...leaver, isLocked: true }]))).toBeUndefined()
  })
  it.each([
    [
      'two failed logins on one HSM',
      officer({ failedLogins: 2 }),
      'login-risk',
      'hsm_sync has 2 failed logins on server 1',
    ],
    ['locked', officer({ isLocked: true }), 'login-risk', 'hsm_sync is locked on server 1'],
    ['a second factor', officer({ hasSecondFactor: true }), 'second-factor', 'hsm_sync on server 1'],
    ['not there', user('another', { role: 'CO' }), 'no-officer', 'no crypto officer hsm_sync on server 1'],
    ['there in another role', user('hsm_sync'), 'no-officer', 'no crypto officer hsm_sync on server 1'],
  ] as const)('%s: nobody logs in', (_, there, code, detail) => {
    expect(risk(places([officer()], [there]))).toEqual({ code, detail: expect.stringContaining(detail) })
  })
  it('where the bastion did not tell who it is, any officer counts', () => {
    expect(loginRisk(specOfOne(), { servers: places([officer(), leaver], [officer()]), logins: undefined })?.code).toBe(
      'login-risk',
    )
  })
  it('a crypto user that lists its own keys must not have a second factor either', () => {
    const there = places([officer(), user('jdoe', { hasSecondFactor: true })], [officer()])
    expect(loginRisk(wideSpecWithOwners('jdoe'), { servers: there, logins: ['hsm_sync'] })).toEqual({
      code: 'second-factor',
      detail: 'jdoe on prod-us',
    })
    expect(loginRisk(wideSpecWithOwners('app'), { servers: there, logins: ['hsm_sync'] })).toBeUndefined()
  })
})

it('only failures of the one that logs in say that a login failed', () => {
  const before = places([officer(), leaver], [officer()])
  const worse = (users: readonly HsmUser[]) =>
    failedMore(before, { servers: places(users, [officer()]), logins: ['hsm_sync'] })
  expect(worse([officer(), { ...leaver, failedLogins: 4 }])).toBe(false)
  expect(worse([officer({ failedLogins: 1 }), leaver])).toBe(true)
})
