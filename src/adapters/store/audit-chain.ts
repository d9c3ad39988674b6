import { type Kysely, sql } from 'kysely'
import type { AuditEntry, AuditRow } from '../../application/store.ts'
import { canonicalJson, sha256 } from '../../domain/digest.ts'
import { parseRequestId } from '../../domain/ids.ts'
import { redactValue } from '../../domain/redact.ts'
import type { Dialect } from './migrations.ts'
import type { Tables } from './schema.ts'

/** The hash before the first row. */
const GENESIS = '0'.repeat(64)
/** Any number, the same in every process: writers of the chain queue for it. */
const CHAIN_LOCK = 728_410_001

type Db = Kysely<Tables>
type Row = { at: number; type: string; actor: string; request_id: string | null; facts: string }
export type StoredRow = Row & { seq: number; hash: string }

/** A row as it leaves the database: every column by its name. */
export interface ExportedRow extends Readonly<Omit<StoredRow, 'facts'>> {
  readonly facts: Readonly<Record<string, unknown>>
}

/**
 * Appends a row; its hash covers the row and the hash before it. Call inside the transaction of the change it records
 * (`recorder` does).
 */
export async function appendAudit(db: Db, dialect: Dialect, entry: AuditEntry): Promise<StoredRow> {
  if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`.execute(db)
  const last = await db.selectFrom('audit').select('hash').orderBy('seq', 'desc').limit(1).executeTakeFirst()
  const row: Row = {
    at: entry.at,
    type: entry.type,
    actor: entry.actor,
    request_id: entry.request ?? null,
    facts: canonicalJson(redactValue(entry.facts)),
  }
  const hash = hashOf(last?.hash ?? GENESIS, row)
  const { seq } = await db
    .insertInto('audit')
    .values({ ...row, hash })
    .returning('seq')
    .executeTakeFirstOrThrow()
  return { seq, ...row, hash }
}

export function exportedRow({ facts, ...row }: StoredRow): ExportedRow {
  return { ...row, facts: JSON.parse(facts) }
}

/** The last row's number and hash; absent while there is none. */
export async function chainHead(db: Db): Promise<{ readonly seq: number; readonly hash: string } | undefined> {
  return db.selectFrom('audit').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1).executeTakeFirst()
}

/** The newest rows of one request, oldest first. */
export async function readHistory(db: Db, requestId: string): Promise<readonly AuditRow[]> {
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('seq', 'desc')
    .limit(1000)
    .execute()
  return rows.reverse().map((row) => {
    const id = row.request_id === null ? undefined : parseRequestId(row.request_id)
    return {
      seq: row.seq,
      at: row.at,
      type: row.type,
      actor: row.actor,
      ...(id ? { request: id } : {}),
      facts: JSON.parse(row.facts),
      hash: row.hash,
    }
  })
}

function hashOf(previous: string, { at, type, actor, request_id, facts }: Row): string {
  return sha256(canonicalJson([previous, at, type, actor, request_id, facts]))
}

const PAGE = 1_000

export interface Break {
  readonly seq: number
  readonly problem: string
}

export interface Verified {
  readonly rows: number
  readonly lastHash: string
  readonly broken?: Break
  /** Of the row whose hash begins with the anchor; absent where none does, or without an anchor. */
  readonly anchoredAt?: number
}

/**
 * Recomputes the whole chain, oldest row first. Answers how many rows hold, and the first that does not. `anchor`: the
 * beginning of a hash that was the last one some day, kept elsewhere: a chain whose newest rows were cut off does not
 * hold it any more.
 */
export async function verifyChain(db: Db, anchor?: string): Promise<Verified> {
  let previous = GENESIS
  let rows = 0
  let anchored: Pick<Verified, 'anchoredAt'> = {}
  for await (const row of rowsSince(db)) {
    if (row.hash !== hashOf(previous, row))
      return {
        rows,
        lastHash: previous,
        broken: { seq: row.seq, problem: 'its hash does not follow from the row before it' },
        ...anchored,
      }
    if (anchor !== undefined && row.hash.startsWith(anchor)) anchored = { anchoredAt: row.seq }
    previous = row.hash
    rows++
  }
  return { rows, lastHash: previous, ...anchored }
}

/**
 * Where an export begins: with the first row that was made at this instant or later, or behind the row of a number.
 * Every later row follows, also one whose clock was behind.
 */
export type Since = { readonly at: number } | { readonly seq: number }

/** The number before the first row of this instant or later; `undefined` if there is none. */
async function seqBefore(db: Db, at: number): Promise<number | undefined> {
  const rows = db.selectFrom('audit').select('seq').where('at', '>=', at)
  const first = await rows.orderBy('seq').limit(1).executeTakeFirst()
  return first && first.seq - 1
}

/** Every row since then, oldest first, page by page. */
export async function* rowsSince(db: Db, since: Since = { seq: 0 }): AsyncGenerator<StoredRow> {
  let after = 'seq' in since ? since.seq : await seqBefore(db, since.at)
  if (after === undefined) return
  for (;;) {
    const page = await db.selectFrom('audit').selectAll().where('seq', '>', after).orderBy('seq').limit(PAGE).execute()
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.seq
  }
}
