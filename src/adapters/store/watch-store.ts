import type { Kysely } from 'kysely'
import type { Store, WatchMessage } from '../../application/store.ts'
import type { Watch } from '../../domain/watch.ts'
import type { recorder } from './recorder.ts'
import type { Tables } from './schema.ts'

type WatchPart = Pick<Store, 'watch' | 'saveWatch' | 'watchMessages' | 'saveWatchMessage' | 'claimWatch'>

/** How many messages of a route are remembered: the newest, and those that still say what held before. */
const MOST_MESSAGES = 5

/** Watched routes. */
export function watchStore(db: Kysely<Tables>, record: ReturnType<typeof recorder>): WatchPart {
  return {
    watch: async (route) => {
      const row = await db
        .selectFrom('watches')
        .select(['version', 'doc'])
        .where('route', '=', route)
        .executeTakeFirst()
      if (!row) return undefined
      const watch: Watch = JSON.parse(row.doc)
      return { watch, version: row.version }
    },
    saveWatch: (watch, version, entry) =>
      record(async (tx, audit) => {
        const { route } = watch
        const doc = JSON.stringify(watch)
        const changed =
          version === 0
            ? await tx
                .insertInto('watches')
                .values({ route, version: 1, doc, until: 0 })
                .onConflict((conflict) => conflict.doNothing())
                .returning('route')
                .executeTakeFirst()
            : await tx
                .updateTable('watches')
                .set({ version: version + 1, doc })
                .where('route', '=', route)
                .where('version', '=', version)
                .returning('route')
                .executeTakeFirst()
        if (changed && entry) await audit(entry)
        return changed !== undefined
      }),
    watchMessages: async (route) => {
      const rows = await db
        .selectFrom('watch_messages')
        .select('doc')
        .where('route', '=', route)
        .orderBy('edition', 'desc')
        .limit(MOST_MESSAGES)
        .execute()
      return rows.map(({ doc }): WatchMessage => JSON.parse(doc))
    },
    saveWatchMessage: async (route, message) => {
      const doc = JSON.stringify(message)
      await db
        .insertInto('watch_messages')
        .values({ route, edition: message.edition, doc })
        .onConflict((conflict) => conflict.columns(['route', 'edition']).doUpdateSet({ doc }))
        .execute()
    },
    claimWatch: async (route, holder, now, until) => {
      const claimed = await db
        .updateTable('watches')
        .set({ holder, until })
        .where('route', '=', route)
        .where((where) => where.or([where('until', '<=', now), where('holder', '=', holder)]))
        .executeTakeFirst()
      return claimed.numUpdatedRows === 1n
    },
  }
}
