import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/adapters/store/open-database.ts'
import { requestStore } from '../../../src/adapters/store/request-store.ts'
import { driveRuns } from '../../../src/application/drive-runs.ts'
import { showRequest, viewRequest } from '../../../src/application/list-requests.ts'
import type { Deps } from '../../../src/application/ports.ts'
import { type Store, Unreadable } from '../../../src/application/store.ts'
import { sweepRequests } from '../../../src/application/sweep-requests.ts'
import type { RequestState } from '../../../src/domain/request.ts'
import { allEngines } from '../../../src/engines/index.ts'
import { HOUR, NOW, REQUEST_ID, request } from '../../fixtures/examples.ts'
import { silent } from '../../integration/slack-place.ts'
import { Time } from '../../simulation/time.ts'

// A failure of the database's own passes. That a row cannot be read does not: only of that one may be said, and only
// that is put away.

let store: Store
let time: Time
beforeEach(async () => {
  store = requestStore(await openDatabase('sqlite::memory:'))
  time = new Time()
})
afterEach(() => store.close())

const failing = async (): Promise<never> => {
  throw new Error('disk I/O error')
}

async function place(state: RequestState, changes: Partial<Store>) {
  await store.create(request(state), { at: NOW, type: 'requested', actor: 'test', facts: {} })
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      time.after(ms, resolve)
      signal?.addEventListener('abort', () => resolve())
    })
  return {
    store: { ...store, ...changes },
    clock: { now: () => time.now, sleep },
    engines: allEngines(),
    log: silent,
    holder: 'me',
    changed: () => undefined,
  } as unknown as Deps
}

async function recorded(): Promise<readonly string[]> {
  return (await store.history(REQUEST_ID)).map(({ type }) => type)
}

describe('what is shown of a request', () => {
  it('is not called unreadable because the database did not answer', async () => {
    const deps = await place('running', { steps: failing })
    await expect(viewRequest(deps, REQUEST_ID)).rejects.toThrow('disk I/O error')
    await expect(showRequest(deps, REQUEST_ID)).rejects.toThrow('disk I/O error')
  })

  it('names the steps that cannot be read', async () => {
    const steps = async () => {
      throw new Unreadable('step 7Q2F.1', new Error('stored in shape 99'))
    }
    const deps = await place('running', { steps })
    await expect(viewRequest(deps, REQUEST_ID)).resolves.toMatchObject({
      unreadable: 'step 7Q2F.1: stored in shape 99',
    })
  })
})

describe('an expired request', () => {
  it('is expired by the next sweep, where the database did not answer', async () => {
    const deps = await place('pending', { change: failing })
    time.now = NOW + 9 * HOUR
    await sweepRequests(deps)
    expect(await recorded()).not.toContain('abandoned')
    await sweepRequests({ ...deps, store })
    expect(await recorded()).toContain('expired')
  })
})

describe('a run that comes to nothing', () => {
  /** Drives it for six hours. */
  async function driven(change: Store['change']): Promise<readonly string[]> {
    const deps = await place('running', { steps: failing, change })
    time.now = NOW
    const runs = driveRuns(deps)
    await time.run(() => time.now > NOW + 6 * HOUR)
    let hasStopped = false
    void runs.stop().then(() => {
      hasStopped = true
    })
    await time.run(() => hasStopped)
    return recorded()
  }

  it('ends where people see it, though the database takes its end later only', async () => {
    const types = await driven((...words) => (time.now < NOW + 1.5 * HOUR ? failing() : store.change(...words)))
    expect(types).toContain('unknown')
    expect(types).not.toContain('abandoned')
    const end = await store.load(REQUEST_ID)
    expect(end?.request).toMatchObject({ state: 'unknown', outcome: { stop: { code: 'broken' } } })
  })

  it('is put away where its end can never be stored', async () => {
    expect(await driven(failing)).toContain('abandoned')
  })
})
