import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { openBeside, openDatabase } from '../../../src/adapters/store/open-database.ts'
import { requestStore } from '../../../src/adapters/store/request-store.ts'
import { auditOf, NOON, pending, requestId, running } from '../sample-request.ts'
import { type AtPlace, rawly, replica, together } from './place.ts'

const asked = auditOf('asked')

export function schemaPromises(at: AtPlace): void {
  it('comes up again over what is there, and everything is still there', async () => {
    await replica(at(), 0).create(pending(1), asked)
    await Promise.all(at().replicas.map((store) => store.close()))
    const again = requestStore(await openDatabase(at().url))
    await expect(again.load(requestId(1))).resolves.toEqual({ request: pending(1), version: 1 })
    await again.close()
  })

  it('is not opened where a newer version has changed the schema, and is left as it is', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1), asked)
    await rawly(at(), `insert into kysely_migration (name, timestamp) values ('999-newer', '2999-01-01T00:00:00.000Z')`)
    await Promise.all(at().replicas.map((one) => one.close()))
    const opening = openDatabase(at().url)
    await expect(opening).rejects.toThrow('could not be brought up to date')
    await expect(opening).rejects.toHaveProperty('cause.message', expect.stringContaining('999-newer is missing'))
    const beside = await openBeside(at().url)
    await expect(requestStore(beside).load(requestId(1))).resolves.toEqual({ request: pending(1), version: 1 })
    await beside.db.destroy()
  })

  it('refuses to read a request stored by a version it does not know', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1), asked)
    await sql`update requests set shape = 99`.execute(at().database.db)
    await expect(store.load(requestId(1))).rejects.toThrow('shape 99')
    await expect(store.list({ limit: 5 })).resolves.toEqual({ requests: [], unreadable: [requestId(1)] })
    await expect(
      store.change(
        requestId(1),
        (now) => now,
        () => asked,
      ),
    ).rejects.toThrow('shape 99')
  })

  it('refuses to read a step stored by a version it does not know', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.claimRun('me', NOON, NOON + 1)
    await store.saveStep(requestId(1), { n: 1, plan: { kind: 'inspect' }, plannedAt: NOON, blocks: [] }, 'me')
    await sql`update steps set shape = 99`.execute(at().database.db)
    await expect(store.steps(requestId(1))).rejects.toThrow('shape 99')
  })

  it('refuses a document that is not a request', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1), asked)
    await sql`update requests set doc = '{"id":"T00001","state":"done"}'`.execute(at().database.db)
    await expect(store.load(requestId(1))).rejects.toThrow()
  })

  it('holds far more than an int of milliseconds and long documents', async () => {
    const store = replica(at(), 0)
    const request = pending(1, { expiresAt: Date.UTC(2199, 0), reason: 'é'.repeat(300_000) })
    await store.create(request, asked)
    await expect(store.load(request.id)).resolves.toEqual({ request, version: 1 })
    await expect(store.pastExpiry(Date.UTC(2198, 0))).resolves.toEqual([])
  })

  it('says so when it is not ready', async () => {
    await expect(together(3, (number) => replica(at(), number).ready())).resolves.toHaveLength(3)
    await Promise.all(at().replicas.map((store) => store.close()))
    await expect(replica(at(), 0).ready()).rejects.toThrow()
  })
}
