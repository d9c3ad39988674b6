import type { App, BlockAction, ButtonAction, StaticSelectAction, types, ViewSubmitAction } from '@slack/bolt'
import { describeError } from '../../../log.ts'
import { limited } from '../../limited.ts'
import { ACTIONS, REJECT_VIEW, SYNC_SHORTCUT, SYNC_VIEW } from '../views/actions.ts'
import { withinLimits } from '../views/blocks.ts'
import { parseMemo } from '../views/modals.ts'
import { parseFormMemo } from '../views/sync-form.ts'
import { plain } from '../views/text.ts'
import type { Answer, ListenerDeps } from './answer.ts'
import { clickHandlers, rejectSubmitted } from './clicks.ts'
import { commandHandlers } from './commands.ts'
import { type Delivery, type Form, fromClick, fromCommand, fromForm, fromShortcut } from './deliveries.ts'
import { type Inbox, openInbox, type Work } from './inbox.ts'
import { formSubmitted, readForm, routeChosen } from './sync-form.ts'

const ANSWER_MS = 10_000
/** Slack's own tolerance for the past; a clock that is further ahead is not Slack's. */
const FUTURE_MS = 5 * 60_000

/**
 * Everything people type and click. Each listener keeps the delivery, answers Slack, and works afterwards; each
 * delivery works once, however often it is delivered; and nothing ends in silence. One listener per kind: Bolt would
 * run every one that matches.
 */
export function addListeners(app: App, deps: ListenerDeps): Inbox {
  const commands = commandHandlers(deps)
  const clicks = clickHandlers(deps)

  const work = async (delivery: Delivery, how: Work): Promise<void> => {
    const answer = answerTo(deps, delivery)
    if (delivery.kind === 'command') {
      const handler = commands[delivery.command]
      if (!handler)
        return answer({ text: `I do not know the command ${plain(delivery.command)}. /hsm-help lists mine.` })
      return handler.work(delivery, answer, how)
    }
    if (delivery.kind === 'click') {
      const handler = clicks[delivery.button]
      if (!handler)
        return answer({ text: 'I do not know this button (any more). /hsm-requests shows where things stand.' })
      return handler(delivery, answer, how)
    }
    return workOnForm(deps, delivery, { answer, how })
  }
  const inbox = openInbox(deps, { work, say: (delivery, text) => answerTo(deps, delivery)({ text }) })

  /** `sentAt`: when Slack signed it, in epoch milliseconds; unknown in Socket Mode. */
  const isFromTheFuture = (key: string, sentAt: unknown): boolean => {
    if (typeof sentAt !== 'number' || sentAt <= deps.clock.now() + FUTURE_MS) return false
    deps.log.warn({ key }, 'a delivery from the future: ignored')
    return true
  }

  app.command(/^\/.*/, async ({ ack, command, context }) => {
    const received = fromCommand(command)
    if (isFromTheFuture(received.key, context.sentAt)) return ack()
    const first = commands[command.command]?.first(received.delivery)
    await inbox.receive(received, () => (first ? ack({ response_type: 'ephemeral', text: first }) : ack()))
  })

  app.action<BlockAction<ButtonAction | StaticSelectAction>>(
    { type: 'block_actions' },
    async ({ ack, action, body, context }) => {
      const received = fromClick(body, action)
      if (isFromTheFuture(received.key, context.sentAt)) return ack()
      // It only shows something in an open form: nothing of it is owed to anybody after a restart.
      if (action.action_id === ACTIONS.chooseRoute) {
        deps.tasks.run(() => routeChosen(deps, received.delivery))
        return ack()
      }
      await inbox.receive(received, () => ack())
    },
  )

  app.shortcut(SYNC_SHORTCUT, async ({ ack, shortcut, context }) => {
    if (shortcut.type !== 'shortcut') return ack()
    const received = fromShortcut(shortcut)
    if (isFromTheFuture(received.key, context.sentAt)) return ack()
    await inbox.receive(received, () => ack())
  })

  app.view<ViewSubmitAction>(/.*/, async ({ ack, body, context }) => {
    const received = fromForm(body)
    if (isFromTheFuture(received.key, context.sentAt)) return ack()
    const { delivery } = received
    const form = delivery.form === SYNC_VIEW ? readForm(deps.landscape, delivery, deps.clock.now()) : undefined
    // The form stays open, and says it at the fields.
    if (form && 'problems' in form) return ack({ response_action: 'errors', errors: form.problems })
    await inbox.receive(received, () => ack())
  })

  // Nothing is lost where it is not stored: opening it again shows it.
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') deps.homes.opened(event.user)
  })

  app.error(async (error) => {
    deps.log.error({ error: describeError(error) }, 'a Slack delivery failed')
  })
  return inbox
}

async function workOnForm(
  deps: ListenerDeps,
  delivery: Form,
  { answer, how }: { readonly answer: Answer; readonly how: Work },
): Promise<void> {
  if (delivery.form === REJECT_VIEW) {
    const memo = parseMemo(delivery.memo)
    if (memo) await rejectSubmitted(deps, delivery, { memo, answer, how })
  }
  if (delivery.form !== SYNC_VIEW) return
  const form = readForm(deps.landscape, delivery, how.receivedAt)
  // It was right when it was sent: the settings have changed since.
  if ('problems' in form) return answer({ text: Object.values(form.problems).join('\n') })
  await formSubmitted(deps, form.words, { by: delivery.user, channel: form.memo.channel, answer, how })
}

/** Answers privately: over the response URL, else as an ephemeral message; where it came from no channel, directly. */
function answerTo(deps: ListenerDeps, delivery: Delivery): Answer {
  const { channel, respondTo: url } = placeOf(delivery)
  const respondTo = url || undefined
  return async (message, audience = 'private') => {
    const { text, blocks } = withinLimits({ text: message.text, blocks: message.blocks ?? [] })
    try {
      if (respondTo === undefined) throw new Error('no response URL')
      await limited(
        ANSWER_MS,
        respondAt(deps.network, respondTo, {
          text,
          ...(blocks.length > 0 ? { blocks } : {}),
          response_type: audience === 'shared' ? 'in_channel' : 'ephemeral',
          replace_original: false,
        }),
      )
    } catch (error) {
      if (respondTo !== undefined)
        deps.log.warn({ error: describeError(error) }, 'the response URL did not take the answer')
      const { user } = delivery
      const said = channel === '' ? deps.web.post(user, { text, blocks }, {}) : deps.web.whisper(channel, user, text)
      await said.catch((second: unknown) =>
        deps.log.error({ error: describeError(second), user }, 'a person got no answer'),
      )
    }
  }
}

/** A form has no response URL of its own: the one of the command that opened it is good for as long. */
function placeOf(delivery: Delivery): { readonly channel: string; readonly respondTo?: string | undefined } {
  if (delivery.kind !== 'form') return delivery
  return parseFormMemo(delivery.memo) ?? { channel: parseMemo(delivery.memo)?.channel ?? '' }
}

async function respondAt(
  { fetch }: ListenerDeps['network'],
  url: string,
  message: {
    text: string
    blocks?: types.KnownBlock[]
    response_type: 'ephemeral' | 'in_channel'
    replace_original: false
  },
): Promise<void> {
  const sent = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  if (!sent.ok) throw new Error(`the response URL answered ${sent.status}`)
}
