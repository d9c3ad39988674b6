import { type Kysely, sql, type Transaction } from 'kysely'
import { type AuditEntry, LeaseLost, type StepRecord, type Store, type StoredRequest } from '../../application/store.ts'
import { parseRequestId, type RequestId } from '../../domain/ids.ts'
import { isRefusal, refuse } from '../../domain/refusal.ts'
import { OPEN_STATES, type Request } from '../../domain/request.ts'
import { type ExportedRow, readHistory } from './audit-chain.ts'
import { brakeStore } from './brake-store.ts'
import { findingReader, toParts } from './finding-rows.ts'
import { inboxStore } from './inbox-store.ts'
import type { Database } from './open-database.ts'
import { postedStore } from './posted-store.ts'
import { recorder } from './recorder.ts'
import { columnsOf, parseRequest, parseStep } from './request-rows.ts'
import { SHAPE, type Tables } from './schema.ts'
import { watchStore } from './watch-store.ts'

type Tx = Transaction<Tables>

/** The store on SQLite or PostgreSQL. `told`: hears of each row of the record once it is committed; must not throw. */
export function requestStore(database: Database, told?: (row: ExportedRow) => void): Store {
  const { db, dialect } = database
  const record = recorder(database, told)
  const findings = findingReader(db)

  /** `version`: only where the request has it still. Answers whether it was written. */
  async function writeStep(
    id: RequestId,
    { finding, ...step }: StepRecord,
    only: { readonly holder: string; readonly version?: number; readonly entry?: AuditEntry | undefined },
  ): Promise<boolean> {
    const parts = finding ? await toParts(finding) : []
    return record(async (tx, audit) => {
      const row = await lock(tx, dialect, id)
      if (row?.lease_holder !== only.holder) throw new LeaseLost(id)
      if (only.version !== undefined && row.version !== only.version) return false
      await tx
        .insertInto('steps')
        .values({ request_id: id, n: step.n, shape: SHAPE, doc: JSON.stringify(step) })
        .onConflict((conflict) =>
          conflict.columns(['request_id', 'n']).doUpdateSet({ doc: JSON.stringify(step), shape: SHAPE }),
        )
        .execute()
      await tx
        .updateTable('requests')
        .set({ version: row.version + 1, paint_after: 0 })
        .where('id', '=', id)
        .execute()
      if (parts.length > 0)
        await tx.deleteFrom('findings').where('request_id', '=', id).where('n', '=', step.n).execute()
      for (const [part, doc] of parts.entries())
        await tx.insertInto('findings').values({ request_id: id, n: step.n, part, doc }).execute()
      if (only.entry) await audit(only.entry)
      return true
    })
  }

  return {
    ...postedStore(db),
    ...inboxStore(db, dialect),
    ...brakeStore(db, record),
    ...watchStore(db, record),
    create: (request, entry) =>
      record(async (tx, audit) => {
        const destination = request.spec.destination.clusterId
        const inserted = await tx
          .insertInto('requests')
          .values({
            id: request.id,
            version: 1,
            ...columnsOf(request),
            destination,
            requested_by: request.requestedBy,
            requested_at: request.requestedAt,
            asked_in: request.askedIn ?? null,
            lease_until: 0,
            painted_version: 0,
            paint_after: 0,
            paint_until: 0,
          })
          .onConflict((conflict) => conflict.doNothing())
          .returning('id')
          .executeTakeFirst()
        if (!inserted) {
          const before = await filedIn(tx, request.askedIn)
          return before ? { kind: 'again', request: before } : { kind: 'busy', by: await openFor(tx, destination) }
        }
        await audit(entry)
        return { kind: 'stored' }
      }),

    load: (id) => load(db, id),

    change: (id, change, entry, holder) =>
      record(async (tx, audit) => {
        const before = await lock(tx, dialect, id)
        if (!before) return refuse({ code: 'no-such-request', text: id })
        if (holder !== undefined && before.lease_holder !== holder) throw new LeaseLost(id)
        const { request, version } = parseRequest(before)
        const after = change(request)
        if (isRefusal(after)) return after
        const updated = await tx
          .updateTable('requests')
          .set({ ...columnsOf(after), version: version + 1, paint_after: 0 })
          .where('id', '=', id)
          .where('version', '=', version)
          .executeTakeFirst()
        if (updated.numUpdatedRows !== 1n) throw new Error(`request ${id} changed between read and write`)
        await audit(entry(after, request))
        return { request: after, version: version + 1 } satisfies StoredRequest
      }),

    list: async ({ states, requestedBy, byPeople, limit }) => {
      let query = db
        .selectFrom('requests')
        .select(['id', 'version', 'shape', 'doc'])
        .orderBy('requested_at', 'desc')
        .limit(limit)
      if (byPeople) query = query.where('requested_by', '!=', 'bot')
      if (states) query = query.where('state', 'in', [...states])
      // Lets the partial index serve the open ones however many are finished.
      if (states?.every((state) => ['pending', 'approved', 'running'].includes(state)))
        query = query.where(sql<boolean>`is_open = 1`)
      if (requestedBy !== undefined) query = query.where('requested_by', '=', requestedBy)
      const requests: Request[] = []
      const unreadable: RequestId[] = []
      for (const row of await query.execute()) {
        try {
          requests.push(parseRequest(row).request)
        } catch {
          unreadable.push(asId(row.id))
        }
      }
      return { requests, unreadable }
    },

    steps: async (id) => {
      const rows = await db.selectFrom('steps').selectAll().where('request_id', '=', id).orderBy('n').execute()
      const found = await findings(id)
      return rows.map((row) => {
        const step = parseStep(row)
        const finding = found.get(step.n)
        return finding ? { ...step, finding } : step
      })
    },

    saveStep: async (id, step, holder, entry) => {
      await writeStep(id, step, { holder, entry })
    },
    planStep: (id, step, holder, version) => writeStep(id, step, { holder, version }),

    audit: (entry) => record((_, audit) => audit(entry)),
    auditChange: (entry) =>
      record(async (tx, audit) => {
        const last = await tx
          .selectFrom('audit')
          .select('facts')
          .where('type', '=', entry.type)
          .orderBy('seq', 'desc')
          .limit(1)
          .executeTakeFirst()
        if (last?.facts.includes(entry.facts.digest)) return
        await audit(entry)
      }),
    history: (id) => readHistory(db, id),

    claimRun: (holder, now, until) =>
      db.transaction().execute(async (tx) => {
        const free = tx
          .selectFrom('requests')
          .select(['id', 'version', 'run_tries'])
          .where(sql<boolean>`is_open = 1`)
          .where('state', 'in', ['approved', 'running'])
          .where('lease_until', '<=', now)
          .where('run_after', '<=', now)
          .orderBy('requested_at')
          .limit(1)
        const row = await (dialect === 'postgres' ? free.forUpdate().skipLocked() : free).executeTakeFirst()
        if (!row) return undefined
        await tx
          .updateTable('requests')
          .set({ lease_holder: holder, lease_until: until })
          .where('id', '=', row.id)
          .execute()
        return { id: asId(row.id), version: row.version, tries: row.run_tries }
      }),

    renewLease: async (id, holder, until) => {
      const renewed = await db
        .updateTable('requests')
        .set({ lease_until: until })
        .where('id', '=', id)
        .where('lease_holder', '=', holder)
        .executeTakeFirst()
      return renewed.numUpdatedRows === 1n
    },

    releaseRun: async (id, holder, { tries, after }) => {
      await db
        .updateTable('requests')
        .set({ lease_holder: null, lease_until: 0, run_tries: tries, run_after: after })
        .where('id', '=', id)
        .where('lease_holder', '=', holder)
        .execute()
    },

    versionOf: async (id) =>
      (await db.selectFrom('requests').select('version').where('id', '=', id).executeTakeFirst())?.version,

    abandon: (id, entry) =>
      record(async (tx, audit) => {
        const row = await lock(tx, dialect, id)
        if (!row || !(OPEN_STATES as readonly string[]).includes(row.state)) return false
        const version = row.version + 1
        await tx
          .updateTable('requests')
          // Nothing can be painted from it either.
          .set({
            state: row.state === 'pending' ? 'expired' : 'unknown',
            is_open: 0,
            version,
            painted_version: version,
          })
          .where('id', '=', id)
          .execute()
        await audit(entry)
        return true
      }),

    forgetSteps: (before) =>
      db.transaction().execute(async (tx) => {
        const old = tx.selectFrom('requests').select('id').where('is_open', '=', 0).where('expires_at', '<', before)
        await tx.deleteFrom('findings').where('request_id', 'in', old).execute()
        const gone = await tx.deleteFrom('steps').where('request_id', 'in', old).executeTakeFirst()
        return Number(gone.numDeletedRows)
      }),

    pastExpiry: async (now) => {
      const rows = await db
        .selectFrom('requests')
        .select('id')
        .where(sql<boolean>`is_open = 1`)
        .where('state', '=', 'pending')
        .where('expires_at', '<=', now)
        .limit(100)
        .execute()
      return rows.map((row) => asId(row.id))
    },

    ready: async () => {
      await sql`select 1`.execute(db)
    },
    close: () => db.destroy(),
  }
}

async function load(db: Kysely<Tables>, id: RequestId): Promise<StoredRequest | undefined> {
  const row = await db
    .selectFrom('requests')
    .select(['id', 'version', 'shape', 'doc'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row && parseRequest(row)
}

/** The row, and nobody else's turn until the transaction ends. SQLite has one writer anyway. */
function lock(tx: Tx, dialect: Database['dialect'], id: RequestId) {
  const query = tx
    .selectFrom('requests')
    .select(['id', 'version', 'state', 'shape', 'doc', 'lease_holder'])
    .where('id', '=', id)
  return (dialect === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
}

/** The request that this delivery has filed. */
async function filedIn(tx: Tx, delivery: string | undefined): Promise<Request | undefined> {
  if (delivery === undefined) return undefined
  const row = await tx
    .selectFrom('requests')
    .select(['id', 'version', 'shape', 'doc'])
    .where('asked_in', '=', delivery)
    .executeTakeFirst()
  return row && parseRequest(row).request
}

async function openFor(tx: Tx, destination: string): Promise<Request['id']> {
  const row = await tx
    .selectFrom('requests')
    .select('id')
    .where('destination', '=', destination)
    .where(sql<boolean>`is_open = 1`)
    .executeTakeFirst()
  // The other one ended in this moment, or (once in a billion) the new id is taken.
  if (!row) throw new Error('the request could not be stored just now: ask again')
  return asId(row.id)
}

function asId(text: string): RequestId {
  const id = parseRequestId(text)
  if (!id) throw new Error(`not a request id in the database: ${text}`)
  return id
}
