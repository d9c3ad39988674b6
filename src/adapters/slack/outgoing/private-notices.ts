import type { RequestView } from '../../../application/list-requests.ts'
import type { Deps } from '../../../application/ports.ts'
import type { PostedMessage } from '../../../application/store.ts'
import type { RefusalFacts } from '../../../domain/refusal.ts'
import { isOfTheBot, problemOf, SlackProblem, type Web } from '../api/web.ts'
import { noticeView } from '../views/notice.ts'

/** Why nothing may, or can, be written to a route's channel. */
export type Obstacle = Extract<RefusalFacts['code'], 'channel-archived' | 'channel-shared' | 'bot-not-in-channel'>

/**
 * Looks before anything is written: another company may read there since the request was asked. Throws where Slack does
 * not tell.
 */
export async function obstacleIn(
  { workspace }: Pick<Deps, 'workspace'>,
  channel: string,
): Promise<Obstacle | undefined> {
  const facts = await workspace.channel(channel).catch((error: unknown) => {
    throw error instanceof Error ? problemOf(error.cause ?? error) : problemOf(error)
  })
  if (!facts) return 'bot-not-in-channel'
  if (facts.isExternal) return 'channel-shared'
  if (facts.isArchived) return 'channel-archived'
  return facts.botIsMember ? undefined : 'bot-not-in-channel'
}

interface Telling {
  readonly obstacle: Obstacle
  readonly posted: ReadonlyMap<string, PostedMessage>
  readonly keep: () => Promise<void>
}

/**
 * While the channel takes nothing, who asked and who decided hear of each new state in a direct message, once. Slack
 * has no way to find such a message again with our permissions: where its answer is lost it may come twice.
 */
export async function notifyPrivately(
  deps: Pick<Deps, 'store' | 'log'> & { readonly web: Web },
  { request }: RequestView,
  { obstacle, posted, keep }: Telling,
): Promise<void> {
  const message = noticeView(request, obstacle)
  for (const person of new Set([request.requestedBy, ...request.decisions.map(({ by }) => by)])) {
    const slot = `${PRIVATE}${person}:${request.state}`
    if (posted.has(slot)) continue
    await keep()
    try {
      await deps.web.post(person, message, {})
    } catch (error) {
      if (!(error instanceof SlackProblem) || error.code === 'unclear' || isOfTheBot(error)) throw error
      // A person whom Slack lets nobody write to: the others are told.
      deps.log.warn({ requestId: request.id, person, code: error.code }, 'a direct message was not taken')
    }
    await deps.store.savePosted(request.id, { slot, status: 'posted', hash: obstacle })
  }
}

/** Slots of direct messages: they stay when a card is gone. */
const PRIVATE = 'private:'
