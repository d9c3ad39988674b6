import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ExportedRow } from '../../src/adapters/store/audit-chain.ts'
import { openDatabase } from '../../src/adapters/store/open-database.ts'
import { requestStore } from '../../src/adapters/store/request-store.ts'
import { emptyPostgres, newPostgres } from '../harness/shared-postgres.ts'
import { auditPromises } from './store/audit-promises.ts'
import { brakePromises } from './store/brake-promises.ts'
import { inboxPromises } from './store/inbox-promises.ts'
import { leasePromises } from './store/lease-promises.ts'
import { paintingPromises } from './store/painting-promises.ts'
import type { AtPlace, Place } from './store/place.ts'
import { requestPromises } from './store/request-promises.ts'
import { runPromises } from './store/run-promises.ts'
import { schemaPromises } from './store/schema-promises.ts'
import { watchPromises } from './store/watch-promises.ts'

// What every store promises, on both databases. PostgreSQL has three replicas at work, SQLite its one process.

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hsm-sync-store-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

let files = 0
const databases = [
  { name: 'SQLite', processes: 1, newUrl: async () => `sqlite:${join(folder, `${++files}.sqlite`)}` },
  { name: 'PostgreSQL', processes: 3, newUrl: newPostgres },
]

describe.each(databases)('the store on $name', ({ processes, newUrl }) => {
  let place: Place
  const at: AtPlace = () => place

  beforeEach(async () => {
    const url = await newUrl()
    const opened = []
    for (let number = 0; number < processes; number++) opened.push(await openDatabase(url))
    const [database] = opened
    if (!database) throw new Error('no database')
    const told: ExportedRow[] = []
    const replicas = opened.map((each) => requestStore(each, (row) => told.push(row)))
    place = { url, database, replicas, told }
  })
  afterEach(async () => {
    await Promise.all(place.replicas.map((store) => store.close()))
  })

  describe('requests and steps', () => requestPromises(at))
  describe('leases', () => leasePromises(at))
  describe('runs', () => runPromises(at))
  describe('the audit record', () => auditPromises(at))
  describe('pictures in Slack', () => paintingPromises(at))
  describe('the brake', () => brakePromises(at))
  describe('a watched route', () => watchPromises(at))
  describe('deliveries', () => inboxPromises(at))
  describe('the schema', () => schemaPromises(at))
})

describe('several processes', () => {
  it('are refused by SQLite, until the first has ended', async () => {
    const url = `sqlite:${join(folder, 'shared.sqlite')}`
    const first = requestStore(await openDatabase(url))
    await expect(openDatabase(url)).rejects.toThrow('another process is using')
    await first.close()
    await requestStore(await openDatabase(url)).close()
  })

  it('bring an empty PostgreSQL up together', async () => {
    const url = await emptyPostgres()
    const opened = await Promise.all(Array.from({ length: 5 }, () => openDatabase(url)))
    const stores = opened.map((database) => requestStore(database))
    await expect(Promise.all(stores.map((store) => store.list({ limit: 1 })))).resolves.toEqual(
      Array(5).fill({ requests: [], unreadable: [] }),
    )
    await Promise.all(stores.map((store) => store.close()))
  })
})
