import Sqlite from 'better-sqlite3'
import { Kysely, Migrator, SqliteDialect } from 'kysely'
import { migrations } from '../../src/adapters/store/migrations.ts'
import type { Database } from '../../src/adapters/store/open-database.ts'
import type { Tables } from '../../src/adapters/store/schema.ts'

/** The store's own database in memory, and the connection below it, for those who only look. */
export interface Opened extends Database {
  readonly raw: Sqlite.Database
}

let empty: Buffer | undefined

/** A new database with the product's schema. The schema is made once and copied: its migrations take longer than most runs. */
export async function newDatabase(): Promise<Opened> {
  empty ??= await migrated()
  const raw = new Sqlite(empty)
  raw.pragma('foreign_keys = ON')
  return { dialect: 'sqlite', db: over(raw), raw }
}

async function migrated(): Promise<Buffer> {
  const raw = new Sqlite(':memory:')
  const { error } = await new Migrator({ db: over(raw), provider: migrations('sqlite') }).migrateToLatest()
  if (error) throw error
  return raw.serialize()
}

function over(raw: Sqlite.Database): Kysely<Tables> {
  const prepared = new Map<string, Sqlite.Statement>()
  // Each statement is prepared once: the product's driver does it anew each time, which costs more than to run it.
  const database = {
    close: () => raw.close(),
    prepare: (sql: string) => {
      const statement = prepared.get(sql) ?? raw.prepare(sql)
      prepared.set(sql, statement)
      return statement
    },
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
}
