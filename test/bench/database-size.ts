import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Stage } from '../harness/stage.ts'

/** Where a stage's bot keeps its store. */
export function databaseFile({ directory }: Pick<Stage, 'directory'>): string {
  return join(directory, 'bot.sqlite')
}

/** All pages, also those that still stand in the write-ahead log. */
export function databaseBytes(stage: Pick<Stage, 'directory'>): number {
  const connection = new Sqlite(databaseFile(stage), { readonly: true })
  try {
    const pragma = (name: string) => Number(connection.pragma(name, { simple: true }))
    return pragma('page_count') * pragma('page_size')
  } finally {
    connection.close()
  }
}
