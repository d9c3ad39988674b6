import type { Kysely } from 'kysely'
import type { AuditEntry, Store } from '../../application/store.ts'
import type { Freeze } from '../../domain/freeze.ts'
import { appendAudit } from './audit-chain.ts'
import type { Dialect } from './migrations.ts'
import type { Tables } from './schema.ts'

type BrakePart = Pick<Store, 'frozen' | 'setFrozen'>

/** The brake: one row while it is on. */
export function brakeStore(db: Kysely<Tables>, dialect: Dialect): BrakePart {
  return {
    frozen: () => frozen(db),
    setFrozen: (freeze: Freeze | undefined, entry: AuditEntry) =>
      db.transaction().execute(async (tx) => {
        if (freeze) {
          const set = await tx
            .insertInto('brake')
            .values({ id: 1, by_whom: freeze.by, at: freeze.at, reason: freeze.reason })
            .onConflict((conflict) => conflict.doNothing())
            .returning('id')
            .executeTakeFirst()
          if (!set) return frozen(tx)
          await appendAudit(tx, dialect, entry)
          return undefined
        }
        const [lifted] = await tx.deleteFrom('brake').returningAll().execute()
        if (!lifted) return undefined
        await appendAudit(tx, dialect, entry)
        return { by: lifted.by_whom, at: lifted.at, reason: lifted.reason }
      }),
  }
}

async function frozen(db: Kysely<Tables>): Promise<Freeze | undefined> {
  const row = await db.selectFrom('brake').selectAll().executeTakeFirst()
  return row && { by: row.by_whom, at: row.at, reason: row.reason }
}
