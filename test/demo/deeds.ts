import { type Stage, until } from '../harness/stage.ts'
import { isJsonList, type Json, textAt } from '../simulator/json.ts'
import type { EphemeralRecord, MessageRecord } from '../simulator/slack/records.ts'
import { channels } from '../simulator/worlds.ts'
import type { Feed } from './feed.ts'
import type { Screen } from './screen.ts'
import { buttonLabel, confirmLines, deedLines, type Paper } from './telling.ts'

export interface Theatre {
  readonly stage: Stage
  readonly screen: Screen
  readonly feed: Feed
  readonly paper: Paper
  /** Buttons whose question has been shown: once is enough. */
  readonly confirmed: Set<string>
}

const ANSWER_MS = 15_000

/** Somebody types a slash command in the route's channel. Resolves when the bot's answer to it is there. */
export async function type(theatre: Theatre, user: string, command: string, text: string): Promise<void> {
  const { slack } = theatre.stage.simulator
  tell(theatre, user, 'types', `${command} ${text}`.trim())
  await answered(theatre, user, () => slack.command(user, channels.route, command, text))
}

/** Somebody clicks a button. Resolves when the bot's answer to it is there. */
export async function click(
  theatre: Theatre,
  user: string,
  message: MessageRecord | EphemeralRecord,
  action: string,
): Promise<void> {
  const { slack } = theatre.stage.simulator
  const button = buttonOf(message, action)
  if (!button) throw new Error(`there is no button ${action} on it (any more)`)
  tell(theatre, user, 'clicks', `[ ${buttonLabel(button)} ]`)
  if (!theatre.confirmed.has(action)) theatre.screen.show(confirmLines(button, theatre.paper))
  theatre.confirmed.add(action)
  await answered(theatre, user, () => slack.click(user, { channel: message.channel, ts: message.ts }, action))
}

/** Clicks Reject and fills in the form that opens. */
export async function reject(theatre: Theatre, user: string, card: MessageRecord, reason: string): Promise<void> {
  const { slack } = theatre.stage.simulator
  await click(theatre, user, card, 'reject')
  const view = slack.views(user).findLast(({ state }) => state === 'open')
  const input = (view && isJsonList(view.view.blocks) ? view.view.blocks : []).find(
    ({ type: kind }) => kind === 'input',
  )
  if (!view || !input) return // refused: the answer says why
  tell(theatre, user, 'writes', reason)
  const actionId = textAt(input.element, 'action_id') ?? ''
  await answered(theatre, user, () =>
    slack.submitView(user, view, { [String(input.block_id)]: { [actionId]: reason } }),
  )
}

export function buttonOf(message: { readonly blocks: readonly Json[] }, action: string): Json | undefined {
  return message.blocks
    .flatMap((block) => (block.type === 'actions' && isJsonList(block.elements) ? block.elements : []))
    .find((element) => element.action_id === action)
}

function tell({ screen, paper, feed }: Theatre, user: string, deed: string, shown: string): void {
  feed.catchUp()
  screen.show(deedLines(paper.names.user(user), deed, shown, paper))
}

/** Does it, and waits for an answer beyond the ack: a private one, a message in the channel or a window. */
async function answered(theatre: Theatre, user: string, work: () => Promise<unknown>): Promise<void> {
  const { slack } = theatre.stage.simulator
  const answers = () =>
    slack.ephemerals(user).filter(({ source }) => source !== 'ack').length +
    slack.views(user).length +
    slack.messages(channels.route).length
  const before = answers()
  await work()
  await until(() => (answers() > before ? true : undefined), 'the answer of the bot', ANSWER_MS)
  theatre.feed.catchUp()
}
