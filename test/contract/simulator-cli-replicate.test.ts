import { describe, expect, it } from 'vitest'
import { hsmOf } from '../simulator/world/world.ts'
import type { WorldState } from '../simulator/world/world-state.ts'
import { plantedCryptoUserPassword } from '../simulator/worlds.ts'
import {
  adminAtBoth,
  answer,
  bothClusters,
  change,
  cli,
  data,
  endWorlds,
  eu,
  eu1,
  eu2,
  handlesOf,
  keyAt,
  missingKey,
  namesOf,
  ownerAtBoth,
  pin,
  presentKey,
  reference,
  replicateKey,
  replicateUser,
  simulator,
  start,
  us,
  us1,
  us2,
  userAt,
} from './cli-place.ts'

// What the fake cloudhsm-cli copies and what it refuses to copy.

endWorlds()

describe('user replicate', () => {
  it('writes to every HSM of the destination, under the next free id, and is content with what is there', async () => {
    await start()
    expect(data(await replicateUser('Crypto_User5'))).toMatchObject({
      user: { username: 'crypto_user5', role: 'crypto-user', locked: 'false', 'cluster-coverage': 'full' },
      message: 'Successfully replicated user',
    })
    for (const id of [eu1, eu2]) {
      const { users } = hsmOf(simulator.world.read(), id)
      expect(users.at(-1)).toMatchObject({ name: 'crypto_user5', type: 'CU', password: 'crypto-user-pass-5' })
      expect(new Set(users.map((user) => user.id)).size).toBe(users.length)
    }
    const before = simulator.world.read().clusters
    expect(answer(await replicateUser('crypto_user5'))).toMatchObject({ error_code: 0 })
    expect(answer(await replicateUser('admin', adminAtBoth, 'admin'))).toMatchObject({ error_code: 0 })
    expect(simulator.world.read().clusters).toEqual(before)
    expect(simulator.logins().map(({ target, ok }) => [target, ok])).toEqual(
      [us, eu, us, eu, us, eu].map((target) => [target, true]),
    )
  })

  it.each<[string, (state: WorldState) => void, string, readonly string[]]>([
    [
      'a user who is not the same on all HSMs of the source',
      (state) => {
        hsmOf(state, us2).users = hsmOf(state, us2).users.filter(({ name }) => name !== 'crypto_user5')
      },
      'Specified user is inconsistent across the cluster',
      [],
    ],
    [
      'a user who is locked on one HSM of the source',
      (state) => {
        userAt(state, us2, 'crypto_user5').loginFailures = 5
      },
      'Specified user is inconsistent across the cluster',
      [],
    ],
    [
      'a user who has another role there',
      (state) => {
        hsmOf(state, eu1).users.push({ ...userAt(state, us1, 'crypto_user5'), id: 77, type: 'CO' })
      },
      'User replicate failed on 1 of 2 connections',
      [eu1, eu2],
    ],
    [
      'a user who is locked there',
      (state) => {
        for (const id of [eu1, eu2]) {
          hsmOf(state, id).users.push({ ...userAt(state, us1, 'crypto_user5'), id: 77, loginFailures: 5 })
        }
      },
      'User replicate failed on 2 of 2 connections',
      [eu1, eu2],
    ],
    [
      'clusters that are not clones',
      (state) => {
        for (const cluster of state.clusters) cluster.lineage = cluster.clusterId
      },
      'User replicate failed on 2 of 2 connections',
      [],
    ],
    [
      'hsm2m to hsm1',
      (state) => {
        for (const id of [eu1, eu2]) hsmOf(state, id).hsmType = 'hsm1.medium'
      },
      'User replicate failed on 2 of 2 connections',
      [],
    ],
  ])('refuses %s', async (_title, prepare, text, places) => {
    await start()
    change(prepare)
    expect(answer(await replicateUser('crypto_user5'))).toEqual({ error_code: 1, data: text })
    expect([eu1, eu2].filter((id) => namesOf(id).includes('crypto_user5'))).toEqual(places)
  })

  it('allows hsm1 to hsm2m', async () => {
    await start()
    change((state) => {
      for (const id of [us1, us2]) hsmOf(state, id).hsmType = 'hsm1.medium'
    })
    expect(answer(await replicateUser('crypto_user5'))).toMatchObject({ error_code: 0 })
  })

  it('refuses crypto users, users who do not exist, and one cluster as both', async () => {
    await start()
    expect(answer(await replicateUser('crypto_user5', ownerAtBoth)).data).toMatch(/admin/)
    expect(answer(await replicateUser('nobody')).data).toMatch(/does not exist/)
    const same = ['--source-cluster-id', us, '--destination-cluster-id', us]
    const ended = await cli(['user', 'replicate', '--username', 'admin', '--role', 'admin', ...same], adminAtBoth)
    expect(answer(ended)).toMatchObject({ error_code: 1 })
  })
})

describe('key replicate', () => {
  it.each([
    ['an administrator', adminAtBoth],
    ['its owner', ownerAtBoth],
  ])('lets %s write to every HSM of the destination at once', async (_title, environment) => {
    await start({ spreadMs: -1 })
    expect(data(await replicateKey(missingKey, environment))).toMatchObject({
      key: { 'key-reference': reference(missingKey), 'key-info': {}, attributes: {} },
      message: 'Successfully replicated key',
    })
    for (const id of [eu1, eu2]) expect(handlesOf(id)).toContain(missingKey)
    const before = simulator.world.read().clusters
    expect(answer(await replicateKey(missingKey, environment))).toMatchObject({ error_code: 0 })
    expect(simulator.world.read().clusters).toEqual(before)
    expect(simulator.violations()).toEqual([])
  })

  it.each<[string, (state: WorldState) => void, string]>([
    [
      'a key that is not on every HSM of the source',
      (state) => {
        hsmOf(state, us2).keys = hsmOf(state, us2).keys.filter(({ handle }) => handle !== missingKey)
      },
      'The selected key is not synchronized throughout the cluster',
    ],
    [
      'a reference that is another key on one HSM',
      (state) => {
        hsmOf(state, eu2).keys.push({ ...keyAt(state, us1, missingKey), material: 'other' })
      },
      'Key replicate failed on 1 of 2 connections',
    ],
    [
      'a reference that is shared with others on all HSMs',
      (state) => {
        for (const id of [eu1, eu2]) {
          hsmOf(state, id).keys.push({ ...keyAt(state, us1, missingKey), sharedWith: ['crypto_user2'] })
        }
      },
      'Key replicate failed on 2 of 2 connections',
    ],
    [
      'a key whose owner is missing there',
      (state) => {
        for (const id of [us1, us2]) keyAt(state, id, missingKey).owner = 'crypto_user6'
      },
      'Key replicate failed on 2 of 2 connections',
    ],
    [
      'a key shared with a user who is missing there',
      (state) => {
        for (const id of [us1, us2]) keyAt(state, id, missingKey).sharedWith = ['crypto_user6']
      },
      'Key replicate failed on 2 of 2 connections',
    ],
    [
      'clusters that are not clones',
      (state) => {
        for (const cluster of state.clusters) cluster.lineage = cluster.clusterId
      },
      'Key replicate failed on 2 of 2 connections',
    ],
  ])('refuses %s', async (_title, prepare, text) => {
    await start()
    change(prepare)
    expect(answer(await replicateKey(missingKey))).toEqual({ error_code: 1, data: text })
  })

  it('refuses everybody but the owner, and what is not there', async () => {
    await start()
    const other = pin('crypto-user', 'crypto_user2', plantedCryptoUserPassword)
    const otherThere = pin('crypto-user', 'crypto_user2', plantedCryptoUserPassword, 'DESTINATION_')
    expect(answer(await replicateKey(missingKey, { ...other, ...otherThere }))).toMatchObject({ error_code: 1 })
    expect(answer(await replicateKey(missingKey, { ...ownerAtBoth, ...otherThere }))).toMatchObject({ error_code: 1 })
    expect(answer(await replicateKey(999_999))).toEqual({ error_code: 1, data: 'No key matches the filter' })
    expect(handlesOf(eu1)).not.toContain(missingKey)
  })

  it('calls a label a violation, and does not choose between two', async () => {
    await start()
    change((state) => {
      for (const id of [us1, us2]) keyAt(state, id, missingKey).label = keyAt(state, id, presentKey).label
    })
    const label = keyAt(simulator.world.read(), us1, presentKey).label
    const ended = await cli(['key', 'replicate', '--filter', `attr.label=${label}`, ...bothClusters], adminAtBoth)
    expect(answer(ended)).toEqual({ error_code: 1, data: 'More than one key matches the filter' })
    expect(simulator.violations()[0]).toContain('key-reference')
  })
})
