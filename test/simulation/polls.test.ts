import { expect, it } from 'vitest'
import { requestStore } from '../../src/adapters/store/request-store.ts'
import type { Store } from '../../src/application/store.ts'
import { OPEN_STATES } from '../../src/domain/request.ts'
import { approved, auditOf, pending, requestId, running, succeeded } from '../contract/sample-request.ts'
import { newDatabase } from './database.ts'
import { withoutRepeats } from './polls.ts'
import { Random } from './random.ts'
import { Time } from './time.ts'

const ROUTE = 'a>b'
const UNTIL = Number.MAX_SAFE_INTEGER

/** One change of whatever the store holds, drawn at random. */
function changer(store: Store, time: Time, random: Random): () => Promise<unknown> {
  let made = 0
  const number = () => Math.max(1, made - random.int(0, 3))
  const id = () => requestId(number())
  const key = () => `delivery:${random.int(1, 4)}`
  const holder = () => random.pick(['a', 'b'])
  const soon = () => time.now + random.int(-20_000, 60_000)
  const entry = () => auditOf('changed', { request: id() })
  const step = () => ({ n: random.int(1, 3), plan: { kind: 'inspect' }, plannedAt: time.now, blocks: [] }) as const
  const freeze = () => ({ by: 'U0', at: time.now, reason: 'a test' })
  const changes: readonly (() => Promise<unknown>)[] = [
    () => store.create(random.pick([pending, approved, running])(++made, { expiresAt: soon() }), entry()),
    () => store.change(id(), ({ id: same }) => random.pick([running, succeeded])(Number(same.slice(1))), entry),
    () => store.abandon(id(), entry()),
    () => store.renewLease(id(), holder(), time.now + 60_000),
    () => store.releaseRun(id(), holder(), { tries: random.int(0, 3), after: soon() }),
    () => store.saveStep(id(), step(), holder()),
    () => store.forgetSteps(time.now),
    () => store.claimPaint(id(), holder(), time.now, soon()),
    () => store.releasePaint(id(), holder()),
    () => store.markPainted(id(), random.int(1, 5)),
    () => store.paintLater(id(), soon()),
    () => store.savePosted(id(), { slot: 'card', status: 'posted', hash: String(random.next()) }),
    () => store.forgetPosted(id()),
    () => store.acceptDelivery({ key: key(), doc: '{}' }, holder(), time.now, soon()),
    () => store.renewDelivery(key(), holder(), soon()),
    () => store.releaseDelivery(key(), holder()),
    () => store.finishDelivery(key()),
    () => store.forgetDelivery(key(), holder()),
    () => store.setFrozen(random.chance(0.5) ? freeze() : undefined, entry()),
    () => store.saveWatch({ route: ROUTE, nextAt: soon(), edition: 1 }, random.int(0, 3)),
    () =>
      store.saveWatchMessage(ROUTE, { edition: 1, status: 'posted', hash: `${soon()}`, channel: 'C', since: time.now }),
    () => store.audit(entry()),
  ]
  return () => random.pick(changes)()
}

/** Everything that a store answers without changing anything. */
async function answersOf(store: Store, now: number): Promise<unknown> {
  const open = await store.list({ states: OPEN_STATES, limit: 20 })
  const all = await store.list({ byPeople: true, limit: 5 })
  const each = all.requests.map(async ({ id }) =>
    Promise.all([store.load(id), store.versionOf(id), store.steps(id), store.posted(id), store.history(id)]),
  )
  return [
    open,
    all,
    await Promise.all(each),
    await store.unpainted(now, 10),
    await store.pastExpiry(now),
    await store.frozen(),
    await store.watch(ROUTE),
    await store.watchMessages(ROUTE),
  ]
}

it.each(Array.from({ length: 12 }, (_, at) => at + 1))('answers as the store itself: seed %i', async (seed) => {
  const opened = await newDatabase()
  const time = new Time()
  const random = new Random(seed, 'polls')
  const store = requestStore(opened)
  const twin = withoutRepeats(store, opened, time)
  const change = changer(store, time, random)
  for (let times = 0; times < 200; times++) {
    // Some are refused: no lease, no such request, another version.
    await change().catch(() => undefined)
    if (random.chance(0.3)) time.now += random.int(1, 20_000)
    const { now } = time
    expect(await answersOf(twin, now)).toEqual(await answersOf(store, now))
    // What is taken changes something; that nothing is due must hold for the store too.
    if ((await twin.claimRun('a', now, now + 30_000)) === undefined)
      expect(await store.claimRun('b', now, UNTIL)).toBeUndefined()
    if ((await twin.claimDelivery('a', now, now + 30_000)) === undefined)
      expect(await store.claimDelivery('b', now, UNTIL)).toBeUndefined()
  }
  opened.raw.close()
})
