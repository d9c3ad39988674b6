import { type Kysely, sql } from 'kysely'
import type { Store } from '../../application/store.ts'
import { parseRequestId } from '../../domain/ids.ts'
import type { Tables } from './schema.ts'

type PostedPart = Pick<
  Store,
  'unpainted' | 'claimPaint' | 'releasePaint' | 'markPainted' | 'paintLater' | 'posted' | 'savePosted' | 'forgetPosted'
>

/** What of each request stands in Slack. */
export function postedStore(db: Kysely<Tables>): PostedPart {
  return {
    unpainted: async (now, limit) => {
      const rows = await db
        .selectFrom('requests')
        .select('id')
        .where(sql<boolean>`painted_version < version`)
        .where('paint_after', '<=', now)
        .orderBy('paint_after')
        .limit(limit)
        .execute()
      return rows.flatMap((row) => parseRequestId(row.id) ?? [])
    },
    claimPaint: async (id, holder, now, until) => {
      const claimed = await db
        .updateTable('requests')
        .set({ paint_holder: holder, paint_until: until })
        .where('id', '=', id)
        .where((where) => where.or([where('paint_until', '<=', now), where('paint_holder', '=', holder)]))
        .executeTakeFirst()
      return claimed.numUpdatedRows === 1n
    },
    releasePaint: async (id, holder) => {
      await db
        .updateTable('requests')
        .set({ paint_holder: null, paint_until: 0 })
        .where('id', '=', id)
        .where('paint_holder', '=', holder)
        .execute()
    },
    markPainted: async (id, version) => {
      await db
        .updateTable('requests')
        .set({ painted_version: version })
        .where('id', '=', id)
        .where('painted_version', '<', version)
        .execute()
    },
    paintLater: async (id, at) => {
      await db.updateTable('requests').set({ paint_after: at }).where('id', '=', id).execute()
    },
    posted: async (id) => {
      const rows = await db.selectFrom('slots').selectAll().where('request_id', '=', id).execute()
      return rows.map(({ slot, status, ts, hash }) => ({
        slot,
        status: status === 'posted' ? ('posted' as const) : ('posting' as const),
        hash,
        ...(ts === null ? {} : { ts }),
      }))
    },
    savePosted: async (id, { slot, status, ts, hash }) => {
      const values = { status, ts: ts ?? null, hash }
      await db
        .insertInto('slots')
        .values({ request_id: id, slot, ...values })
        .onConflict((conflict) => conflict.columns(['request_id', 'slot']).doUpdateSet(values))
        .execute()
    },
    forgetPosted: async (id) => {
      await db.deleteFrom('slots').where('request_id', '=', id).where('slot', 'not like', 'private:%').execute()
    },
  }
}
