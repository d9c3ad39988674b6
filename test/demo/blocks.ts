import { isJson, isJsonList, type Json, textAt } from '../simulator/json.ts'
import { beside, kept, lineWidth, wrapped } from './layout.ts'
import { type Names, readMarkup } from './markup.ts'
import { type Line, line, type Span, span } from './span.ts'

export interface Message {
  readonly text: string
  readonly blocks: readonly Json[]
}

/** Longest fixed-width block that is shown whole; Slack folds long ones too. */
const WHOLE_PRE = 44

/** A message's content in lines of at most `width` columns. */
export function messageLines({ text, blocks }: Message, width: number, names: Names): Line[] {
  if (blocks.length === 0) return wrapped(readMarkup(text, names), width)
  return blocks.flatMap((block, at) => [
    // A heading that follows a table stands free of it.
    ...(blocks[at - 1]?.type === 'rich_text' && block.type === 'section' ? [line('')] : []),
    ...blockLines(block, width, names),
  ])
}

export function blockLines(block: Json, width: number, names: Names): Line[] {
  switch (block.type) {
    case 'header':
      return [...wrapped([span(elementText(block.text), 'bold')], width), line('')]
    case 'section':
      return sectionLines(block, width, names)
    case 'context':
      return wrapped(
        listOf(block.elements).flatMap((element) => readMarkup(elementText(element), names, ['dim'])),
        width,
      )
    case 'divider':
      return [line(span('─'.repeat(width), 'dim'))]
    case 'rich_text':
      return listOf(block.elements).flatMap((element) => preLines(richText(element), width))
    case 'actions':
      return [line(''), ...buttonLines(block, width)]
    case 'input':
      return [line(span(elementText(block.label), 'bold')), line(span('[ ………… ]', 'dim'))]
    case 'plan':
      return planLines(block, width)
    case 'data_table':
      return tableLines(block, width)
    default:
      return [line(span(`(a block of type ${String(block.type)})`, 'dim'))]
  }
}

const TASK_SIGNS: Readonly<Record<string, Span>> = {
  pending: span('○ ', 'dim'),
  in_progress: span('◔ ', 'asking'),
  complete: span('● ', 'good'),
  error: span('▲ ', 'bad'),
}

/** A plan as Slack draws it when it is unfolded. */
function planLines(block: Json, width: number): Line[] {
  const tasks = listOf(block.tasks).flatMap((task): Line[] => {
    const parts = isJson(task.details) ? listOf(task.details.elements) : []
    const details = parts.flatMap((part) =>
      part.type === 'rich_text_preformatted'
        ? preLines(richText(part), width - 2)
        : wrapped([span(richText(part), 'dim')], width - 2),
    )
    const isToCome = task.status === 'pending'
    return [
      line(
        TASK_SIGNS[textAt(task, 'status') ?? ''] ?? span('? '),
        span(textAt(task, 'title') ?? '', isToCome ? 'dim' : 'bold'),
      ),
      ...details.map((row): Line => [span('  '), ...row]),
    ]
  })
  return [...wrapped([span(textAt(block, 'title') ?? '', 'bold')], width), ...tasks]
}

/** The first page of a table. */
function tableLines(block: Json, width: number): Line[] {
  const rows = (Array.isArray(block.rows) ? block.rows : []).map((row) => listOf(row).map(elementText))
  const page = Number(block.page_size ?? 5)
  const shown = rows.slice(0, page + 1)
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...shown.map((row) => (row[at] ?? '').length)))
  const text = shown.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const more = rows.length - shown.length
  return [
    ...wrapped([span(textAt(block, 'caption') ?? '', 'bold')], width),
    ...preLines(text.join('\n'), width),
    ...(more > 0 ? [line(span(`▏ … ${more} more rows, a page further`, 'dim'))] : []),
  ]
}

function sectionLines(block: Json, width: number, names: Names): Line[] {
  const main = block.text === undefined ? [] : textLines(elementText(block.text), width, names)
  const fields = listOf(block.fields).map((field) => textLines(elementText(field), Math.floor(width / 2) - 2, names))
  const rows: Line[] = []
  for (let at = 0; at < fields.length; at += 2) {
    const left = (fields[at] ?? []).map((row) => [
      ...row,
      span(' '.repeat(Math.max(0, Math.floor(width / 2) - 3 - lineWidth(row)))),
    ])
    rows.push(line(''), ...beside(left, fields[at + 1] ?? [], width))
  }
  return [...main, ...rows, ...(rows.length > 0 ? [line('')] : [])]
}

/** Text with Slack's markup; what stands between ``` keeps its columns. */
function textLines(text: string, width: number, names: Names): Line[] {
  return text
    .split(/```\n?([\s\S]+?)```\n?/)
    .flatMap((part, at) =>
      part === '' ? [] : at % 2 === 1 ? preLines(part, width) : wrapped(readMarkup(part.trimEnd(), names), width),
    )
}

function preLines(text: string, width: number): Line[] {
  const rows = text.trimEnd().split('\n')
  const isDifference = rows.some((row) => row.startsWith('@@ '))
  const spans = rows.map((row) => span(row, isDifference ? differenceStyle(row) : 'code'))
  const shown = kept(spans, width - 2)
  const cut = shown.length > WHOLE_PRE ? shown.slice(0, WHOLE_PRE - 4) : shown
  const folded = shown.length - cut.length
  return [
    ...cut.map((row): Line => [span('▏ ', 'dim'), ...row]),
    ...(folded > 0 ? [line(span(`▏ … ${folded} more lines, which Slack shows`, 'dim'))] : []),
  ]
}

function differenceStyle(row: string): 'good' | 'bad' | 'dim' {
  if (row.startsWith('+')) return 'good'
  return row.startsWith('-') ? 'bad' : 'dim'
}

/** A row of buttons. */
export function buttonLines(block: Json, width: number): Line[] {
  const buttons = listOf(block.elements).flatMap((element): Span[] => [
    span(`[ ${elementText(element.text)} ]`, 'bold', ...buttonStyle(element)),
    span('  '),
  ])
  const rows: Span[][] = [[]]
  for (const part of buttons) {
    if (lineWidth([...(rows.at(-1) ?? []), part]) > width) rows.push([])
    rows.at(-1)?.push(part)
  }
  return rows
}

function buttonStyle(element: Json): ('good' | 'bad' | 'link')[] {
  if (element.style === 'primary') return ['good']
  return element.style === 'danger' ? ['bad'] : []
}

function richText(element: Json): string {
  return listOf(element.elements)
    .map((part) => textAt(part, 'text') ?? '')
    .join('')
}

/** The text of a text object, `{ type, text }`. */
export function elementText(value: unknown): string {
  return (isJson(value) ? textAt(value, 'text') : undefined) ?? ''
}

function listOf(value: unknown): Json[] {
  return isJsonList(value) ? value : []
}
