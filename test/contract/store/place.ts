import { sql } from 'kysely'
import type { ExportedRow } from '../../../src/adapters/store/audit-chain.ts'
import type { Database } from '../../../src/adapters/store/open-database.ts'
import type { Store } from '../../../src/application/store.ts'

/** One database of a suite, empty at its start. */
export interface Place {
  /** Every process that may share this database, one store each: PostgreSQL takes several, SQLite one. */
  readonly replicas: readonly Store[]
  /** The database below the first replica. */
  readonly database: Database
  readonly url: string
  /** The rows of the record that the replicas told, in turn. */
  readonly told: readonly ExportedRow[]
}

export type AtPlace = () => Place

/** The store of the n-th of several concurrent callers, spread over the replicas. */
export function replica({ replicas }: Place, number: number): Store {
  const store = replicas[number % replicas.length]
  if (!store) throw new Error('a place has at least one store')
  return store
}

/** `count` calls at once, by number. */
export function together<Value>(count: number, call: (number: number) => Promise<Value>): Promise<Value[]> {
  return Promise.all(Array.from({ length: count }, (_, number) => call(number)))
}

/** A statement, past the store. */
export async function rawly({ database }: Place, statement: string): Promise<void> {
  await sql.raw(statement).execute(database.db)
}
