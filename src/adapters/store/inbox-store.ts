import { type Kysely, sql } from 'kysely'
import type { Store } from '../../application/store.ts'
import type { Dialect } from './migrations.ts'
import type { Tables } from './schema.ts'

type InboxPart = Pick<
  Store,
  'acceptDelivery' | 'claimDelivery' | 'renewDelivery' | 'releaseDelivery' | 'finishDelivery' | 'forgetDelivery'
>

/** Slack delivers again within minutes, if at all. */
const KEEP_MS = 24 * 3_600_000
/** Not at each delivery: the acknowledgement waits for it. */
const PURGE_MS = 10 * 60_000

/** What Slack delivered: that it came, and until it is answered, what it was. */
export function inboxStore(db: Kysely<Tables>, dialect: Dialect): InboxPart {
  let purgeAt = 0
  return {
    acceptDelivery: async ({ key, doc }, holder, now, until) => {
      if (now >= purgeAt) {
        purgeAt = now + PURGE_MS
        await db
          .deleteFrom('inbox')
          .where('at', '<', now - KEEP_MS)
          .execute()
      }
      const inserted = await db
        .insertInto('inbox')
        .values({ key, at: now, doc, holder, until, tries: 1 })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .returning('key')
        .executeTakeFirst()
      if (inserted) return true
      // The answer to the first try may have been lost.
      const known = await db.selectFrom('inbox').select('holder').where('key', '=', key).executeTakeFirst()
      return known?.holder === holder
    },

    claimDelivery: (holder, now, until) =>
      db.transaction().execute(async (tx) => {
        const free = tx
          .selectFrom('inbox')
          .select(['key', 'doc', 'at', 'tries'])
          .where('doc', 'is not', null)
          .where('until', '<=', now)
          .orderBy('at')
          .limit(1)
        const row = await (dialect === 'postgres' ? free.forUpdate().skipLocked() : free).executeTakeFirst()
        if (!row || row.doc === null) return undefined
        const tries = row.tries + 1
        await tx.updateTable('inbox').set({ holder, until, tries }).where('key', '=', row.key).execute()
        return { key: row.key, doc: row.doc, at: row.at, tries }
      }),

    renewDelivery: async (key, holder, until) => {
      const renewed = await db
        .updateTable('inbox')
        .set({ until })
        .where('key', '=', key)
        .where('holder', '=', holder)
        .executeTakeFirst()
      return renewed.numUpdatedRows === 1n
    },

    releaseDelivery: async (key, holder) => {
      await db.updateTable('inbox').set({ until: 0 }).where('key', '=', key).where('holder', '=', holder).execute()
    },

    finishDelivery: async (key) => {
      await db.updateTable('inbox').set({ doc: null, until: 0 }).where('key', '=', key).execute()
    },

    forgetDelivery: async (key, holder) => {
      await db.deleteFrom('inbox').where('key', '=', key).where('holder', '=', holder).execute()
    },
  }
}

/** We are alone over the file, so whoever worked on these is gone. */
export async function dropDeliveryLeases(db: Kysely<Tables>): Promise<void> {
  await db.updateTable('inbox').set({ until: 0 }).where(sql<boolean>`doc is not null`).execute()
}
