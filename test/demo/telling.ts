import { isJsonList, type Json, textAt } from '../simulator/json.ts'
import type { FileRecord, ViewRecord } from '../simulator/slack/records.ts'
import { blockLines, buttonLines, elementText, messageLines } from './blocks.ts'
import { behind, framed, wrapped } from './layout.ts'
import { type Names, readMarkup } from './markup.ts'
import type { News, Shown } from './news.ts'
import { type Line, line, span } from './span.ts'

export interface Paper {
  readonly width: number
  readonly names: Names
}

const BOT = span(' hsm-sync ', 'bold', 'button')
const THREAD = span('    ┊ ', 'dim')
const FILE_LINES = 6

/** One chunk of news as lines for the terminal. */
export function newsLines(news: News, paper: Paper): Line[] {
  switch (news.kind) {
    case 'posted':
      return news.message.threadTs === undefined ? topLines(news.shown, paper) : replyLines(news.shown, paper)
    case 'changed':
      return news.message.threadTs === undefined
        ? changeLines(news.before, news.shown, paper)
        : replyLines(news.shown, paper)
    case 'file':
      return fileLines(news.file, paper)
    case 'whispered':
      return whisperLines(paper.names.user(news.whisper.user), news.shown, paper)
    case 'modal':
      return modalLines(news.view, paper)
    default:
      return news satisfies never
  }
}

/** What somebody types or clicks. */
export function deedLines(who: string, deed: string, shown: string, { width }: Paper): Line[] {
  const head = line('', span(who, 'mention'), span(` ${deed} `, 'dim'))
  const room = width - who.length - deed.length - 2
  const [first = [], ...more] = wrapped([span(shown, 'asking')], Math.max(room, 20))
  return [
    line(''),
    [...head, ...first],
    ...more.map((row): Line => [span(' '.repeat(who.length + deed.length + 2)), ...row]),
  ]
}

/** The heading of a part of the story. */
export function actLines(title: string, { width }: Paper): Line[] {
  return [
    line(''),
    line(span('━━ ', 'dim'), span(title, 'bold'), span(` ${'━'.repeat(Math.max(0, width - title.length - 4))}`, 'dim')),
  ]
}

/** A message in the channel: a card has a frame, anything else stands free. */
function topLines(shown: Shown, { width, names }: Paper): Line[] {
  const isCard = shown.blocks.some((block) => block.type === 'header')
  const content = messageLines(shown, isCard ? width - 4 : width - 2, names)
  return [
    line(''),
    line(BOT, span(isCard ? ' posts a card in the channel' : ' in the channel', 'dim')),
    ...(isCard ? framed(content, width) : behind(span('  '), content)),
  ]
}

/** Of a changed card only what says the state, and the buttons where they are others. */
function changeLines(before: Shown, shown: Shown, { width, names }: Paper): Line[] {
  const old = new Set(before.blocks.map(withoutId))
  const isNew = (block: Json) => !old.has(withoutId(block))
  const state = shown.blocks.find((block) => block.type === 'section' && isNew(block))
  const hadButtons = before.blocks.some((block) => block.type === 'actions')
  const buttons = shown.blocks.find((block) => block.type === 'actions')
  const label = span('  card ▸ ', 'dim')
  return [
    ...(state ? behind(span('         '), blockLines(state, width - 9, names), label) : []),
    ...(buttons && isNew(buttons) ? behind(span('         '), buttonLines(buttons, width - 9)) : []),
    ...(hadButtons && !buttons
      ? behind(span('         '), [line(span('no buttons any more: the card is the record', 'dim'))])
      : []),
  ]
}

function withoutId({ block_id: _, ...block }: Json): string {
  return JSON.stringify(block)
}

function replyLines(shown: Shown, { width, names }: Paper): Line[] {
  const lines = messageLines(shown, width - 6, names)
  return behind(THREAD, shown.text.startsWith('⏳') ? lines.map(dimmed) : lines)
}

/** Says only that something has begun; the same message will say how it ended. */
export function isWaiting({ text, blocks }: Shown): boolean {
  return text.startsWith('⏳') || (blocks.some(({ type }) => type === 'plan') && !text.includes(' is over, '))
}

function dimmed(shown: Line): Line {
  return shown.map(({ text }) => span(text, 'dim'))
}

/** A file by its name and first lines. */
function fileLines({ name, title, content }: FileRecord, { width }: Paper): Line[] {
  const rows = content.trimEnd().split('\n')
  const first = rows.slice(0, FILE_LINES).map((row) => line(span(`  ${row.slice(0, width - 12)}`, 'dim')))
  const more = rows.length > FILE_LINES ? [line(span(`  … ${rows.length - FILE_LINES} more lines`, 'dim'))] : []
  return behind(THREAD, [
    line('📎 ', span(name, 'bold'), span(`  ${title}, ${content.length.toLocaleString('en-US')} characters`, 'dim')),
    ...first,
    ...more,
  ])
}

function whisperLines(who: string, shown: Shown, { width, names }: Paper): Line[] {
  const edge = span('  ╎ ', 'private')
  return [line(span(`  only visible to ${who}`, 'private')), ...behind(edge, messageLines(shown, width - 4, names))]
}

function modalLines({ view, user }: ViewRecord, { width, names }: Paper): Line[] {
  const blocks = isJsonList(view.blocks) ? view.blocks : []
  const buttons = [view.close, view.submit].flatMap((label) =>
    elementText(label) ? [`[ ${elementText(label)} ]`] : [],
  )
  const content = [
    line(span(elementText(view.title), 'bold')),
    line(''),
    ...blocks.flatMap((block) => blockLines(block, width - 8, names)),
    line(''),
    line(span(buttons.join('  '), 'bold')),
  ]
  return [
    line(span(`  a window opens, only visible to ${names.user(user)}`, 'private')),
    ...behind(span('  '), framed(content, width - 4)),
  ]
}

/** The question that Slack asks before it sends a click, if the button has one. */
export function confirmLines(button: Json, { width, names }: Paper): Line[] {
  const confirm = button.confirm
  if (typeof confirm !== 'object' || confirm === null) return []
  const part = (name: string) => elementText(name in confirm ? Reflect.get(confirm, name) : undefined)
  const text = `Slack asks first: “${part('title')} ${part('text')}”, and the answer is “${part('confirm')}”.`
  return behind(span('  '), wrapped(readMarkup(text, names, ['dim']), width - 2))
}

/** A thread's newest state in one line, for a list. */
export function threadLine(message: Shown & { readonly thread: readonly unknown[] }, { names }: Paper): Line {
  const replies = message.thread.length
  return line(...readMarkup(message.text, names), span(` · ${replies} ${replies === 1 ? 'reply' : 'replies'}`, 'dim'))
}

/** Name of an action's button on a message. */
export function buttonLabel(button: Json): string {
  return elementText(button.text) || (textAt(button, 'action_id') ?? '?')
}
