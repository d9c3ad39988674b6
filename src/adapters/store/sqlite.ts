import { versions } from 'node:process'
import type { DatabaseSync } from '@photostructure/sqlite'
import type { SqliteDatabase } from 'kysely'

/** A connection of `node:sqlite`'s API. */
export type Connection = InstanceType<typeof DatabaseSync>

/** From here on Node's own SQLite is a release candidate (Node 24.15, `node:sqlite`). */
const OWN_SINCE = [24, 15] as const

/**
 * Opens a SQLite file with Node's own SQLite where it is mature, else with the same API as a package that brings its
 * binaries along: nothing is compiled, and nothing is fetched from elsewhere than the registry. `waitMs`: how long a
 * statement waits for another process's lock.
 */
export async function connect(
  path: string,
  { readOnly = false, waitMs }: { readonly readOnly?: boolean; readonly waitMs: number },
): Promise<Connection> {
  const { DatabaseSync } = await library()
  const connection = new DatabaseSync(path, { readOnly })
  connection.exec(`pragma busy_timeout = ${waitMs}`)
  return connection
}

async function library(): Promise<{ readonly DatabaseSync: typeof DatabaseSync }> {
  const [major = 0, minor = 0] = versions.node.split('.').map(Number)
  const isOwn = major > OWN_SINCE[0] || (major === OWN_SINCE[0] && minor >= OWN_SINCE[1])
  // By a name that is put together: the types of the oldest Node do not know it, and no bundler looks for it.
  const own = ['node', 'sqlite'].join(':')
  return isOwn ? await import(own) : await import('@photostructure/sqlite')
}

/** As Kysely talks to it. */
export function overConnection(connection: Connection): SqliteDatabase {
  return {
    // Whoever closes twice means the same.
    close: () => {
      if (connection.isOpen) connection.close()
    },
    prepare: (sql) => {
      const statement = connection.prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters),
        run: (parameters) => statement.run(...parameters),
        iterate: (parameters) => statement.iterate(...parameters),
      }
    },
  }
}
