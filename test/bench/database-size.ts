import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Stage } from '../harness/stage.ts'

/** Where a stage's bot keeps its store. */
export function databaseFile({ directory }: Pick<Stage, 'directory'>): string {
  return join(directory, 'bot.sqlite')
}

/** All pages, also those that still stand in the write-ahead log. */
export function databaseBytes(stage: Pick<Stage, 'directory'>): number {
  const connection = new DatabaseSync(databaseFile(stage), { readOnly: true })
  try {
    const pragma = (name: string) => Number(Object.values(connection.prepare(`pragma ${name}`).get() ?? {})[0])
    return pragma('page_count') * pragma('page_size')
  } finally {
    connection.close()
  }
}
