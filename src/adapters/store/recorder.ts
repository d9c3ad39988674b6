import type { Transaction } from 'kysely'
import type { AuditEntry } from '../../application/store.ts'
import { appendAudit, type ExportedRow, exportedRow, type StoredRow } from './audit-chain.ts'
import type { Database } from './open-database.ts'
import type { Tables } from './schema.ts'

type Append = (entry: AuditEntry) => Promise<void>

/**
 * Transactions that append to the record. `told` hears of each row once its transaction is committed, never of one that
 * was rolled back, and must not throw: the change stands already. A process that dies in between, or loses the answer
 * to its commit, has told nobody.
 */
export function recorder({ db, dialect }: Database, told: (row: ExportedRow) => void = () => undefined) {
  return async <Result>(change: (tx: Transaction<Tables>, audit: Append) => Promise<Result>): Promise<Result> => {
    const rows: StoredRow[] = []
    const result = await db.transaction().execute((tx) =>
      change(tx, async (entry) => {
        rows.push(await appendAudit(tx, dialect, entry))
      }),
    )
    for (const row of rows) told(exportedRow(row))
    return result
  }
}
