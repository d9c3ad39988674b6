import { sql } from 'kysely'
import { openBeside } from '../../src/adapters/store/open-database.ts'
import type { Watch } from '../../src/domain/watch.ts'

/** The watch's next look is due now, not in up to an hour. Throws while the bot has not begun to watch. */
export async function lookNow(file: string): Promise<void> {
  const database = await openBeside(`sqlite:${file}`, 'to write')
  try {
    for (let tries = 0; tries < 200; tries++) {
      const { rows } = await sql<{ doc: string; version: number }>`select doc, version from watches`.execute(
        database.db,
      )
      const [row] = rows
      const watch: Watch | undefined = row && JSON.parse(row.doc)
      if (row && watch && !watch.going) {
        const doc = JSON.stringify({ ...watch, nextAt: 0 })
        await sql`update watches set doc = ${doc}, version = version + 1 where version = ${row.version}`.execute(
          database.db,
        )
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  } finally {
    await database.db.destroy()
  }
  throw new Error('the bot has not looked after its watch yet')
}
