import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Kysely, Migrator, PostgresDialect, SqliteAdapter, SqliteDialect, sql } from 'kysely'
import { dropDeliveryLeases } from './inbox-store.ts'
import { type Dialect, migrations } from './migrations.ts'
import type { Tables } from './schema.ts'
import { type Connection, connect, overConnection } from './sqlite.ts'

export interface Database {
  readonly dialect: Dialect
  readonly db: Kysely<Tables>
}

const MEMORY = ':memory:'
/** Time for a predecessor to end. */
const LOCK_MS = 5_000
const POOL_SIZE = 10
const CONNECT_MS = 10_000
const STATEMENT_MS = 30_000
const IDLE_IN_TRANSACTION_MS = 10_000

/**
 * Opens `sqlite:<path>` (relative to the working directory) or `postgres://…` for the bot and brings its schema up to
 * date. A SQLite file takes one process at a time: a second one is refused.
 */
export async function openDatabase(url: string): Promise<Database> {
  const database = url.startsWith('sqlite:') ? await openSqlite(pathOf(url)) : await openPostgres(url)
  const migrator = new Migrator({ db: database.db, provider: migrations(database.dialect) })
  const { error } = await migrator.migrateToLatest()
  if (error) {
    await database.db.destroy()
    throw new Error('the database schema could not be brought up to date', { cause: error })
  }
  if (database.dialect === 'sqlite') {
    await dropLeases(database.db)
    await dropDeliveryLeases(database.db)
  }
  return database
}

/**
 * We hold the file's lock, so whoever held these leases is gone. By the partial indexes: the finished ones can be many.
 */
export async function dropLeases(db: Kysely<Tables>): Promise<void> {
  await db.updateTable('requests').set({ lease_until: 0 }).where(sql<boolean>`is_open = 1`).execute()
  await db.updateTable('requests').set({ paint_until: 0 }).where(sql<boolean>`painted_version < version`).execute()
}

/** Opens an existing database beside a running bot. Throws where there is none, or where it is not of this version. */
export async function openBeside(url: string, what: 'to read' | 'to write' = 'to read'): Promise<Database> {
  if (!url.startsWith('sqlite:')) return openPostgres(url)
  const file = pathOf(url)
  if (what === 'to read')
    return { dialect: 'sqlite', db: overSqlite(await connect(file, { readOnly: true, waitMs: LOCK_MS })) }
  if (!existsSync(file)) throw new Error(`there is no database at ${file}`)
  return { dialect: 'sqlite', db: overSqlite(configured(await connect(file, { waitMs: LOCK_MS }))) }
}

/** The file that `sqlite:<path>` names; `undefined` where it names none. */
export function sqliteFile(url: string): string | undefined {
  return url.startsWith('sqlite:') && pathOf(url) !== MEMORY ? pathOf(url) : undefined
}

function pathOf(url: string): string {
  const path = url.slice('sqlite:'.length)
  return path === MEMORY ? path : resolve(path)
}

async function openSqlite(file: string): Promise<Database> {
  if (file === MEMORY)
    return { dialect: 'sqlite', db: overSqlite(configured(await connect(file, { waitMs: LOCK_MS }))) }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // A second file holds the lock, so that the first stays readable; the operating system takes it back however the
  // process ends.
  const lock = await connect(`${file}.lock`, { waitMs: LOCK_MS })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw new Error(
      `another process is using ${file}: SQLite serves one bot at a time; several need DATABASE_URL=postgres://…`,
      { cause: error },
    )
  }
  const db = overSqlite(configured(await connect(file, { waitMs: LOCK_MS })))
  const destroy = db.destroy.bind(db)
  db.destroy = async () => {
    await destroy()
    if (lock.isOpen) lock.close()
  }
  return { dialect: 'sqlite', db }
}

/**
 * SQLite's schema changes are transactional, though Kysely does not use it: a process killed in the middle of a
 * migration leaves nothing half done.
 */
class TransactionalSqlite extends SqliteDialect {
  override createAdapter() {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true
      }
    })()
  }
}

function configured(connection: Connection): Connection {
  connection.exec('pragma journal_mode = WAL')
  // A power cut must not take back what Slack or SSM were already told.
  connection.exec('pragma synchronous = FULL')
  connection.exec('pragma foreign_keys = ON')
  return connection
}

function overSqlite(connection: Connection): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new TransactionalSqlite({ database: overConnection(connection) }) })
}

async function openPostgres(url: string): Promise<Database> {
  // A bot on SQLite does without it.
  const { default: pg } = await import('pg')
  // bigint columns hold milliseconds and row numbers: far below 2^53.
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    // A process that freezes inside a transaction must not hold its locks against the others.
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    types,
  })
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined)
  // The same for one in use: its query fails, and that is told.
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
  })
  return { dialect: 'postgres', db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }) }
}
