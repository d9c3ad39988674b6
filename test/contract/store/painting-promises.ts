import { expect, it } from 'vitest'
import type { PostedMessage } from '../../../src/application/store.ts'
import { auditOf, NOON, pending, requestId } from '../sample-request.ts'
import { type AtPlace, replica, together } from './place.ts'

const asked = auditOf('asked')
const changed = () => auditOf('changed')

export function paintingPromises(at: AtPlace): void {
  it('knows whose picture is older than they are', async () => {
    const store = replica(at(), 0)
    const id = requestId(1)
    await store.create(pending(1), asked)
    await expect(store.unpainted(NOON, 10)).resolves.toEqual([id])
    await store.markPainted(id, 1)
    await expect(store.unpainted(NOON, 10)).resolves.toEqual([])
    await store.change(id, (now) => now, changed)
    await expect(store.unpainted(NOON, 10)).resolves.toEqual([id])
    // A painter that was slow marks what it painted, not what is there now; and never backwards.
    await store.markPainted(id, 1)
    await expect(store.unpainted(NOON, 10)).resolves.toEqual([id])
    await store.markPainted(id, 2)
    await store.markPainted(id, 1)
    await expect(store.unpainted(NOON, 10)).resolves.toEqual([])
  })

  it('waits as long as Slack asked for, and paints at once what changed since', async () => {
    const store = replica(at(), 0)
    const id = requestId(1)
    await store.create(pending(1), asked)
    await store.paintLater(id, NOON + 30_000)
    await expect(store.unpainted(NOON + 29_999, 10)).resolves.toEqual([])
    await expect(store.unpainted(NOON + 30_000, 10)).resolves.toEqual([id])
    await store.change(id, (now) => now, changed)
    await expect(store.unpainted(NOON, 10)).resolves.toEqual([id])
  })

  it('lets one process paint at a time, as long as it says', async () => {
    const store = replica(at(), 0)
    const id = requestId(1)
    await store.create(pending(1), asked)
    const claims = await together(10, (number) => replica(at(), number).claimPaint(id, `p${number}`, NOON, NOON + 100))
    expect(claims.filter(Boolean)).toHaveLength(1)
    const holder = `p${claims.indexOf(true)}`
    await expect(store.claimPaint(id, holder, NOON + 50, NOON + 200)).resolves.toBe(true)
    await expect(store.claimPaint(id, 'other', NOON + 150, NOON + 300)).resolves.toBe(false)
    await store.releasePaint(id, 'other')
    await expect(store.claimPaint(id, 'other', NOON + 150, NOON + 300)).resolves.toBe(false)
    await expect(store.claimPaint(id, 'other', NOON + 200, NOON + 300)).resolves.toBe(true)
    await store.releasePaint(id, 'other')
    await expect(store.claimPaint(id, holder, NOON, NOON + 300)).resolves.toBe(true)
  })

  it('gives as many as asked for, the longest due first', async () => {
    const store = replica(at(), 0)
    await together(5, (number) => store.create(pending(number), asked))
    await together(5, (number) => store.paintLater(requestId(number), NOON - number))
    await expect(store.unpainted(NOON, 2)).resolves.toEqual([requestId(4), requestId(3)])
    await expect(store.unpainted(NOON, 10)).resolves.toHaveLength(5)
  })

  it('remembers each slot of a request once, as it was saved last', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1), asked)
    await store.create(pending(2), asked)
    const id = requestId(1)
    const card: PostedMessage = { slot: 'card', status: 'posted', ts: '1760000000.000100', hash: 'aa' }
    await store.savePosted(id, { slot: 'card', status: 'posting', hash: 'aa' })
    await expect(store.posted(id)).resolves.toEqual([{ slot: 'card', status: 'posting', hash: 'aa' }])
    await store.savePosted(id, card)
    await store.savePosted(id, { slot: 'config', status: 'posted', hash: 'bb' })
    const slots = await replica(at(), 1).posted(id)
    expect([...slots].sort((a, b) => (a.slot < b.slot ? -1 : 1))).toEqual([
      card,
      { slot: 'config', status: 'posted', hash: 'bb' },
    ])
    await expect(store.posted(requestId(2))).resolves.toEqual([])
    // Posting again after somebody deleted it: the old ts must not survive.
    await store.savePosted(id, { slot: 'config', status: 'posting', hash: 'cc' })
    expect(await store.posted(id)).toContainEqual({ slot: 'config', status: 'posting', hash: 'cc' })
    await store.savePosted(id, { slot: 'private:U1:pending', status: 'posted', hash: 'dd' })
    await store.forgetPosted(id)
    await expect(store.posted(id)).resolves.toMatchObject([{ slot: 'private:U1:pending' }])
  })
}
