import type { types } from '@slack/bolt'
import { redact } from '../../../domain/redact.ts'
import type { Block } from './blocks.ts'
import { cut } from './text.ts'

/*
 * Blocks that Slack brought out in 2026, workspace by workspace: a message that has them has `blocks` without them too.
 * Limits: data_table 200 rows, 20 columns, 20,000 characters; Slack gives none for a plan.
 */

export type TaskStatus = 'pending' | 'in_progress' | 'complete' | 'error'

export interface Task {
  readonly id: string
  readonly title: string
  readonly status: TaskStatus
  /** In our markup. */
  readonly lines: readonly string[]
  /** Fixed-width text below. */
  readonly bar?: string
}

/**
 * Tasks to be ticked off. `id`: the same at every update, or Slack folds a plan that somebody had opened
 * (node-slack-sdk#2701).
 */
export function plan(id: string, title: string, tasks: readonly Task[]): Block {
  return {
    type: 'plan',
    block_id: id,
    title: cut(redact(title), 150),
    tasks: tasks.map((task) => ({
      type: 'task_card',
      task_id: task.id,
      title: cut(redact(task.title), 150),
      status: task.status,
      ...details(task),
    })),
  }
}

function details({ lines, bar }: Task): { details?: types.RichTextBlock } {
  const elements: types.RichTextBlockElement[] = [
    ...(lines.length > 0 ? [{ type: 'rich_text_section' as const, elements: rich(redact(lines.join('\n'))) }] : []),
    ...(bar === undefined
      ? []
      : [{ type: 'rich_text_preformatted' as const, elements: [{ type: 'text' as const, text: redact(bar) }] }]),
  ]
  return elements.length > 0 ? { details: { type: 'rich_text', elements } } : {}
}

/** Our markup (code, bold, escaped signs) as rich text, which knows no markup. */
export function rich(markup: string): types.RichTextText[] {
  // What `plain` made harmless has a zero-width space behind it, and opens nothing.
  return markup.split(/(`(?!\u200b)[^`]+`|\*(?!\u200b)[^*]+\*)/).flatMap((part, at): types.RichTextText[] => {
    if (part === '') return []
    if (at % 2 === 0) return [{ type: 'text', text: bare(part) }]
    const style = part.startsWith('`') ? { code: true } : { bold: true }
    return [{ type: 'text', text: bare(part.slice(1, -1)), style }]
  })
}

function bare(text: string): string {
  return text.replaceAll('\u200b', '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

/** All blocks of a message together hold about 12,000 characters of JSON: a table leaves room for the rest. */
const TABLE_LIMIT = 7_000
const ROWS = 199
const PAGE_SIZE = 10

/** A table to page and sort in, of bare text, which may come from tools; `more`: the rows that did not go in. */
export function dataTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): { readonly block: Block; readonly more: number } {
  const cells = (row: readonly string[]) =>
    row.map((text) => ({ type: 'raw_text' as const, text: cut(redact(text), 200) || '–' }))
  const shown = [cells(head)]
  let size = JSON.stringify(shown).length
  for (const row of rows.slice(0, ROWS)) {
    const next = cells(row)
    size += JSON.stringify(next).length
    if (size > TABLE_LIMIT) break
    shown.push(next)
  }
  const block: Block = { type: 'data_table', caption: cut(redact(caption), 150), rows: shown, page_size: PAGE_SIZE }
  return { block, more: rows.length - (shown.length - 1) }
}
