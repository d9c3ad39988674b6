import { expect, it } from 'vitest'
import { unevenUsers } from '../../../src/domain/uneven.ts'
import { ADMIN, inventory, spec, target, user } from '../../fixtures/examples.ts'

const { clusterId } = spec().destination

it('names users that only some HSMs of the destination have, and on which they are missing', () => {
  const listed = [
    inventory(0, [ADMIN, user('jdoe')]),
    inventory(1, [ADMIN, user('jdoe'), user('leaver')]),
    inventory(2, [ADMIN, user('jdoe')]),
  ]
  expect(unevenUsers(spec(), listed)).toEqual([{ clusterId, user: 'leaver', what: `missing on ${target(2).hsmId}` }])
})

it('says nothing of one HSM alone, and takes two roles for two users', () => {
  expect(unevenUsers(spec(), [inventory(0, [ADMIN]), inventory(1, [ADMIN, user('jdoe')])])).toEqual([])
  const listed = [inventory(0, []), inventory(1, [user('jdoe')]), inventory(2, [user('jdoe', { role: 'CO' })])]
  expect(unevenUsers(spec(), listed).map(({ user: name }) => name)).toEqual(['jdoe', 'jdoe'])
})

it('takes the word of CloudHSM CLI for both clusters', () => {
  const wide = spec({ reach: 'cluster' })
  const kms = user('kmsuser', { coverage: 'cluster-coverage inconsistent' })
  const locked = user('jdoe', { coverage: 'full', uneven: 'locked on some HSMs' })
  expect(unevenUsers(wide, [inventory(0, [kms]), inventory(1, [ADMIN, locked])])).toEqual([
    { clusterId: wide.source.clusterId, user: 'kmsuser', what: 'cluster-coverage inconsistent' },
    { clusterId, user: 'jdoe', what: 'locked on some HSMs' },
  ])
})
