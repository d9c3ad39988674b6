import { Kysely, Migrator, SqliteDialect, type SqliteStatement } from 'kysely'
import { migrations } from '../../src/adapters/store/migrations.ts'
import type { Database } from '../../src/adapters/store/open-database.ts'
import type { Tables } from '../../src/adapters/store/schema.ts'
import { type Connection, connect, overConnection } from '../../src/adapters/store/sqlite.ts'

/** The store's own database in memory, and the connection below it, for those who only look. */
export interface Opened extends Database {
  readonly raw: Connection
  readonly writes: Writes
}

/** What is read together: a table's rows; of `requests`, when each is painted and run are parts of their own. */
export type Part = keyof Tables | 'painted' | 'leased'

/** How often each part was written to, so that nobody reads twice what is still the same. */
export class Writes {
  readonly #counts = new Map<Part, number>()

  /** Grows when one of these was written to, and only then. */
  of(parts: readonly Part[]): number {
    let count = 0
    for (const part of parts) count += this.#counts.get(part) ?? 0
    return count
  }

  count(parts: Iterable<Part>): void {
    for (const part of parts) this.#counts.set(part, (this.#counts.get(part) ?? 0) + 1)
  }
}

let schema: string | undefined

/**
 * A new database with the product's schema. The schema is made once and copied: its migrations take longer than most
 * runs.
 */
export async function newDatabase(): Promise<Opened> {
  schema ??= await migrated()
  const raw = await connect(':memory:', { waitMs: 0 })
  raw.exec(schema)
  raw.exec('pragma foreign_keys = ON')
  const writes = new Writes()
  return { dialect: 'sqlite', db: over(raw, writes), raw, writes }
}

async function migrated(): Promise<string> {
  const raw = await connect(':memory:', { waitMs: 0 })
  const { error } = await new Migrator({
    db: over(raw, new Writes()),
    provider: migrations('sqlite'),
  }).migrateToLatest()
  if (error) throw error
  const made = raw.prepare("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%'").all()
  raw.close()
  return made.map((row) => `${String(Reflect.get(row as object, 'sql'))};`).join('\n')
}

function over(raw: Connection, writes: Writes): Kysely<Tables> {
  const database = overConnection(raw)
  const prepared = new Map<string, SqliteStatement>()
  // Each statement is prepared once: the product's driver does it anew each time, which costs more than to run it.
  const prepare = (sql: string) => {
    const statement = prepared.get(sql) ?? counted(database.prepare(sql), writtenBy(sql), writes)
    prepared.set(sql, statement)
    return statement
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: { ...database, prepare } }) })
}

function counted(statement: SqliteStatement, parts: readonly Part[], writes: Writes): SqliteStatement {
  if (parts.length === 0) return statement
  return {
    ...statement,
    all: (parameters) => {
      const rows = statement.all(parameters)
      writes.count(parts)
      return rows
    },
    run: (parameters) => {
      const done = statement.run(parameters)
      writes.count(parts)
      return done
    },
  }
}

/** The parts that a statement writes to, as the query builder words it; none if it only reads. */
function writtenBy(sql: string): readonly Part[] {
  const [, verb, table] = /^(insert into|delete from|update) "(\w+)"/.exec(sql) ?? []
  if (table === undefined) return []
  if (table !== 'requests') return [table as Part]
  if (verb !== 'update') return ['requests', 'painted', 'leased']
  const [, set = ''] = / set (.+?)(?: where |$)/.exec(sql) ?? []
  const columns = [...set.matchAll(/"(\w+)" = /g)].map(([, column = '']) => column)
  return [...new Set(columns.flatMap((column) => PARTS.get(column) ?? 'requests'))]
}

/**
 * Who paints, how far it is painted, and a lease that is prolonged: none of it makes anything due, or is read.
 * `dropLeases`, which ends leases, is called before any store is there that could have remembered.
 */
const PARTS: ReadonlyMap<string, readonly Part[]> = new Map<string, readonly Part[]>([
  ['paint_after', ['painted']],
  ['painted_version', []],
  ['paint_holder', []],
  ['paint_until', []],
  ['lease_holder', ['leased']],
  ['lease_until', []],
  ['run_tries', []],
  ['run_after', ['leased']],
])
