import type { RequestId } from '../../../domain/ids.ts'
import { type Block, section } from './blocks.ts'
import { code, count } from './text.ts'

const SHOWN = 20

/** What a list leaves out because this version cannot read it: nothing where it leaves out nothing. */
export function unreadableBlocks(ids: readonly RequestId[]): Block[] {
  if (ids.length === 0) return []
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : ''
  const named = `${ids
    .slice(0, SHOWN)
    .map((id) => code(id))
    .join(', ')}${more}`
  return [
    section(
      `⚠️ ${count(ids.length, 'request')} that this version of me cannot read: ${named}. The operator must look: the log says more.`,
    ),
  ]
}
