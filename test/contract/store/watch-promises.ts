import { expect, it } from 'vitest'
import type { Watch } from '../../../src/domain/watch.ts'
import { auditOf, NOON } from '../sample-request.ts'
import { type AtPlace, replica, together } from './place.ts'

const ROUTE = 'cluster-2abcdefghij>cluster-7klmnopqrst'
const watch = (changes: Partial<Watch> = {}): Watch => ({ route: ROUTE, nextAt: NOON, edition: 1, ...changes })

export function watchPromises(at: AtPlace): void {
  it('is changed by one of many who saw the same version, and by nobody who saw an older one', async () => {
    const store = replica(at(), 0)
    await expect(store.watch(ROUTE)).resolves.toBeUndefined()
    const made = await together(6, (number) => replica(at(), number).saveWatch(watch({ nextAt: NOON + number }), 0))
    expect(made.filter((isMade) => isMade)).toHaveLength(1)
    const changed = await together(6, (number) => replica(at(), number).saveWatch(watch({ edition: number + 2 }), 1))
    expect(changed.filter((isChanged) => isChanged)).toHaveLength(1)
    expect((await store.watch(ROUTE))?.version).toBe(2)
    await expect(store.saveWatch(watch({ edition: 99 }), 1)).resolves.toBe(false)
    expect((await store.watch(ROUTE))?.watch.edition).not.toBe(99)
  })

  it('has its row in the record only where it was changed', async () => {
    const store = replica(at(), 0)
    await store.saveWatch(watch(), 0, auditOf('watch-paused'))
    await store.saveWatch(watch(), 7, auditOf('watch-resumed'))
    const rows = await at().database.db.selectFrom('audit').select('type').execute()
    expect(rows).toEqual([{ type: 'watch-paused' }])
  })

  it('remembers its messages, the newest first, each edition once', async () => {
    const store = replica(at(), 0)
    const message = { status: 'posting', hash: 'a', channel: 'C0', since: NOON } as const
    for (const edition of [1, 2]) await store.saveWatchMessage(ROUTE, { ...message, edition })
    await store.saveWatchMessage(ROUTE, { ...message, edition: 2, status: 'posted', ts: '1.2' })
    await expect(replica(at(), 1).watchMessages(ROUTE)).resolves.toEqual([
      { ...message, edition: 2, status: 'posted', ts: '1.2' },
      { ...message, edition: 1 },
    ])
  })

  it('is written to Slack by one process at a time', async () => {
    const store = replica(at(), 0)
    await store.saveWatch(watch(), 0)
    await expect(store.claimWatch(ROUTE, 'one', NOON, NOON + 10)).resolves.toBe(true)
    await expect(store.claimWatch(ROUTE, 'other', NOON + 5, NOON + 15)).resolves.toBe(false)
    await expect(store.claimWatch(ROUTE, 'one', NOON + 5, NOON + 15)).resolves.toBe(true)
    await expect(store.claimWatch(ROUTE, 'other', NOON + 15, NOON + 25)).resolves.toBe(true)
  })
}
