import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, Migrator, PostgresDialect, SqliteDialect } from 'kysely'
import pg from 'pg'
import { type Dialect, migrations } from './migrations.ts'
import type { Tables } from './schema.ts'

export interface Database {
  readonly dialect: Dialect
  readonly db: Kysely<Tables>
}

const POOL_SIZE = 10
const CONNECT_MS = 10_000
const STATEMENT_MS = 30_000

/** Opens `sqlite:<path>` (relative to the working directory) or `postgres://…` and brings its schema up to date. */
export async function openDatabase(url: string): Promise<Database> {
  const database = url.startsWith('sqlite:') ? openSqlite(url.slice('sqlite:'.length)) : openPostgres(url)
  const migrator = new Migrator({ db: database.db, provider: migrations(database.dialect) })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error('the database schema could not be brought up to date', { cause: error })
  return database
}

function openSqlite(path: string): Database {
  const file = path === ':memory:' ? path : resolve(path)
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const connection = new Sqlite(file)
  connection.pragma('journal_mode = WAL')
  // A power cut must not take back what Slack or SSM were already told.
  connection.pragma('synchronous = FULL')
  connection.pragma('foreign_keys = ON')
  connection.pragma('busy_timeout = 5000')
  return { dialect: 'sqlite', db: new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) }) }
}

function openPostgres(url: string): Database {
  // bigint columns hold milliseconds and row numbers: far below 2^53.
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    types,
  })
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined)
  return { dialect: 'postgres', db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }) }
}
