import { Kysely, Migrator, SqliteDialect } from 'kysely'
import { migrations } from '../../src/adapters/store/migrations.ts'
import type { Database } from '../../src/adapters/store/open-database.ts'
import type { Tables } from '../../src/adapters/store/schema.ts'
import { type Connection, connect, overConnection } from '../../src/adapters/store/sqlite.ts'

/** The store's own database in memory, and the connection below it, for those who only look. */
export interface Opened extends Database {
  readonly raw: Connection
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
  return { dialect: 'sqlite', db: over(raw), raw }
}

async function migrated(): Promise<string> {
  const raw = await connect(':memory:', { waitMs: 0 })
  const { error } = await new Migrator({ db: over(raw), provider: migrations('sqlite') }).migrateToLatest()
  if (error) throw error
  const made = raw.prepare("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%'").all()
  raw.close()
  return made.map((row) => `${String(Reflect.get(row as object, 'sql'))};`).join('\n')
}

function over(raw: Connection): Kysely<Tables> {
  const database = overConnection(raw)
  const prepared = new Map<string, ReturnType<typeof database.prepare>>()
  // Each statement is prepared once: the product's driver does it anew each time, which costs more than to run it.
  const prepare = (sql: string) => {
    const statement = prepared.get(sql) ?? database.prepare(sql)
    prepared.set(sql, statement)
    return statement
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: { ...database, prepare } }) })
}
