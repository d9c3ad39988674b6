import { expect, it } from 'vitest'
import { NOON } from '../sample-request.ts'
import { type AtPlace, replica, together } from './place.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const click = { key: 'click:1', doc: '{"kind":"click"}' }

export function inboxPromises(at: AtPlace): void {
  it('accepts a delivery exactly once, however many bring it at once', async () => {
    const answers = await together(20, (number) =>
      replica(at(), number).acceptDelivery(click, `bot-${number}`, NOON, NOON + MINUTE),
    )
    expect(answers.filter(Boolean)).toHaveLength(1)
    const again = (key: string) => replica(at(), 0).acceptDelivery({ ...click, key }, 'other', NOON + MINUTE, NOON)
    await expect(again('click:1')).resolves.toBe(false)
    await expect(again('click:2')).resolves.toBe(true)
  })

  it('accepts it still where the answer to the first try was lost', async () => {
    const store = replica(at(), 0)
    await store.acceptDelivery(click, 'me#1', NOON, NOON + MINUTE)
    await expect(store.acceptDelivery(click, 'me#1', NOON, NOON + MINUTE)).resolves.toBe(true)
    await expect(store.acceptDelivery(click, 'me#2', NOON, NOON + MINUTE)).resolves.toBe(false)
  })

  it('gives what nobody works on any more to one, with what it was and how often it was tried', async () => {
    const store = replica(at(), 0)
    await store.acceptDelivery(click, 'gone', NOON, NOON + MINUTE)
    await expect(store.claimDelivery('me', NOON + MINUTE - 1, NOON + 2 * MINUTE)).resolves.toBeUndefined()
    const claims = await together(10, (number) =>
      replica(at(), number).claimDelivery(`bot-${number}`, NOON + MINUTE, NOON + 2 * MINUTE),
    )
    expect(claims.filter(Boolean)).toEqual([{ ...click, at: NOON, tries: 2 }])
  })

  it('leaves it with who works on it, for as long as they say so', async () => {
    const store = replica(at(), 0)
    await store.acceptDelivery(click, 'me', NOON, NOON + MINUTE)
    await expect(store.renewDelivery('click:1', 'me', NOON + 9 * MINUTE)).resolves.toBe(true)
    await expect(store.renewDelivery('click:1', 'other', NOON + 99 * MINUTE)).resolves.toBe(false)
    await expect(store.claimDelivery('other', NOON + 5 * MINUTE, NOON + DAY)).resolves.toBeUndefined()
    await store.releaseDelivery('click:1', 'other')
    await expect(store.claimDelivery('other', NOON + 5 * MINUTE, NOON + DAY)).resolves.toBeUndefined()
    await store.releaseDelivery('click:1', 'me')
    await expect(store.claimDelivery('other', NOON + 5 * MINUTE, NOON + DAY)).resolves.toMatchObject({ key: 'click:1' })
  })

  it('forgets what was done, not that it came', async () => {
    const store = replica(at(), 0)
    await store.acceptDelivery(click, 'me', NOON, NOON + MINUTE)
    await store.finishDelivery('click:1')
    await expect(store.claimDelivery('other', NOON + DAY, NOON + DAY)).resolves.toBeUndefined()
    await expect(store.acceptDelivery(click, 'other', NOON + MINUTE, NOON)).resolves.toBe(false)
    const left = await at().database.db.selectFrom('inbox').select(['key', 'doc']).execute()
    expect(left).toEqual([{ key: 'click:1', doc: null }])
  })

  it('knows nothing of what was not acknowledged after all: it may come again', async () => {
    const store = replica(at(), 0)
    await store.acceptDelivery(click, 'me#1', NOON, NOON + MINUTE)
    // Somebody else's failure to acknowledge a copy of it changes nothing.
    await store.forgetDelivery('click:1', 'me#2')
    await expect(store.acceptDelivery(click, 'me#2', NOON, NOON + MINUTE)).resolves.toBe(false)
    await store.forgetDelivery('click:1', 'me#1')
    await expect(store.claimDelivery('other', NOON + DAY, NOON + DAY)).resolves.toBeUndefined()
    await expect(store.acceptDelivery(click, 'me#2', NOON, NOON + MINUTE)).resolves.toBe(true)
  })

  it('forgets deliveries after a day, and not before', async () => {
    const store = replica(at(), 0)
    const accept = (key: string, now: number) => store.acceptDelivery({ ...click, key }, `at ${now}`, now, now)
    await accept('click:1', NOON)
    await expect(accept('click:1', NOON + DAY)).resolves.toBe(false)
    // Looked for every ten minutes.
    await accept('another', NOON + DAY + 10 * MINUTE)
    const left = await at().database.db.selectFrom('inbox').select('key').execute()
    expect(left).toEqual([{ key: 'another' }])
  })
}
