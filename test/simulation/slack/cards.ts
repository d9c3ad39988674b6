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
  const buttons = buttonsOf({ message })
  const [first] = buttons
  if (first) {
    const [, request = '', digest = ''] = first.block.split(':')
    return { ts, request, digest, buttons: buttons.map(({ action }) => action) }
  }
  return mark && { ts, request: mark.request, digest: '', buttons: [] }
}

export interface Button {
  readonly action: string
  readonly value: string
  /** The id of the block it stands in. */
  readonly block: string
}

/** What can be pressed in a message. */
export function buttonsOf({ message }: Pick<Posted, 'message'>): readonly Button[] {
  return (message?.blocks ?? []).flatMap((block) => {
    if (block.type !== 'actions') return []
    return block.elements.flatMap((element) =>
      'action_id' in element && element.action_id
        ? [
            {
              action: element.action_id,
              value: ('value' in element && element.value) || '',
              block: block.block_id ?? '',
            },
          ]
        : [],
    )
  })
}

/** All the words of a message. */
export function textOf(message: Message | undefined): string {
  if (!message) return ''
  return `${message.text}\n${JSON.stringify(message.blocks)}`
}
