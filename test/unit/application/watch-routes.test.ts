import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../../src/adapters/store/open-database.ts'
import { requestStore } from '../../../src/adapters/store/request-store.ts'
import { SHAPE } from '../../../src/adapters/store/schema.ts'
import type { Deps } from '../../../src/application/ports.ts'
import type { Store } from '../../../src/application/store.ts'
import { watchRoutes } from '../../../src/application/watch-routes.ts'
import type { Route } from '../../../src/domain/route.ts'
import { type Watch, watchKey } from '../../../src/domain/watch.ts'
import { allEngines } from '../../../src/engines/index.ts'
import { HOUR, NOW, REQUEST_ID, request, spec } from '../../fixtures/examples.ts'
import { silent } from '../../integration/slack-place.ts'

// What the watch decides without a look: when one is due, and when none is.

let database: Database
let store: Store
beforeEach(async () => {
  database = await openDatabase('sqlite::memory:')
  store = requestStore(database)
})
afterEach(() => store.close())

const { source, destination } = spec()
const engines = allEngines()
const { bastion } = spec()
const routes = [
  { source, destination, bastion, watch: { everyMs: HOUR } },
  { source: destination, destination: source, bastion, watch: { everyMs: HOUR } },
] as unknown as readonly [Route, Route]
const [first, second] = routes
/** Whoever looks at AWS is found out. */
const directory = { describe: () => Promise.reject(new Error('it looks')) }
const pass = (now: number, given: readonly Route[] = [first]) => {
  const landscape = { routes: given }
  const clock = { now: () => now }
  const deps = { store, landscape, clock, log: silent, directory, newRequestId: () => REQUEST_ID, engines }
  return watchRoutes(deps as unknown as Deps, new AbortController().signal)
}
const stored = async (route: Route = first) => (await store.watch(watchKey(route)))?.watch
const save = (changes: Partial<Watch>, route: Route = first) =>
  store.saveWatch({ route: watchKey(route), nextAt: NOW, edition: 1, ...changes }, 0)

it('first looks within its period, and not before', async () => {
  await pass(NOW)
  const watch = await stored()
  expect(watch?.nextAt).toBeGreaterThanOrEqual(NOW)
  expect(watch?.nextAt).toBeLessThan(NOW + HOUR)
  expect(await pass((watch?.nextAt ?? NOW) - 1)).toBe(false)
})

it('takes a shorter period over at once', async () => {
  await save({ nextAt: NOW + 700 * HOUR })
  await pass(NOW)
  expect((await stored())?.nextAt).toBeLessThanOrEqual(NOW + HOUR)
})

it('waits while the brake is on, or something else has the destination', async () => {
  await save({})
  await store.setFrozen({ by: 'U0ALICE', at: NOW, reason: 'an HSM fails' }, audit('frozen'))
  await pass(NOW)
  expect(await stored()).toMatchObject({ nextAt: NOW + HOUR / 12 })
  await store.setFrozen(undefined, audit('unfrozen'))
  await store.create(request('pending'), audit('requested'))
  await pass(NOW + HOUR / 12)
  expect(await stored()).toMatchObject({ nextAt: NOW + HOUR / 6 })
  expect((await stored())?.going).toBeUndefined()
})

it('looks no more once a login may have failed, nor on other routes of that bastion', async () => {
  await save({ paused: REQUEST_ID })
  await save({}, second)
  await pass(NOW, routes)
  expect(await stored()).toMatchObject({ nextAt: NOW })
  const other = await stored(second)
  expect(other).toMatchObject({ nextAt: NOW + HOUR / 12 })
  expect(other?.going).toBeUndefined()
})

it('takes two names of one instance for one bastion', async () => {
  const renamed = { ...second, bastion: { ...second.bastion, name: 'another name' } } as Route
  await save({})
  await save({ paused: REQUEST_ID }, renamed)
  await pass(NOW, [first, renamed])
  expect((await stored())?.going).toBeUndefined()
  expect(await stored()).toMatchObject({ nextAt: NOW + HOUR / 12 })
})

describe('after a login failed in a request of somebody', () => {
  const elsewhere = spec({ destination: { ...destination, clusterId: 'cluster-3cccccccccc' as never } })
  const failed = async (changes: object = {}) => {
    const ended = request('failed')
    if (!('outcome' in ended)) throw new Error('not finished')
    const outcome = {
      ...ended.outcome,
      stop: { code: 'login-failed', detail: '' },
      evidence: 'only-reads-sent',
      proof: 'none',
    }
    await store.create({ ...ended, outcome, ...changes } as typeof ended, audit('requested'))
    return ended
  }

  it('does not try that login again by itself, and says so although it never looked', async () => {
    await failed()
    await save({})
    await pass(NOW)
    expect(await stored()).toMatchObject({ paused: REQUEST_ID })
    // Nobody has looked: nothing is said to have been found.
    expect(await stored()).not.toHaveProperty('found')
    expect((await stored())?.going).toBeUndefined()
    expect((await store.history(REQUEST_ID)).map(({ type }) => type)).toContain('watch-paused')
  })

  it('looks once a person has said that it may go on', async () => {
    const { finishedAt } = await failed()
    await save({ resumedAt: finishedAt })
    await pass(NOW)
    expect((await stored())?.paused).toBeUndefined()
    expect((await stored())?.going).toBeDefined()
  })

  it('looks once a person has said so on another route of the bastion', async () => {
    const { finishedAt } = await failed()
    await save({})
    await save({ resumedAt: finishedAt }, second)
    await pass(NOW, [second, first])
    expect((await stored())?.paused).toBeUndefined()
  })

  it('waits while somebody logs in from that bastion', async () => {
    await store.create({ ...request('running'), spec: elsewhere } as never, audit('requested'))
    await save({})
    await pass(NOW)
    expect(await stored()).toMatchObject({ nextAt: NOW + HOUR / 12 })
    expect((await stored())?.going).toBeUndefined()
  })

  it('waits while another look is on the way from that bastion: one login that fails is enough', async () => {
    await store.create({ ...request('approved'), spec: elsewhere, isWatch: true } as never, audit('requested'))
    await save({})
    await pass(NOW)
    expect((await stored())?.going).toBeUndefined()
  })

  it('waits until it is taken down what the look of another route from that bastion came to', async () => {
    await save({ nextAt: NOW + HOUR, going: { request: REQUEST_ID, at: NOW } }, second)
    await save({})
    await pass(NOW, [first, second])
    expect(await stored()).toMatchObject({ nextAt: NOW + HOUR / 12 })
    expect((await stored())?.going).toBeUndefined()
  })

  it('looks where it was on another bastion', async () => {
    await failed({ spec: spec({ bastion: { ...bastion, instanceId: 'i-0aaaaaaaaaaaaaaaa' } }) })
    await save({})
    await pass(NOW)
    expect((await stored())?.going).toBeDefined()
  })
})

describe('where a request cannot be read', () => {
  /** One that was running when its row broke, and was put away since. */
  const lost = async (changes: object = {}) => {
    await store.create({ ...request('running'), ...changes } as never, audit('requested'))
    await store.audit(audit('running'))
    await database.db.updateTable('requests').set({ shape: 99 }).execute()
  }
  const putAway = (at: number) => store.abandon(REQUEST_ID, { ...audit('abandoned'), at })

  it('waits while it is open: nobody knows where it logs in', async () => {
    await lost({ spec: spec({ destination: { ...destination, clusterId: 'cluster-3cccccccccc' as never } }) })
    await save({})
    await pass(NOW)
    expect(await stored()).toMatchObject({ nextAt: NOW + HOUR / 12 })
  })

  it('looks no more once that was put away: a login may have failed in it', async () => {
    await lost()
    await putAway(NOW)
    await save({})
    await pass(NOW)
    expect(await stored()).toMatchObject({ paused: REQUEST_ID })
  })

  it('looks once a person has said that it may go on', async () => {
    await lost()
    await putAway(NOW)
    await save({ resumedAt: NOW })
    await pass(NOW)
    expect((await stored())?.going).toBeDefined()
  })

  it('looks where it never ran, or has succeeded', async () => {
    for (const [number, types] of [[], ['running', 'succeeded']].entries()) {
      const id = ['8AAA', '8BBB'][number]
      await store.create({ ...request('succeeded'), id } as never, { ...audit('requested'), request: id as never })
      for (const type of types) await store.audit({ ...audit(type), request: id as never })
      if (types.length === 0) await store.audit({ ...audit('abandoned'), request: id as never })
    }
    await database.db.updateTable('requests').set({ shape: 99 }).execute()
    await save({})
    await pass(NOW)
    expect((await stored())?.going).toBeDefined()
  })

  it('looks no more where a request that was put away can be read again', async () => {
    await lost()
    await putAway(NOW)
    await database.db.updateTable('requests').set({ shape: SHAPE }).execute()
    await save({})
    await pass(NOW)
    expect(await stored()).toMatchObject({ paused: REQUEST_ID })
  })

  it('takes its own comparison down that was put away and can be read again', async () => {
    await lost({ isWatch: true, requestedBy: 'bot' })
    await putAway(NOW)
    await database.db.updateTable('requests').set({ shape: SHAPE }).execute()
    await save({ going: { request: REQUEST_ID, at: NOW }, nextAt: NOW + HOUR })
    await pass(NOW)
    expect(await stored()).toMatchObject({ paused: REQUEST_ID })
    expect((await stored())?.going).toBeUndefined()
  })

  it('takes no comparison for put away that ends while it looks', async () => {
    const ended = request('succeeded', { spec: spec({ mode: 'plan' }) })
    await store.create({ ...request('running'), isWatch: true, requestedBy: 'bot' } as never, audit('requested'))
    await store.audit(audit('running'))
    await save({ going: { request: REQUEST_ID, at: NOW }, nextAt: NOW + HOUR })
    const { list } = store
    store.list = async (filter) => {
      await store.change(
        REQUEST_ID,
        () => ended,
        () => audit('succeeded'),
      )
      return list(filter)
    }
    expect(await pass(NOW)).toBe(false)
    store.list = list
    expect(await stored()).toMatchObject({ going: { request: REQUEST_ID } })
    expect((await stored())?.paused).toBeUndefined()
    await pass(NOW)
    expect(await stored()).toMatchObject({ found: { request: REQUEST_ID } })
  })

  it('pauses where that was its own comparison, and waits until it is put away', async () => {
    await lost({ isWatch: true, requestedBy: 'bot' })
    await save({ going: { request: REQUEST_ID, at: NOW }, nextAt: NOW + HOUR })
    expect(await pass(NOW + 2 * HOUR)).toBe(false)
    await putAway(NOW + 2 * HOUR)
    await pass(NOW + 2 * HOUR)
    expect(await stored()).toMatchObject({ paused: REQUEST_ID })
    expect((await stored())?.going).toBeUndefined()
  })
})

it('names its comparison before it looks, and gives up one that never was filed', async () => {
  await save({})
  await pass(NOW)
  expect((await stored())?.going).toEqual({ request: REQUEST_ID, at: NOW })
  expect(await pass(NOW + HOUR / 2)).toBe(false)
  await pass(NOW + HOUR)
  expect((await stored())?.going).toBeUndefined()
})

it('takes down what a comparison came to, and that a login may have failed, in the record', async () => {
  const failed = request('failed', { spec: spec({ mode: 'plan' }) })
  const outcome = { ...('outcome' in failed ? failed.outcome : {}), stop: { code: 'login-failed', detail: '' } }
  await store.create({ ...failed, outcome } as typeof failed, audit('requested'))
  await save({ going: { request: REQUEST_ID, at: NOW }, nextAt: NOW + HOUR })
  await pass(NOW + HOUR / 2)
  expect(await stored()).toMatchObject({ paused: REQUEST_ID, found: { verdict: { kind: 'unknown' } } })
  expect((await store.history(REQUEST_ID)).map(({ type }) => type)).toContain('watch-paused')
})

function audit(type: string) {
  return { at: NOW, type: type as 'requested', actor: 'U0ALICE', request: REQUEST_ID, facts: {} }
}
