import type { BlockAction, ButtonAction, types, ViewSubmitAction } from '@slack/bolt'
import { askAgain } from '../../application/ask-again.ts'
import { askExactly } from '../../application/ask-exactly.ts'
import { askWorkspace, refuseStranger } from '../../application/ask-workspace.ts'
import { type Click, decideRequest, previewDecision } from '../../application/decide-request.ts'
import { type FoundHsms, lookupHsms } from '../../application/lookup-hsms.ts'
import { type RefusedClick, recordRefusedClick } from '../../application/refused-click.ts'
import { parseRequestId } from '../../domain/ids.ts'
import { isRefusal, type Refusal, refuse } from '../../domain/refusal.ts'
import { describeError } from '../../log.ts'
import { answerAsked } from './asked.ts'
import { explain } from './explain.ts'
import type { ListenerDeps } from './listeners.ts'
import { code } from './text.ts'
import { ACTIONS, parseCardBlockId, REASON_BLOCK, REASON_INPUT } from './views/actions.ts'
import type { Block } from './views/blocks.ts'
import { decidedText } from './views/decided.ts'
import { hsmsView } from './views/hsms.ts'
import { configModal, type RejectMemo, rejectModal } from './views/modals.ts'

/** Says something to the person who typed or clicked; `shared`: to the whole channel. */
export type Answer = (
  message: { readonly text: string; readonly blocks?: Block[] },
  audience?: 'private' | 'shared',
) => Promise<void>

/** How long a look-up may hold up a form: Slack's trigger is good for three seconds. */
export const PREVIEW_MS = 1_500

type ClickHandler = (body: BlockAction, action: ButtonAction, answer: Answer) => Promise<void>

/** Says why a click is refused, and records it: every refused click stands in the record, whichever button it was. */
async function turnDown(deps: ListenerDeps, click: RefusedClick, refusal: Refusal, answer: Answer): Promise<void> {
  await recordRefusedClick(deps, click, refusal)
  await answer({ text: explain(refusal) })
}

/** The buttons, by action id. */
export function clickHandlers(deps: ListenerDeps): Readonly<Record<string, ClickHandler>> {
  const unknownRequest = (body: BlockAction, action: ButtonAction, button: string, answer: Answer) =>
    turnDown(deps, { by: body.user.id, button }, refuse({ code: 'no-such-request', text: action.value ?? '' }), answer)
  const decide =
    (verdict: 'approve' | 'withdraw'): ClickHandler =>
    async (body, action, answer) => {
      const click = clickOf(body, action, verdict)
      if (!click) return unknownRequest(body, action, verdict, answer)
      const decided = await decideRequest(deps, click)
      await answer({ text: isRefusal(decided) ? explain(decided) : decidedText(decided, verdict) })
    }

  return {
    [ACTIONS.approve]: decide('approve'),
    [ACTIONS.withdraw]: decide('withdraw'),
    [ACTIONS.reject]: async (body, action, answer) => {
      const click = clickOf(body, action, 'reject')
      if (!click) return unknownRequest(body, action, 'reject', answer)
      // The form must open within three seconds: whoever Slack does not tell in time is refused when they send it.
      const preview = await Promise.race([previewDecision(deps, click), deps.clock.sleep(PREVIEW_MS)])
      if (preview && isRefusal(preview)) return answer({ text: explain(preview) })
      const request = preview ?? (await deps.store.load(click.request))?.request
      if (!request) return unknownRequest(body, action, 'reject', answer)
      const { kind: _, ...shown } = click.shown
      const memo = { request: click.request, ...shown, channel: body.channel?.id ?? '' }
      const instead = `Press *Reject…* again, or type ${code(`/hsm-requests ${request.id} reject <reason>`)}.`
      await open(deps, body, { view: rejectModal(request, memo), instead, answer })
    },
    [ACTIONS.viewConfig]: async (body, action, answer) => {
      const id = parseRequestId(action.value ?? '')
      const click = { by: body.user.id, button: 'view config', ...(id ? { request: id } : {}) }
      const stranger = await refuseStranger(deps, body.user.id)
      if (stranger) return turnDown(deps, click, stranger, answer)
      const stored = id && (await deps.store.load(id))
      if (!stored) return unknownRequest(body, action, click.button, answer)
      const instead = `Press *View config* again, or type ${code(`/hsm-requests ${stored.request.id}`)}, which shows it too.`
      await open(deps, body, { view: configModal(stored.request), instead, answer })
    },
    [ACTIONS.askAgain]: async (body, action, answer) => {
      const asked = await askAgain(deps, {
        request: action.value ?? '',
        by: body.user.id,
        channel: body.channel?.id ?? '',
      })
      await answerAsked(deps, asked, answer)
    },
    [ACTIONS.askExactly]: async (body, action, answer) => {
      const click = { request: action.value ?? '', by: body.user.id, channel: body.channel?.id ?? '' }
      await answerAsked(deps, await askExactly(deps, click), answer)
    },
    [ACTIONS.shareHsms]: async (body, action, answer) => {
      const shared = await shareable(deps, body, action)
      if (isRefusal(shared)) return turnDown(deps, { by: body.user.id, button: 'share HSMs' }, shared, answer)
      await answer(hsmsView(shared, 'shared'), 'shared')
    },
  }
}

/** Opens a form. Slack gives three seconds from the click, and where they are over says so in many words: what to do instead is the answer. */
async function open(
  deps: ListenerDeps,
  body: BlockAction,
  { view, instead, answer }: { readonly view: types.ModalView; readonly instead: string; readonly answer: Answer },
): Promise<void> {
  try {
    await deps.web.openView(body.trigger_id, view)
  } catch (error) {
    deps.log.warn({ error: describeError(error) }, 'a form could not be opened')
    await answer({ text: `Slack did not open the form. ${instead}` })
  }
}

/** The HSMs that somebody wants to share, if they may and the channel is one of ours. */
async function shareable(deps: ListenerDeps, body: BlockAction, action: ButtonAction): Promise<FoundHsms | Refusal> {
  const id = body.channel?.id ?? ''
  const channel = await askWorkspace(() => deps.workspace.channel(id))
  if (isRefusal(channel)) return channel
  // A channel the bot cannot see may be anybody's.
  if (!channel) return refuse({ code: 'bot-not-in-channel', channel: id })
  const stranger = await refuseStranger(deps, body.user.id)
  if (stranger) return stranger
  if (channel.isExternal) return refuse({ code: 'channel-shared', channel: channel.id })
  return lookupHsms(deps, action.value ?? '')
}

/** The reject form was sent: its reason, and what it was opened for. */
export async function rejectSubmitted(
  deps: ListenerDeps,
  body: ViewSubmitAction,
  { memo, answer }: { readonly memo: RejectMemo; readonly answer: Answer },
): Promise<void> {
  const request = parseRequestId(memo.request)
  const unknown = refuse({ code: 'no-such-request', text: memo.request })
  if (!request) return turnDown(deps, { by: body.user.id, button: 'reject' }, unknown, answer)
  const reason = body.view.state.values[REASON_BLOCK]?.[REASON_INPUT]?.value?.trim() ?? ''
  const shown = { kind: 'card', digest: memo.digest, ts: memo.ts } as const
  const decided = await decideRequest(deps, { by: body.user.id, request, shown, verdict: 'reject', reason })
  await answer({
    text: isRefusal(decided) ? explain(decided) : decidedText(decided, 'reject'),
  })
}

function clickOf(
  body: BlockAction,
  action: ButtonAction,
  verdict: Click['verdict'],
): (Click & { readonly shown: { readonly kind: 'card' } }) | undefined {
  const block = parseCardBlockId(action.block_id)
  const request = parseRequestId(action.value ?? '')
  if (!block || !request || block.request !== request) return undefined
  const ts = body.container.message_ts ?? ''
  const shown = { kind: 'card', digest: block.digest, ts: typeof ts === 'string' ? ts : '' } as const
  return { by: body.user.id, request, shown, verdict }
}
