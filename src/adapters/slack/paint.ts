import { type RequestView, viewRequest } from '../../application/list-requests.ts'
import type { Deps } from '../../application/ports.ts'
import type { PostedSlot } from '../../application/store.ts'
import { canonicalJson, sha256 } from '../../domain/digest.ts'
import type { RequestId } from '../../domain/ids.ts'
import { withinLimits } from './views/blocks.ts'
import { CARD, pictureOf, type Slot } from './views/picture.ts'
import { inPieces } from './views/pieces.ts'
import { SlackProblem, type Web } from './web.ts'

export interface PaintDeps extends Pick<Deps, 'store' | 'engines' | 'clock' | 'log' | 'holder'> {
  readonly web: Web
}

export interface Brush {
  readonly transcriptOf: (view: RequestView) => Promise<string | undefined>
  /** `card-too`: the card is written even if it should be up to date, which shows whether it is still there. */
  readonly depth: 'changes' | 'card-too'
}

/** Every call to Slack has its own limit, and the lease is taken anew before each. */
const PAINT_LEASE_MS = 30_000
/** Slack's words for "this message can no longer be changed". */
const GONE: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed'])
const NO_FILES: ReadonlySet<string> = new Set([
  'file_uploads_disabled',
  'file_type_not_allowed',
  'not_allowed_token_type',
  'storage_limit_reached',
])

/** Slack's words for "there is no such thread": the card that it hung on is gone. */
const NO_THREAD: ReadonlySet<string> = new Set(['thread_not_found', 'invalid_thread_ts'])

/** Brings everything Slack shows of one request up to date, unless another process is at it. Throws SlackProblem; what is done until then is remembered. */
export async function paint(deps: PaintDeps, id: RequestId, brush: Brush): Promise<void> {
  if (!(await holdsPaint(deps, id))) return
  try {
    const view = await viewRequest(deps, id)
    if (!view) return
    const picture = pictureOf(view, await brush.transcriptOf(view))
    const posted = await slotsOf(deps, id)
    try {
      await showAll(deps, view, { picture, posted, depth: brush.depth })
    } catch (error) {
      if (!(error instanceof CardGone)) throw error
      // The thread went with it: everything is posted anew below a new card.
      await deps.store.removeSlots(id)
      await showAll(deps, view, { picture, posted: new Map(), depth: 'changes' })
    }
    await deps.store.markPainted(id, view.version)
  } finally {
    await deps.store.releasePaint(id, deps.holder)
  }
}

/** Somebody deleted the card. */
class CardGone extends Error {}

type Posted = ReadonlyMap<string, PostedSlot>

interface Showing {
  readonly picture: readonly Slot[]
  readonly posted: Posted
  readonly depth: Brush['depth']
}

async function showAll(deps: PaintDeps, view: RequestView, { picture, posted, depth }: Showing): Promise<void> {
  let root: string | undefined
  for (const slot of picture) {
    const isCard = slot.slot === CARD
    const known = posted.get(slot.slot)
    const old = isCard && depth === 'card-too' && known ? { ...known, hash: '' } : known
    try {
      const ts = await show(deps, view, { slot, root, posted, known: old })
      if (isCard) root = ts
    } catch (error) {
      if (root !== undefined && !isCard && (await isThreadGone(deps, view, { slot, root, error }))) throw new CardGone()
      throw error
    }
  }
}

/** Could it not be shown because the card that the thread hangs on is gone? A file is refused then with a word that can mean anything, so the thread is looked for. */
async function isThreadGone(
  { web }: PaintDeps,
  { request: { channel, requestedAt } }: RequestView,
  { slot, root, error }: { readonly slot: Slot; readonly root: string; readonly error: unknown },
): Promise<boolean> {
  if (!(error instanceof SlackProblem)) return false
  if (NO_THREAD.has(error.code) || slot.kind === 'message') return NO_THREAD.has(error.code)
  try {
    await web.find({ channel, threadTs: root, since: requestedAt }, { file: slot.file.name })
    return false
  } catch (second) {
    return second instanceof SlackProblem && NO_THREAD.has(second.code)
  }
}

interface Place {
  readonly slot: Slot
  readonly root: string | undefined
  readonly posted: Posted
  readonly known: PostedSlot | undefined
}

/** Brings one slot up to date; the ts of its message. Intent before effect: what was being posted when a process died is looked for first. */
async function show(
  deps: PaintDeps,
  view: RequestView,
  { slot, root, posted, known }: Place,
): Promise<string | undefined> {
  const { id, channel, requestedAt } = view.request
  const hash = sha256(canonicalJson(slot.kind === 'message' ? slot.message : slot.file))
  const mark = { request: id, slot: slot.slot }
  const save = (status: PostedSlot['status'], ts?: string) =>
    deps.store.saveSlot(id, { slot: slot.slot, status, hash, ...(ts === undefined ? {} : { ts }) })

  let ts = known?.ts
  if (known?.status === 'posted' && (known.hash === hash || slot.kind === 'file')) return ts
  await keepPaint(deps, id)
  if (known?.status === 'posting') {
    const place = { channel, since: requestedAt, ...(root === undefined ? {} : { threadTs: root }) }
    ts = await deps.web.find(place, slot.kind === 'file' ? { file: slot.file.name } : mark)
    if (ts !== undefined && slot.kind === 'file') {
      await save('posted', ts)
      return ts
    }
  }
  if (ts !== undefined && slot.kind === 'message') {
    try {
      await deps.web.update(channel, ts, withinLimits(slot.message), mark)
      await save('posted', ts)
      return ts
    } catch (error) {
      if (!(error instanceof SlackProblem) || !GONE.has(error.code)) throw error
      deps.log.warn({ requestId: id, slot: slot.slot, code: error.code }, 'the message is gone: posting it again')
      if (slot.slot === CARD) throw new CardGone()
    }
  }
  await save('posting')
  const at =
    slot.kind === 'message'
      ? await postMessage(deps, { channel, slot, root, mark })
      : await postFile(deps, view, { slot, root, posted, known })
  await save('posted', at)
  return at
}

function postMessage(
  { web }: PaintDeps,
  {
    channel,
    slot,
    root,
    mark,
  }: {
    channel: string
    slot: Slot & { kind: 'message' }
    root: string | undefined
    mark: { request: string; slot: string }
  },
): Promise<string> {
  return web.post(channel, withinLimits(slot.message), { mark, ...(root === undefined ? {} : { threadTs: root }) })
}

/** Where uploads are off the text is posted in pieces, each a slot of its own, so that none stands there twice. */
async function postFile(deps: PaintDeps, view: RequestView, { slot, root, posted }: Place): Promise<undefined> {
  if (slot.kind !== 'file' || root === undefined) throw new Error('a file needs a thread')
  try {
    await deps.web.upload(view.request.channel, root, slot.file)
    return
  } catch (error) {
    if (!(error instanceof SlackProblem) || !NO_FILES.has(error.code)) throw error
  }
  for (const [at, message] of inPieces(slot.file).entries()) {
    const piece = { slot: `${slot.slot}:${at + 1}`, kind: 'message' as const, message }
    await show(deps, view, { slot: piece, root, posted, known: posted.get(piece.slot) })
  }
}

async function slotsOf(deps: PaintDeps, id: RequestId): Promise<Posted> {
  return new Map((await deps.store.slots(id)).map((slot) => [slot.slot, slot]))
}

function holdsPaint({ store, holder, clock }: PaintDeps, id: RequestId): Promise<boolean> {
  const now = clock.now()
  return store.claimPaint(id, holder, now, now + PAINT_LEASE_MS)
}

/** Before each effect: is it still ours to paint? Two processes would post twice. */
async function keepPaint(deps: PaintDeps, id: RequestId): Promise<void> {
  if (!(await holdsPaint(deps, id))) throw new Error('another process paints this request now')
}
