import type { BlockAction, ButtonAction, ViewSubmitAction } from '@slack/bolt'
import { askAgain } from '../../application/ask-again.ts'
import { askWorkspace, refuseStranger } from '../../application/ask-workspace.ts'
import { type Click, decideRequest, previewDecision } from '../../application/decide-request.ts'
import { lookupHsms } from '../../application/lookup-hsms.ts'
import { parseRequestId } from '../../domain/ids.ts'
import { isRefusal, refuse } from '../../domain/refusal.ts'
import { approvalsOf, type Request } from '../../domain/request.ts'
import { answerAsked } from './asked.ts'
import { explain } from './explain.ts'
import type { ListenerDeps } from './listeners.ts'
import { code } from './text.ts'
import { ACTIONS, parseCardBlockId, REASON_BLOCK, REASON_INPUT } from './views/actions.ts'
import type { Block } from './views/blocks.ts'
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

/** The buttons, by action id. */
export function clickHandlers(deps: ListenerDeps): Readonly<Record<string, ClickHandler>> {
  const decide =
    (verdict: 'approve' | 'withdraw'): ClickHandler =>
    async (body, action, answer) => {
      const click = clickOf(body, action, verdict)
      if (!click) return answer({ text: explain(refuse({ code: 'no-such-request', text: action.value ?? '' })) })
      const decided = await decideRequest(deps, click)
      await answer({ text: isRefusal(decided) ? explain(decided) : thanks(decided, verdict) })
    }

  return {
    [ACTIONS.approve]: decide('approve'),
    [ACTIONS.withdraw]: decide('withdraw'),
    [ACTIONS.reject]: async (body, action, answer) => {
      const click = clickOf(body, action, 'reject')
      if (!click) return answer({ text: explain(refuse({ code: 'no-such-request', text: action.value ?? '' })) })
      // The form must open within three seconds: whoever Slack does not tell in time is refused when they send it.
      const preview = await Promise.race([previewDecision(deps, click), deps.clock.sleep(PREVIEW_MS)])
      if (preview && isRefusal(preview)) return answer({ text: explain(preview) })
      const request = preview ?? (await deps.store.load(click.request))?.request
      if (!request) return answer({ text: explain(refuse({ code: 'no-such-request', text: click.request })) })
      const memo = {
        request: click.request,
        digest: click.shown.digest,
        ts: click.shown.ts,
        channel: body.channel?.id ?? '',
      }
      await deps.web.openView(body.trigger_id, rejectModal(request, memo))
    },
    [ACTIONS.viewConfig]: async (body, action, answer) => {
      const stranger = await refuseStranger(deps, body.user.id)
      if (stranger) return answer({ text: explain(stranger) })
      const id = parseRequestId(action.value ?? '')
      const stored = id && (await deps.store.load(id))
      if (!stored) return answer({ text: explain(refuse({ code: 'no-such-request', text: action.value ?? '' })) })
      await deps.web.openView(body.trigger_id, configModal(stored.request))
    },
    [ACTIONS.askAgain]: async (body, action, answer) => {
      const asked = await askAgain(deps, {
        request: action.value ?? '',
        by: body.user.id,
        channel: body.channel?.id ?? '',
      })
      await answerAsked(deps, asked, answer)
    },
    [ACTIONS.shareHsms]: async (body, action, answer) => {
      const channel = await askWorkspace(() => deps.workspace.channel(body.channel?.id ?? ''))
      if (isRefusal(channel)) return answer({ text: explain(channel) })
      // A channel the bot cannot see may be anybody's.
      if (!channel)
        return answer({ text: explain(refuse({ code: 'bot-not-in-channel', channel: body.channel?.id ?? '' })) })
      const stranger = await refuseStranger(deps, body.user.id)
      if (stranger) return answer({ text: explain(stranger) })
      if (channel.isExternal) return answer({ text: explain(refuse({ code: 'channel-shared', channel: channel.id })) })
      const found = await lookupHsms(deps, action.value ?? '')
      if (isRefusal(found)) return answer({ text: explain(found) })
      await answer(hsmsView(found, 'shared'), 'shared')
    },
  }
}

/** The reject form was sent: its reason, and what it was opened for. */
export async function rejectSubmitted(
  deps: ListenerDeps,
  body: ViewSubmitAction,
  { memo, answer }: { readonly memo: RejectMemo; readonly answer: Answer },
): Promise<void> {
  const request = parseRequestId(memo.request)
  if (!request) return answer({ text: explain(refuse({ code: 'no-such-request', text: memo.request })) })
  const reason = body.view.state.values[REASON_BLOCK]?.[REASON_INPUT]?.value?.trim() ?? ''
  const shown = { digest: memo.digest, ts: memo.ts }
  const decided = await decideRequest(deps, { by: body.user.id, request, shown, verdict: 'reject', reason })
  await answer({
    text: isRefusal(decided) ? explain(decided) : `You rejected request ${code(decided.id)}. Nothing will run.`,
  })
}

function clickOf(body: BlockAction, action: ButtonAction, verdict: Click['verdict']): Click | undefined {
  const block = parseCardBlockId(action.block_id)
  const request = parseRequestId(action.value ?? '')
  if (!block || !request || block.request !== request) return undefined
  const ts = body.container.message_ts ?? ''
  return { by: body.user.id, request, shown: { digest: block.digest, ts: typeof ts === 'string' ? ts : '' }, verdict }
}

function thanks(request: Request, verdict: 'approve' | 'withdraw'): string {
  if (verdict === 'approve') {
    const approvals = approvalsOf(request).length
    const next = request.state === 'pending' ? '' : ' It runs now, after one more check.'
    return `Your approval of ${code(request.id)} counts: ${approvals} of ${request.rule.required}.${next}`
  }
  if (request.state === 'running')
    return `Request ${code(request.id)} stops after the current batch. The thread will say exactly what was done.`
  return `Request ${code(request.id)} is withdrawn. Nothing has run.`
}
