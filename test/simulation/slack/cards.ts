import type { Message } from '../../../src/adapters/slack/views/blocks.ts'
import type { Channel, Posted } from './channel.ts'

/** A card as a person sees it: what its buttons would send. */
export interface Card {
  readonly ts: string
  readonly request: string
  readonly digest: string
  readonly buttons: readonly string[]
}

/** The cards that stand in the channel now, newest last. */
export function cardsIn(channel: Channel): readonly Card[] {
  return channel.posted.flatMap((posted) => (isCard(posted) && !posted.isDeleted ? (cardOf(posted) ?? []) : []))
}

export function isCard({ mark }: Posted): boolean {
  return mark?.slot === 'card'
}

function cardOf({ ts, mark, message }: Posted): Card | undefined {
  for (const block of message?.blocks ?? []) {
    if (block.type !== 'actions' || !block.block_id) continue
    const [, request = '', digest = ''] = block.block_id.split(':')
    const buttons = block.elements.flatMap((element) =>
      'action_id' in element && element.action_id ? [element.action_id] : [],
    )
    return { ts, request, digest, buttons }
  }
  return mark && { ts, request: mark.request, digest: '', buttons: [] }
}

/** All the words of a message. */
export function textOf(message: Message | undefined): string {
  if (!message) return ''
  return `${message.text}\n${JSON.stringify(message.blocks)}`
}
