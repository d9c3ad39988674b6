import type { MessageRecord } from '../simulator/slack/records.ts'

interface Words {
  readonly [name: string]: unknown
}

/** A card and its thread as plain text, without what differs from run to run: golden files are made of this. */
export function threadText(card: MessageRecord): string {
  const parts = [
    `CARD ${messageText(card)}`,
    ...card.thread.map((reply) => `> ${messageText(reply).replaceAll('\n', '\n  ')}`),
  ]
  const id = /\(([0-9A-Z]{6})\)/.exec(card.text)?.[1] ?? 'none'
  return `${steady(parts.join('\n').replaceAll(id, 'REQID'))}\n`
}

/** Runs differ in ids, times and digests; stories do not. */
export function steady(text: string): string {
  const seen = new Map<string, string>()
  const named = (kind: string) => (match: string) => {
    const name = seen.get(match) ?? `${kind}${[...seen.values()].filter((other) => other.startsWith(kind)).length + 1}`
    seen.set(match, name)
    return name
  }
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, named('COMMAND-'))
    .replace(/\b[0-9a-f]{64}\b/g, named('SHA256-'))
    .replace(/`[0-9a-f]{16}…`/g, '`HASH…`')
    .replace(/`[0-9a-f]{16}`/g, '`ANCHOR`')
    .replace(/--anchor [0-9a-f]{16}/g, '--anchor ANCHOR')
    .replace(/`[0-9a-f]{12}`/g, '`DIGEST`')
    .replace(/digest [0-9a-f]{12}/g, 'digest DIGEST')
    .replace(/<!date\^\d+\^[^|]*\|[^>]*>/g, 'TIME')
    .replace(/\/tmp\/[^`\s]*\/bastions\//g, '/bastions/')
    .replace(/(?<=\(|· )(?:\d+ min \d+ s|\d+ min|\d+ s)\b/g, 'N s')
}

/** A message as plain text. */
export function messageText({
  text,
  blocks,
  files = [],
}: Pick<MessageRecord, 'text' | 'blocks'> & Partial<Pick<MessageRecord, 'files'>>): string {
  if (files.length > 0)
    return files
      .map((file) => `[file ${file.name}: ${file.title}, ${file.content.split('\n').length - 1} lines]`)
      .join('\n')
  if (blocks.length === 0) return text
  return blocks
    .map((block) => blockText(block))
    .filter((part) => part !== '')
    .join('\n')
}

/** As a plan's tasks are drawn. */
const SIGNS: Readonly<Record<string, string>> = { pending: '( )', in_progress: '(…)', complete: '(✓)', error: '(!)' }

function blockText(block: Words): string {
  switch (block.type) {
    case 'header':
      return `# ${textOf(block.text)}`
    case 'section':
      return [textOf(block.text), ...list(block.fields).map((field) => textOf(field).replaceAll('\n', ' '))]
        .filter((text) => text !== '')
        .join('\n')
    case 'context':
      return list(block.elements).map(textOf).join(' ')
    case 'divider':
      return '---'
    case 'actions':
      return list(block.elements)
        .map((element) => `[${textOf(element.text)}]`)
        .join(' ')
    case 'rich_text':
      return list(block.elements)
        .map((part) => list(part.elements).map((element) => String(element.text ?? '')))
        .map((texts) => texts.join(''))
        .join('\n')
        .replace(/^/gm, '    ')
    case 'plan':
      return [
        `## ${String(block.title)}`,
        ...list(block.tasks).flatMap((task) => [
          `${SIGNS[String(task.status)] ?? '?'} ${String(task.title)}`,
          ...list([task.details]).map((details) => blockText(details)),
        ]),
      ].join('\n')
    case 'data_table':
      return [
        `| ${String(block.caption)}`,
        ...(Array.isArray(block.rows) ? block.rows : []).map((row) => `| ${list(row).map(textOf).join(' | ')}`),
      ].join('\n')
    default:
      return `(${String(block.type)})`
  }
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'text' in value ? String(value.text) : ''
}

function list(value: unknown): Words[] {
  return Array.isArray(value) ? value.filter((item): item is Words => typeof item === 'object' && item !== null) : []
}
