import type { App, BlockAction, ButtonAction, SlashCommand, types, ViewSubmitAction } from '@slack/bolt'
import type { Deps } from '../../application/ports.ts'
import { sha256 } from '../../domain/digest.ts'
import { describeError } from '../../log.ts'
import { limited } from '../limited.ts'
import { type Answer, clickHandlers, rejectSubmitted } from './clicks.ts'
import { commandHandlers } from './commands.ts'
import { formSubmitted, readForm } from './sync-form.ts'
import type { Tasks } from './tasks.ts'
import { plain } from './text.ts'
import { REJECT_VIEW, SYNC_VIEW } from './views/actions.ts'
import { withinLimits } from './views/blocks.ts'
import { parseMemo } from './views/modals.ts'
import type { Web } from './web.ts'

export interface ListenerDeps extends Deps {
  readonly web: Web
  readonly tasks: Tasks
}

const ANSWER_MS = 10_000

type Respond = (message: {
  text: string
  blocks?: types.KnownBlock[]
  response_type: 'ephemeral' | 'in_channel'
  replace_original: false
}) => Promise<unknown>

/**
 * Everything people type and click. Each listener answers Slack first and works afterwards; each delivery works once, however often it is delivered; and nothing
 * ends in silence. One listener per kind: Bolt would run every one that matches.
 */
export function addListeners(app: App, deps: ListenerDeps): void {
  const commands = commandHandlers(deps)
  const clicks = clickHandlers(deps)

  app.command(/^\/.*/, async ({ ack, command, context, respond }) => {
    const handler = commands[command.command]
    const first = handler?.first(command)
    await (first ? ack({ response_type: 'ephemeral', text: first }) : ack())
    background(
      deps,
      { key: commandKey(command), sentAt: context.sentAt },
      answerTo(deps, respond, command.channel_id, command.user_id),
      async (answer) => {
        if (!handler)
          return answer({ text: `I do not know the command ${plain(command.command)}. /hsm-help lists mine.` })
        await handler.work(command, answer)
      },
    )
  })

  app.action<BlockAction<ButtonAction>>({ type: 'block_actions' }, async ({ ack, action, body, context, respond }) => {
    await ack()
    const channel = body.channel?.id ?? ''
    background(
      deps,
      { key: clickKey(body, action), sentAt: context.sentAt },
      answerTo(deps, respond, channel, body.user.id),
      async (answer) => {
        const handler = clicks[action.action_id]
        if (!handler)
          return answer({ text: 'I do not know this button (any more). /hsm-requests shows where things stand.' })
        await handler(body, action, answer)
      },
    )
  })

  app.view<ViewSubmitAction>(/.*/, async ({ ack, body, context, view }) => {
    const form = view.callback_id === SYNC_VIEW ? readForm(deps.landscape, view, deps.clock.now()) : undefined
    // The form stays open, and says it at the fields.
    if (form && 'problems' in form) return ack({ response_action: 'errors', errors: form.problems })
    await ack()
    const delivery = { key: `view:${view.id}:${view.hash}`, sentAt: context.sentAt }
    const by = body.user.id
    if (form) {
      const { channel, respondTo } = form.memo
      background(deps, delivery, answerTo(deps, respondAt(respondTo), channel, by), (answer) =>
        formSubmitted(deps, form.words, { by, channel, answer }),
      )
      return
    }
    const memo = parseMemo(view.private_metadata)
    background(deps, delivery, answerTo(deps, undefined, memo?.channel ?? '', by), async (answer) => {
      if (view.callback_id === REJECT_VIEW && memo) await rejectSubmitted(deps, body, { memo, answer })
    })
  })

  app.error(async (error) => {
    deps.log.error({ error: describeError(error) }, 'a Slack delivery failed')
  })
}

interface Delivery {
  /** Names this delivery among all. */
  readonly key: string
  /** When Slack signed it, in epoch milliseconds; unknown in Socket Mode. */
  readonly sentAt: unknown
}

/** Slack's own tolerance for the past; a clock that is further ahead is not Slack's. */
const FUTURE_MS = 5 * 60_000

/** Works after the ack. What goes wrong is said to the person, without details that may be secret, and logged. */
function background(
  deps: ListenerDeps,
  delivery: Delivery,
  answer: Answer,
  work: (answer: Answer) => Promise<void>,
): void {
  deps.tasks.run(async () => {
    const { key, sentAt } = delivery
    if (typeof sentAt === 'number' && sentAt > deps.clock.now() + FUTURE_MS) {
      deps.log.warn({ key }, 'a delivery from the future: ignored')
      return
    }
    try {
      if (!(await deps.store.firstSeen(key, deps.clock.now()))) {
        deps.log.warn({ key }, 'the same delivery came again: ignored')
        return
      }
      await work(answer)
    } catch (error) {
      deps.log.error({ error: describeError(error) }, 'could not finish what somebody asked for')
      await answer({
        text: 'Something in me broke before I could finish. Nothing is half done that I do not remember: `/hsm-requests` shows what is stored. My log says more.',
      })
    }
  })
}

/** Answers privately: over the response URL, else as an ephemeral message. */
function answerTo(deps: ListenerDeps, respond: Respond | undefined, channel: string, user: string): Answer {
  return async (message, audience = 'private') => {
    const { text, blocks } = withinLimits({ text: message.text, blocks: message.blocks ?? [] })
    try {
      if (!respond) throw new Error('no response URL')
      await limited(
        ANSWER_MS,
        respond({
          text,
          ...(blocks.length > 0 ? { blocks } : {}),
          response_type: audience === 'shared' ? 'in_channel' : 'ephemeral',
          replace_original: false,
        }),
      )
    } catch (error) {
      if (respond) deps.log.warn({ error: describeError(error) }, 'the response URL did not take the answer')
      if (channel === '') return
      await deps.web
        .whisper(channel, user, text)
        .catch((second) => deps.log.error({ error: describeError(second), user }, 'a person got no answer'))
    }
  }
}

/** The response URL of the command that opened a form: good for five answers within 30 minutes (Slack, handling user interaction). */
function respondAt(url: string): Respond {
  return async (message) => {
    const sent = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    if (!sent.ok) throw new Error(`the response URL answered ${sent.status}`)
  }
}

function commandKey(command: SlashCommand): string {
  return `command:${sha256(`${command.trigger_id}|${command.user_id}|${command.command}|${command.text}`)}`
}

/** Slack gives a click no id: message, button, person and moment name it (facts, section 2.5). */
function clickKey(body: BlockAction, action: ButtonAction): string {
  return `click:${body.container.message_ts ?? body.container.view_id}:${action.action_id}:${body.user.id}:${action.action_ts}`
}
