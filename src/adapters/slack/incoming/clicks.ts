import type { types } from '@slack/bolt'
import { askAgain } from '../../../application/ask-again.ts'
import { askExactly } from '../../../application/ask-exactly.ts'
import { askWorkspace, refuseStranger } from '../../../application/ask-workspace.ts'
import { type Click as Decision, decideRequest, previewDecision } from '../../../application/decide-request.ts'
import { type FoundHsms, lookupHsms } from '../../../application/lookup-hsms.ts'
import { type RefusedClick, recordRefusedClick } from '../../../application/refused-click.ts'
import { resumeWatch } from '../../../application/resume-watch.ts'
import { parseRequestId } from '../../../domain/ids.ts'
import { isRefusal, type Refusal, refuse } from '../../../domain/refusal.ts'
import { describeError } from '../../../log.ts'
import { ACTIONS, parseCardBlockId, REASON_BLOCK } from '../views/actions.ts'
import { decidedText } from '../views/decided.ts'
import { explain } from '../views/explain.ts'
import { hsmsView } from '../views/hsms.ts'
import { configModal, type RejectMemo, rejectModal } from '../views/modals.ts'
import { code } from '../views/text.ts'
import { type Answer, answerRequest, type ListenerDeps, PREVIEW_MS } from './answer.ts'
import type { Click, Form } from './deliveries.ts'
import type { Work } from './inbox.ts'

type ClickHandler = (click: Click, answer: Answer, how: Work) => Promise<void>

/** Says why a click is refused, and records it: every refused click stands in the record, whichever button it was. */
async function turnDown(deps: ListenerDeps, click: RefusedClick, refusal: Refusal, answer: Answer): Promise<void> {
  await recordRefusedClick(deps, click, refusal)
  await answer({ text: explain(refusal) })
}

/** The buttons, by action id. */
export function clickHandlers(deps: ListenerDeps): Readonly<Record<string, ClickHandler>> {
  const unknownRequest = ({ user, value }: Click, button: string, answer: Answer) =>
    turnDown(deps, { by: user, button }, refuse({ code: 'no-such-request', text: value }), answer)
  const decide =
    (verdict: 'approve' | 'withdraw'): ClickHandler =>
    async (click, answer, how) => {
      const decision = decisionOf(click, verdict)
      if (!decision) return unknownRequest(click, verdict, answer)
      const decided = await decideRequest(deps, { ...decision, delivery: how })
      await answer({ text: isRefusal(decided) ? explain(decided) : decidedText(decided, verdict) })
    }

  return {
    [ACTIONS.approve]: decide('approve'),
    [ACTIONS.withdraw]: decide('withdraw'),
    [ACTIONS.reject]: async (click, answer) => {
      const decision = decisionOf(click, 'reject')
      if (!decision) return unknownRequest(click, 'reject', answer)
      // The form must open within three seconds: whoever Slack does not tell in time is refused when they send it.
      const preview = await Promise.race([previewDecision(deps, decision), deps.clock.sleep(PREVIEW_MS)])
      if (preview && isRefusal(preview)) return answer({ text: explain(preview) })
      const request = preview ?? (await deps.store.load(decision.request))?.request
      if (!request) return unknownRequest(click, 'reject', answer)
      const { kind: _, ...shown } = decision.shown
      const memo = { request: decision.request, ...shown, channel: click.channel }
      const instead = `Press *Reject…* again, or type ${code(`/hsm-requests ${request.id} reject <reason>`)}.`
      await open(deps, click, { view: rejectModal(request, memo), instead, answer })
    },
    [ACTIONS.viewConfig]: async (click, answer) => {
      const id = parseRequestId(click.value)
      const about = { by: click.user, button: 'view config', ...(id ? { request: id } : {}) }
      const stranger = await refuseStranger(deps, click.user)
      if (stranger) return turnDown(deps, about, stranger, answer)
      const stored = id && (await deps.store.load(id))
      if (!stored) return unknownRequest(click, about.button, answer)
      const instead = `Press *View config* again, or type ${code(`/hsm-requests ${stored.request.id}`)}, which shows it too.`
      await open(deps, click, { view: configModal(stored.request), instead, answer })
    },
    [ACTIONS.askAgain]: async ({ value: request, user: by, channel }, answer, delivery) => {
      await answerRequest(deps, await askAgain(deps, { request, by, channel, delivery }), answer)
    },
    [ACTIONS.askExactly]: async ({ value: request, user: by, channel }, answer, delivery) => {
      await answerRequest(deps, await askExactly(deps, { request, by, channel, delivery }), answer)
    },
    [ACTIONS.watchAgain]: async ({ value: route, user: by }, answer) => {
      const resumed = await resumeWatch(deps, { by, route })
      await answer({
        text: isRefusal(resumed)
          ? explain(resumed)
          : `The watch looks at ${code(resumed.destination.alias)} again, as soon as nothing else has it and nothing is frozen, and no other watch of its bastion waits for a person.`,
      })
    },
    [ACTIONS.shareHsms]: async (click, answer) => {
      const shared = await shareable(deps, click)
      if (isRefusal(shared)) return turnDown(deps, { by: click.user, button: 'share HSMs' }, shared, answer)
      await answer(hsmsView(shared, 'shared'), 'shared')
    },
  }
}

/**
 * Opens a form. Slack gives three seconds from the click, and where they are over says so in many words: what to do
 * instead is the answer.
 */
async function open(
  deps: ListenerDeps,
  { trigger }: Click,
  { view, instead, answer }: { readonly view: types.ModalView; readonly instead: string; readonly answer: Answer },
): Promise<void> {
  try {
    await deps.web.openView(trigger, view)
  } catch (error) {
    deps.log.warn({ error: describeError(error) }, 'a form could not be opened')
    await answer({ text: `Slack did not open the form. ${instead}` })
  }
}

/** The HSMs that somebody wants to share, if they may and the channel is one of ours. */
async function shareable(deps: ListenerDeps, { user, value, channel: id }: Click): Promise<FoundHsms | Refusal> {
  const channel = await askWorkspace(() => deps.workspace.channel(id))
  if (isRefusal(channel)) return channel
  // A channel the bot cannot see may be anybody's.
  if (!channel) return refuse({ code: 'bot-not-in-channel', channel: id })
  const stranger = await refuseStranger(deps, user)
  if (stranger) return stranger
  if (channel.isExternal) return refuse({ code: 'channel-shared', channel: channel.id })
  return lookupHsms(deps, value)
}

/** The reject form was sent: its reason, and what it was opened for. */
export async function rejectSubmitted(
  deps: ListenerDeps,
  { user: by, fields }: Form,
  { memo, answer, how }: { readonly memo: RejectMemo; readonly answer: Answer; readonly how: Work },
): Promise<void> {
  const request = parseRequestId(memo.request)
  const unknown = refuse({ code: 'no-such-request', text: memo.request })
  if (!request) return turnDown(deps, { by, button: 'reject' }, unknown, answer)
  const reason = fields[REASON_BLOCK]?.trim() ?? ''
  const shown = { kind: 'card', digest: memo.digest, ts: memo.ts } as const
  const decided = await decideRequest(deps, { by, request, shown, verdict: 'reject', reason, delivery: how })
  await answer({
    text: isRefusal(decided) ? explain(decided) : decidedText(decided, 'reject'),
  })
}

function decisionOf(
  { user: by, value, block: clicked, ts }: Click,
  verdict: Decision['verdict'],
): (Decision & { readonly shown: { readonly kind: 'card' } }) | undefined {
  const block = parseCardBlockId(clicked)
  const request = parseRequestId(value)
  if (!block || !request || block.request !== request) return undefined
  return { by, request, shown: { kind: 'card', digest: block.digest, ts }, verdict }
}
