import { isDeepStrictEqual } from 'node:util'
import { type Message, withinLimits } from '../../src/adapters/slack/views/blocks.ts'
import { threadOf } from '../../src/adapters/slack/views/thread.ts'
import type { RequestView } from '../../src/application/list-requests.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { shownState } from './soak-people.ts'

/**
 * What Slack shows of one request against what is stored: every message there, there once, and as it should be. Answers
 * every difference.
 */
export function shownDifferences(
  view: RequestView,
  transcript: string | undefined,
  all: readonly MessageRecord[],
): string[] {
  const { request } = view
  const problems: string[] = []
  const say = (problem: string) => problems.push(`${request.id} (${request.state}): ${problem}`)
  const cards = all.filter((message) => markOf(message)?.request === request.id && markOf(message)?.slot === 'card')
  const [card] = cards
  if (!card || cards.length > 1) return [`${request.id} (${request.state}): ${cards.length} cards`]
  if (shownState(card) !== request.state) say(`the card says: ${card.text}`)

  const thread = card.thread.filter((reply) => !reply.deleted)
  const shown = [card, ...thread].map((message) => ({
    message,
    slot: markOf(message)?.slot ?? message.files[0]?.name ?? 'unmarked',
  }))
  const picture = threadOf(view, transcript)
  // Where Slack took no upload a file stands there as text, in chunks that are slots of their own.
  const chunksOf = (slot: string) => shown.map((one) => one.slot).filter((one) => one.startsWith(`${slot}:`))
  const names = picture.flatMap((slot) => {
    if (slot.kind === 'message') return [slot.slot]
    const isUploaded = shown.some((one) => one.slot === slot.file.name)
    return isUploaded || chunksOf(slot.slot).length === 0 ? [slot.file.name] : chunksOf(slot.slot)
  })
  for (const slot of new Set([...names, ...shown.map((one) => one.slot)])) {
    const times = shown.filter((one) => one.slot === slot).length
    if (times > 1) say(`${slot} stands there ${times} times`)
    if (times === 0) say(`${slot} is missing`)
    if (!names.includes(slot)) say(`${slot} does not belong there`)
  }
  for (const slot of picture) {
    if (slot.kind === 'message') {
      const found = shown.find((one) => one.slot === slot.slot)
      if (found && !formsOf(slot.message).some((form) => isSame(found.message, form)))
        say(`${slot.slot} shows something else`)
    } else {
      const found = shown.find((one) => one.slot === slot.file.name)
      if (found && found.message.files[0]?.content !== slot.file.content) say(`${slot.slot} holds something else`)
    }
  }
  const ends = shown.filter(({ slot }) => slot === 'result' || slot === 'end').length
  const isOver = !['pending', 'approved', 'running'].includes(request.state)
  if (ends !== (isOver ? 1 : 0)) say(`${ends} results`)
  return problems
}

/** A workspace may refuse the newest blocks, also by a fault of the moment. */
function formsOf({ text, blocks, newest = blocks }: Message): readonly Message[] {
  return [withinLimits({ text, blocks: newest }), withinLimits({ text, blocks })]
}

function isSame(shown: MessageRecord, wanted: Message): boolean {
  // Slack (and the simulator) adds block ids.
  const plain = (blocks: unknown) =>
    JSON.parse(JSON.stringify(blocks), (key, value: unknown) => (key === 'block_id' ? undefined : value))
  return shown.text === wanted.text && isDeepStrictEqual(plain(shown.blocks), plain(wanted.blocks))
}

function markOf({ metadata }: MessageRecord): { request: string; slot: string } | undefined {
  const payload = metadata?.event_payload
  if (typeof payload !== 'object' || payload === null || !('slot' in payload) || !('request' in payload))
    return undefined
  return { request: String(payload.request), slot: String(payload.slot) }
}
