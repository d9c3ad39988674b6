import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sql } from 'kysely'
import { migrations } from '../../adapters/store/migrations.ts'
import { type Database, openBeside, sqliteFile } from '../../adapters/store/open-database.ts'
import { type Check, OK, unwise, type Verdict, wrong } from './finding.ts'

const ENOUGH_MB = 200

/** The database, beside a running bot or before its first start. Nothing is written. */
export function databaseChecks(url: string): readonly Check[] {
  const file = sqliteFile(url)
  if (url.startsWith('sqlite:') && file === undefined) return []
  return [
    { check: 'database', about: file ?? 'PostgreSQL', look: () => lookAtDatabase(url, file) },
    ...(file === undefined ? [] : [{ check: 'database-space', about: file, look: () => lookAtSpace(file) }]),
  ]
}

const NEW = unwise(
  'there is none yet: the bot makes it at its first start',
  'If the bot has run before, DATABASE_URL names another place.',
)

async function lookAtDatabase(url: string, file: string | undefined): Promise<Verdict> {
  if (file !== undefined && !(await isThere(file))) {
    const folder = await nearest(dirname(file))
    return (await isWritable(folder)) ? NEW : wrong(`${folder} cannot be written`, 'Give it to the user of the bot.')
  }
  try {
    const database = await openBeside(url)
    try {
      const verdict = await judgeSchema(database)
      if (verdict.state === 'ok') await database.db.selectFrom('audit').select('seq').limit(1).execute()
      return verdict
    } finally {
      await database.db.destroy()
    }
  } catch (error) {
    return wrong(
      `it cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Look at DATABASE_URL.',
    )
  }
}

async function judgeSchema({ db, dialect }: Database): Promise<Verdict> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration'))
    return tables.length === 0 ? NEW : wrong('it is of another program')
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db)
  return judgeMigrations(
    rows.map(({ name }) => name),
    Object.keys(await migrations(dialect).getMigrations()),
  )
}

export function judgeMigrations(applied: readonly string[], own: readonly string[]): Verdict {
  const newer = applied.filter((name) => !own.includes(name))
  if (newer.length > 0)
    return wrong(
      `it is of a newer version (${newer.join(', ')})`,
      'Run the version that it was last used with, or a newer one.',
    )
  const missing = own.filter((name) => !applied.includes(name))
  if (missing.length === 0) return OK
  return wrong(
    `it is of an older version (without ${missing.join(', ')})`,
    'Back it up; the next start brings it up to date.',
  )
}

async function lookAtSpace(file: string): Promise<Verdict> {
  const folder = await nearest(dirname(file))
  const { bavail, bsize } = await statfs(folder)
  const free = Math.floor((bavail * bsize) / 1024 / 1024)
  return free >= ENOUGH_MB
    ? OK
    : wrong(`${free} MB are free on its disk`, 'Make room: what cannot be stored is not begun.')
}

async function nearest(folder: string): Promise<string> {
  return (await isThere(folder)) || folder === dirname(folder) ? folder : nearest(dirname(folder))
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
}
