import { describe, expect, it } from 'vitest'
import { diffInventories } from '../../../src/domain/diff.ts'
import { serverNumber } from '../../../src/domain/ids.ts'
import { compareKeys, type HsmKey, inventoryOf, type KeyMark, type KeyMarks } from '../../../src/domain/inventory.ts'
import { EVERYTHING } from '../../../src/domain/scope.ts'
import { ADMIN, inventory, key, user } from '../../fixtures/examples.ts'
import { ownedKey, seenKey } from '../../fixtures/whole-clusters.ts'

const [JDOE, APP] = [user('jdoe', { id: 3 }), user('app', { id: 4 })]

function marks(listed: Readonly<Record<string, string>>): KeyMarks {
  const read = (text: string): KeyMark[] =>
    [...text.matchAll(/(\d+)([os]?)/g)].map(([, handle, sign]) => ({
      handle: Number(handle),
      mark: sign === 'o' ? 'owned' : sign === 's' ? 'shared' : 'none',
    }))
  const lists = Object.entries(listed).map(([name, text]) => ({ user: name, keys: read(text) }))
  return { server: serverNumber(0), users: [ADMIN, JDOE, APP], listed: lists }
}

describe('a key that a listing shows without a mark', () => {
  it('is public where every crypto user lists it so, and the tool prints marks', () => {
    expect(inventoryOf([marks({ jdoe: '7 9o', app: '7' })])?.keys).toEqual([key(7, null), key(9)])
  })
  it.each([
    ['marks are printed nowhere: a version may not print them', { jdoe: '7', app: '7' }],
    ['not every crypto user lists it', { jdoe: '7 9o', app: '' }],
    ['it is shared, and nobody is shown to own it', { jdoe: '7s 9o', app: '7' }],
    ['two are shown to own it', { jdoe: '7o', app: '7o' }],
  ])('is of nobody knows whom where %s', (_, listed) => {
    expect(inventoryOf([marks(listed)])?.keys[0]).toEqual({
      handle: 7,
      owner: null,
      sharedWith: [],
      shows: 'reference',
    })
  })
  it('and a listing without one of the crypto users is none', () => {
    expect(inventoryOf([marks({ jdoe: '7o' })])).toBeUndefined()
    expect(inventoryOf([marks({ jdoe: '7o' }), marks({ app: '7s' })])?.keys).toEqual([key(7, 'jdoe', ['app'])])
  })
})

describe('two keys of one handle', () => {
  const nothing: HsmKey = { handle: 7, owner: null, sharedWith: [], shows: 'reference' }
  it.each<[string, HsmKey, HsmKey, string]>([
    ['owner and shares equal', key(7), key(7), 'same'],
    ['owner, label and material equal', ownedKey(7), ownedKey(7), 'same'],
    ['another owner', key(7), key(7, 'app'), 'different'],
    ['another check value', ownedKey(7), ownedKey(7, { material: 'secret-key aes 0x000000' }), 'different'],
    ['the label only, equal', ownedKey(7), seenKey(7, 'pan'), 'same-label'],
    ['no label on both, and it is shown', seenKey(7), seenKey(7), 'same-label'],
    ['another label', seenKey(7, 'pan'), seenKey(7), 'different'],
    ['nothing on one side', key(7), nothing, 'unknown'],
    ['nothing on both sides', nothing, nothing, 'unknown'],
    ['nothing but a label on one side', seenKey(7, 'pan'), nothing, 'unknown'],
  ])('%s', (_, a, b, likeness) => {
    expect([compareKeys(a, b), compareKeys(b, a)]).toEqual([likeness, likeness])
  })

  it('are a conflict where nothing shows whether they are the same, and it is said so', () => {
    const { keys } = diffInventories(inventory(0, [JDOE], [key(7)]), [inventory(1, [JDOE], [nothing])], EVERYTHING)
    expect(keys.present).toEqual([])
    expect(keys.conflicts).toMatchObject([
      { handle: 7, problem: expect.stringContaining('nothing shows whether it is') },
    ])
  })
})

describe('a user whose lock or second factor is not the same on all HSMs', () => {
  const uneven = { ...JDOE, uneven: 'locked inconsistent' }
  it.each([
    ['source', [uneven], [JDOE]],
    ['destination', [JDOE], [uneven]],
    ['source', [uneven], []],
  ] as const)('is a conflict: on the %s', (side, from, to) => {
    const diff = diffInventories(inventory(0, from), [inventory(1, to)], EVERYTHING)
    expect(diff.userConflicts).toEqual([{ server: 1, name: 'jdoe', problem: `locked inconsistent on the ${side}` }])
    expect(diff.users[0]?.missing).toEqual([])
  })
})
