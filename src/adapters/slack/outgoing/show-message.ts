import type { RequestView } from '../../../application/list-requests.ts'
import type { Deps } from '../../../application/ports.ts'
import type { PostedMessage } from '../../../application/store.ts'
import { canonicalJson, sha256 } from '../../../domain/digest.ts'
import type { RequestId } from '../../../domain/ids.ts'
import { GONE, isOfEverything, NO_THREAD, SlackProblem, type Web } from '../api/web.ts'
import type { Message } from '../views/blocks.ts'
import { inChunks } from '../views/file-chunks.ts'
import { CARD, type ThreadMessage } from '../views/thread.ts'
import type { Forms } from './forms.ts'
import type { Pace } from './pace.ts'

export interface PaintDeps
  extends Pick<Deps, 'store' | 'engines' | 'clock' | 'log' | 'holder' | 'workspace' | 'warnOnce'> {
  readonly web: Web
  readonly forms: Forms
  readonly pace: Pace
}

/** Longer than any single call to Slack takes (an upload: 15 s); it is taken anew before each. */
const PAINT_LEASE_MS = 30_000
/** Somebody deleted the card, and the thread with it. */
export class CardGone extends Error {}

export interface MessageContext {
  readonly wanted: ThreadMessage
  readonly root: string | undefined
  readonly posted: ReadonlyMap<string, PostedMessage>
  readonly known: PostedMessage | undefined
}

interface Shown {
  readonly ts: string | undefined
  /** Slack took something; `false`: it was shown already. */
  readonly isNew: boolean
  /** It changed again within a second of the last time: still to be updated. */
  readonly isDue?: true
}

/**
 * Brings one message up to date. Intent before effect: what was being posted when a process died is looked for first.
 * Throws SlackProblem, or CardGone.
 */
export async function show(deps: PaintDeps, view: RequestView, context: MessageContext): Promise<Shown> {
  const { wanted, known } = context
  const hash = sha256(canonicalJson(wanted.kind === 'message' ? wanted.message : wanted.file))
  const isShown = known?.status === 'posted' && (known.hash === hash || wanted.kind === 'file')
  if (isShown) return { ts: known.ts, isNew: false }
  const key = `${view.request.id} ${wanted.slot}`
  if (known?.status === 'posted' && deps.pace.isTooSoon(key)) return { ts: known.ts, isNew: false, isDue: true }
  const save = (status: PostedMessage['status'], ts?: string) =>
    deps.store.savePosted(view.request.id, { slot: wanted.slot, status, hash, ...(ts === undefined ? {} : { ts }) })

  const ts = known?.status === 'posting' ? await findPosted(deps, view, context) : known?.ts
  if (ts !== undefined && (wanted.kind === 'file' || (await isUpdated(deps, view, { wanted, ts })))) {
    deps.pace.sent(key)
    await save('posted', ts)
    return { ts, isNew: true }
  }
  await save('posting')
  await keepPaint(deps, view.request.id)
  const at = wanted.kind === 'message' ? await post(deps, view, context) : await postFile(deps, view, context)
  deps.pace.sent(key)
  await save('posted', at)
  return { ts: at, isNew: true }
}

/** Was it posted before the process died that was posting it? */
function findPosted(deps: PaintDeps, view: RequestView, { wanted, root }: MessageContext): Promise<string | undefined> {
  const { id, channel, requestedAt } = view.request
  const where = { channel, since: requestedAt, ...(root === undefined ? {} : { threadTs: root }) }
  const what = wanted.kind === 'file' ? { file: wanted.file.name } : { request: id, slot: wanted.slot }
  return asThread(deps.web.find(where, what, () => keepPaint(deps, id)))
}

function post(deps: PaintDeps, { request }: RequestView, { wanted, root }: MessageContext): Promise<string> {
  if (wanted.kind !== 'message') throw new Error('a file is uploaded')
  const options = {
    mark: { request: request.id, slot: wanted.slot },
    ...(root === undefined ? {} : { threadTs: root }),
  }
  return asThread(inAnyForm(deps, wanted, (message) => deps.web.post(request.channel, message, options)))
}

type TextMessage = ThreadMessage & { readonly kind: 'message' }

/** `false`: the message is not there any more. Throws CardGone where it was the card. */
async function isUpdated(
  deps: PaintDeps,
  { request }: RequestView,
  { wanted, ts }: { readonly wanted: TextMessage; readonly ts: string },
): Promise<boolean> {
  await keepPaint(deps, request.id)
  const mark = { request: request.id, slot: wanted.slot }
  try {
    await inAnyForm(deps, wanted, (message) => deps.web.update(request.channel, ts, message, mark))
    return true
  } catch (error) {
    if (!(error instanceof SlackProblem) || !GONE.has(error.code)) throw error
  }
  deps.log.warn({ requestId: request.id, slot: wanted.slot }, 'the message is gone: posting it again')
  if (wanted.slot === CARD) throw new CardGone()
  return false
}

function inAnyForm<Answer>(
  { forms, warnOnce }: PaintDeps,
  { slot, message }: TextMessage,
  send: (message: Message) => Promise<Answer>,
): Promise<Answer> {
  return forms.send(message, send, (code) =>
    warnOnce(
      `${code} ${slot}`,
      { slot, code },
      `Slack did not take the message ${slot} as it is (${code}): it stands there as bare text`,
    ),
  )
}

async function asThread<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof SlackProblem && NO_THREAD.has(error.code) ? new CardGone() : error
  }
}

/**
 * Where Slack takes no upload, for whatever reason, the text is posted in chunks, each a slot of its own, so that none
 * stands there twice.
 */
async function postFile(
  deps: PaintDeps,
  view: RequestView,
  { wanted, root, posted }: MessageContext,
): Promise<undefined> {
  if (wanted.kind !== 'file' || root === undefined) throw new Error('a file needs a thread')
  const { channel, id } = view.request
  const upload = () => deps.web.upload(channel, root, wanted.file, () => keepPaint(deps, id))
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
  for (const [at, message] of inChunks(wanted.file).entries()) {
    const chunk = { slot: `${wanted.slot}:${at + 1}`, kind: 'message' as const, message }
    await show(deps, view, { wanted: chunk, root, posted, known: posted.get(chunk.slot) })
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
