import type { RequestView } from '../../../application/list-requests.ts'
import type { Deps } from '../../../application/ports.ts'
import type { PostedMessage } from '../../../application/store.ts'
import { canonicalJson, sha256 } from '../../../domain/digest.ts'
import type { RequestId } from '../../../domain/ids.ts'
import { isOfEverything, SlackProblem, type Web } from '../api/web.ts'
import { asText, type Message, withinLimits } from '../views/blocks.ts'
import { inChunks } from '../views/file-chunks.ts'
import { CARD, type ThreadMessage } from '../views/thread.ts'

export interface PaintDeps
  extends Pick<Deps, 'store' | 'engines' | 'clock' | 'log' | 'holder' | 'workspace' | 'warnOnce'> {
  readonly web: Web
}

/** Longer than any single call to Slack takes (an upload: 15 s); it is taken anew before each. */
const PAINT_LEASE_MS = 30_000
/** Slack's words for "this message can no longer be changed". */
const GONE: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed'])
/** Slack's words for "there is no such thread": the card that it hung on is gone. */
const NO_THREAD: ReadonlySet<string> = new Set(['thread_not_found', 'invalid_thread_ts'])
/** Slack's words for "not in this form". */
const NOT_SO: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
])

/** Somebody deleted the card, and the thread with it. */
export class CardGone extends Error {}

export interface MessageContext {
  readonly slot: ThreadMessage
  readonly root: string | undefined
  readonly posted: ReadonlyMap<string, PostedMessage>
  readonly known: PostedMessage | undefined
}

interface Shown {
  readonly ts: string | undefined
  /** Slack took something; `false`: it was shown already. */
  readonly isNew: boolean
}

/** Brings one slot up to date. Intent before effect: what was being posted when a process died is looked for first. Throws SlackProblem, or CardGone. */
export async function show(deps: PaintDeps, view: RequestView, context: MessageContext): Promise<Shown> {
  const { slot, root, known } = context
  const { id, channel, requestedAt } = view.request
  const hash = sha256(canonicalJson(slot.kind === 'message' ? slot.message : slot.file))
  const mark = { request: id, slot: slot.slot }
  const keep = () => keepPaint(deps, id)
  const save = (status: PostedMessage['status'], ts?: string) =>
    deps.store.savePosted(id, { slot: slot.slot, status, hash, ...(ts === undefined ? {} : { ts }) })

  let ts = known?.ts
  if (known?.status === 'posted' && (known.hash === hash || slot.kind === 'file')) return { ts, isNew: false }
  if (known?.status === 'posting') {
    const where = { channel, since: requestedAt, ...(root === undefined ? {} : { threadTs: root }) }
    ts = await asThread(deps.web.find(where, slot.kind === 'file' ? { file: slot.file.name } : mark, keep))
    if (ts !== undefined && slot.kind === 'file') {
      await save('posted', ts)
      return { ts, isNew: true }
    }
  }
  if (ts !== undefined && slot.kind === 'message') {
    const at = ts
    await keep()
    if (await isUpdated(deps, slot, (message) => deps.web.update(channel, at, message, mark))) {
      await save('posted', ts)
      return { ts, isNew: true }
    }
    deps.log.warn({ requestId: id, slot: slot.slot }, 'the message is gone: posting it again')
    if (slot.slot === CARD) throw new CardGone()
  }
  await save('posting')
  await keep()
  const at =
    slot.kind === 'message'
      ? await asThread(
          inAnyForm(deps, slot, (message) =>
            deps.web.post(channel, message, { mark, ...(root === undefined ? {} : { threadTs: root }) }),
          ),
        )
      : await postFile(deps, view, context)
  await save('posted', at)
  return { ts: at, isNew: true }
}

type TextMessage = ThreadMessage & { readonly kind: 'message' }

/** `false`: the message is not there any more. */
async function isUpdated(
  deps: PaintDeps,
  slot: TextMessage,
  update: (message: Message) => Promise<void>,
): Promise<boolean> {
  try {
    await inAnyForm(deps, slot, update)
    return true
  } catch (error) {
    if (error instanceof SlackProblem && GONE.has(error.code)) return false
    throw error
  }
}

/** What Slack does not take in our form stands there as bare text: badly set, but said. */
async function inAnyForm<Answer>(
  { warnOnce }: PaintDeps,
  { slot, message }: TextMessage,
  send: (message: Message) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send(withinLimits(message))
  } catch (error) {
    if (!(error instanceof SlackProblem) || !NOT_SO.has(error.code)) throw error
    warnOnce(
      `${error.code} ${slot}`,
      { slot, code: error.code },
      `Slack did not take the message ${slot} as it is (${error.code}): it stands there as bare text`,
    )
    return await send(asText(message))
  }
}

async function asThread<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof SlackProblem && NO_THREAD.has(error.code) ? new CardGone() : error
  }
}

/** Where Slack takes no upload, for whatever reason, the text is posted in chunks, each a slot of its own, so that none stands there twice. */
async function postFile(
  deps: PaintDeps,
  view: RequestView,
  { slot, root, posted }: MessageContext,
): Promise<undefined> {
  if (slot.kind !== 'file' || root === undefined) throw new Error('a file needs a thread')
  const { channel, id } = view.request
  const upload = () => deps.web.upload(channel, root, slot.file, () => keepPaint(deps, id))
  try {
    // Nothing is shared where it failed on the way: once more, since a file holds more than a thread does.
    await upload().catch((error: unknown) => {
      if (error instanceof SlackProblem && error.code === 'upload_failed') return upload()
      throw error
    })
    return
  } catch (error) {
    if (!(error instanceof SlackProblem) || error.code === 'unclear' || isOfEverything(error)) throw error
    deps.warnOnce(
      error.code,
      { code: error.code },
      `Slack takes no files (${error.code}): configurations and transcripts are posted as text, as far as they fit`,
    )
  }
  for (const [at, message] of inChunks(slot.file).entries()) {
    const chunk = { slot: `${slot.slot}:${at + 1}`, kind: 'message' as const, message }
    await show(deps, view, { slot: chunk, root, posted, known: posted.get(chunk.slot) })
  }
}

export function holdsPaint({ store, holder, clock }: PaintDeps, id: RequestId): Promise<boolean> {
  const now = clock.now()
  return store.claimPaint(id, holder, now, now + PAINT_LEASE_MS)
}

/** Before each effect: is it still ours to paint? Two processes would post twice. */
export async function keepPaint(deps: PaintDeps, id: RequestId): Promise<void> {
  if (!(await holdsPaint(deps, id))) throw new Error('another process paints this request now')
}
