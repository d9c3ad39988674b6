import type { types } from '@slack/bolt'
import { redact } from '../../../domain/redact.ts'
import { cut, plain } from './text.ts'

export type Block = types.KnownBlock

/** A message: `text` is what notifications and screen readers get. */
export interface Message {
  readonly text: string
  readonly blocks: Block[]
  /** The same in blocks that not every workspace takes yet; sent first, where it is given. */
  readonly newest?: Block[]
}

// `verbatim`: Slack makes no links or mentions out of bare words. Its limits: header 150, section
// text 3000, button text 75.
export function header(text: string): Block {
  return { type: 'header', text: { type: 'plain_text', text: cut(text, 150), emoji: true } }
}

export function section(markdown: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', verbatim: true, text: cut(markdown, 3000) } }
}

export function fields(texts: readonly string[]): Block {
  return {
    type: 'section',
    fields: texts.slice(0, 10).map((text) => ({ type: 'mrkdwn', verbatim: true, text: cut(text, 1000) })),
  }
}

export function context(markdown: string): Block {
  return { type: 'context', elements: [{ type: 'mrkdwn', verbatim: true, text: cut(markdown, 2000) }] }
}

/** Fixed-width text: nothing in it is markup, so it may come from tools. */
export function pre(text: string, limit = 3000): Block {
  const lines = redact(text).trimEnd()
  const shown =
    lines.length > limit ? `${lines.slice(0, limit)}\n… (cut: ${lines.length - limit} more characters)` : lines
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: shown || ' ' }] }],
  }
}

/** Lines put together into texts of less than `limit` characters. */
export function chunks(lines: readonly string[], limit: number): string[] {
  const parts: string[] = []
  for (const line of lines) {
    const last = parts.at(-1)
    if (last !== undefined && last.length + line.length < limit) parts[parts.length - 1] = `${last}\n${line}`
    else parts.push(line)
  }
  return parts
}

export const divider: Block = { type: 'divider' }

export interface ButtonShape {
  readonly action: string
  readonly label: string
  readonly value: string
  readonly style?: 'primary' | 'danger'
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string; readonly no: string }
}

export function button({ action, label, value, style, confirm }: ButtonShape): types.Button {
  return {
    type: 'button',
    action_id: action,
    text: { type: 'plain_text', text: cut(label, 75), emoji: true },
    value,
    ...(style ? { style } : {}),
    ...(confirm
      ? {
          confirm: {
            title: { type: 'plain_text', text: cut(confirm.title, 100) },
            text: { type: 'plain_text', text: cut(confirm.text, 300) },
            confirm: { type: 'plain_text', text: cut(confirm.yes, 30) },
            deny: { type: 'plain_text', text: cut(confirm.no, 30) },
          },
        }
      : {}),
  }
}

/**
 * Slack refuses a message whose blocks hold more than about 13,200 characters together (not documented; bolt-js#2509),
 * or more than 50 blocks.
 */
const MESSAGE_LIMIT = 12_000

/**
 * The message with blocks left out where Slack would refuse it, and a line that says so. Buttons are never left out:
 * what they do could not be done otherwise.
 */
export function withinLimits(message: Message): Message {
  const isButtons = (block: Block) => block.type === 'actions'
  const sizeOf = (block: Block) => JSON.stringify(block).length
  let size = message.blocks.filter(isButtons).reduce((sum, block) => sum + sizeOf(block), 0)
  let count = message.blocks.filter(isButtons).length
  const kept = message.blocks.filter((block) => {
    if (isButtons(block)) return true
    if (size + sizeOf(block) > MESSAGE_LIMIT || count >= 49) return false
    size += sizeOf(block)
    count++
    return true
  })
  if (kept.length === message.blocks.length) return message
  return { ...message, blocks: [...kept, context('There is more than one message can hold.')] }
}

/**
 * All that a message says, as one bare text, cut where Slack takes no more. What was no markup before must be none now:
 * a tool's output may hold a mention.
 */
export function asText({ text, blocks }: Message): Message {
  const lines = [text, ...blocks.flatMap(textsOf)].filter((line) => line.trim() !== '')
  return { text: cut(lines.join('\n'), TEXT_LIMIT), blocks: [] }
}

/** chat.update takes 4,000 characters. */
export const TEXT_LIMIT = 3_800

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value !== 'object' || value === null) return []
  const { type, text, ...rest }: { type?: unknown; text?: unknown } = value
  // A button without its block cannot be pressed.
  if (type === 'actions') return []
  const own = typeof text === 'string' ? [type === 'mrkdwn' ? text : bare(text)] : textsOf(text)
  return [...own, ...Object.values(rest).flatMap(textsOf)]
}

/** Line by line: the lines stay. */
function bare(text: string): string {
  return text
    .split('\n')
    .map((line) => plain(line, TEXT_LIMIT))
    .join('\n')
}
