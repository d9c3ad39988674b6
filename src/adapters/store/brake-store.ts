import type { Kysely } from 'kysely'
import type { AuditEntry, Store } from '../../application/store.ts'
import type { Freeze } from '../../domain/freeze.ts'
import type { recorder } from './recorder.ts'
import type { Tables } from './schema.ts'

type BrakePart = Pick<Store, 'frozen' | 'setFrozen'>

/** The brake: one row while it is on. */
export function brakeStore(db: Kysely<Tables>, record: ReturnType<typeof recorder>): BrakePart {
  return {
    frozen: () => frozen(db),
    setFrozen: (freeze: Freeze | undefined, entry: AuditEntry) =>
      record(async (tx, audit) => {
        if (freeze) {
          const set = await tx
            .insertInto('brake')
            .values({ id: 1, by_whom: freeze.by, at: freeze.at, reason: freeze.reason })
            .onConflict((conflict) => conflict.doNothing())
            .returning('id')
            .executeTakeFirst()
          if (set) await audit(entry)
          if (set) return undefined
          const other = await frozen(tx)
          // It was on when this one came, and somebody has just taken it off: nothing is frozen now.
          if (!other) throw new Error('the brake was taken off in this very moment: put it on again')
          return other
        }
        const [lifted] = await tx.deleteFrom('brake').returningAll().execute()
        if (!lifted) return undefined
        await audit(entry)
        return { by: lifted.by_whom, at: lifted.at, reason: lifted.reason }
      }),
  }
}

async function frozen(db: Kysely<Tables>): Promise<Freeze | undefined> {
  const row = await db.selectFrom('brake').selectAll().executeTakeFirst()
  return row && { by: row.by_whom, at: row.at, reason: row.reason }
}
