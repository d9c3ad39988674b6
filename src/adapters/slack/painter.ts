import { type RequestView, viewRequest } from '../../application/list-requests.ts'
import type { Deps } from '../../application/ports.ts'
import type { PostedSlot } from '../../application/store.ts'
import { canonicalJson, sha256 } from '../../domain/digest.ts'
import type { RequestId } from '../../domain/ids.ts'
import { context, pre, withinLimits } from './views/blocks.ts'
import { CARD, pictureOf, type Slot } from './views/picture.ts'
import { SlackProblem, type Web } from './web.ts'

type PaintDeps = Pick<Deps, 'store' | 'engines' | 'clock' | 'log' | 'holder'>

export interface Painter {
  /** This request's picture may be out of date. */
  wake(id: RequestId): void
  stop(): Promise<void>
}

const SWEEP_MS = 3_000
/** Longer than one painting takes: every call to Slack has its own limit, and the lease is taken anew for each slot. */
const PAINT_LEASE_MS = 30_000
const SWEEP_SIZE = 50
const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 120_000
/** Slack will not change its mind about these by being asked again soon. */
const SETTLED: ReadonlySet<string> = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'missing_scope',
])

/** Keeps what Slack shows equal to what is stored: paints at every change, and repairs what is behind, however it came to be. */
export function startPainter(
  deps: PaintDeps,
  web: Web,
  transcriptOf: (view: RequestView) => Promise<string | undefined>,
): Painter {
  const stopping = new AbortController()
  const active = new Map<RequestId, { again: boolean; done: Promise<void> }>()
  const failures = new Map<RequestId, number>()

  const paintOnce = async (id: RequestId): Promise<void> => {
    try {
      const now = deps.clock.now()
      // Another process paints it: it will see this change too, or the sweep will.
      if (!(await deps.store.claimPaint(id, deps.holder, now, now + PAINT_LEASE_MS))) return
      await paint(deps, web, id, transcriptOf)
      failures.delete(id)
      await deps.store.releasePaint(id, deps.holder)
    } catch (error) {
      const tries = (failures.get(id) ?? 0) + 1
      failures.set(id, tries)
      const problem = error instanceof SlackProblem ? error : undefined
      const backoff =
        problem && SETTLED.has(problem.code)
          ? LONGEST_RETRY_MS
          : Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS)
      deps.log.warn({ requestId: id, tries, error }, 'could not show the request in Slack')
      await deps.store.releasePaint(id, deps.holder).catch(() => undefined)
      await deps.store.paintLater(id, deps.clock.now() + (problem?.retryAfterMs ?? backoff)).catch(() => undefined)
    }
  }

  const wake = (id: RequestId): void => {
    const running = active.get(id)
    if (running) {
      running.again = true
      return
    }
    const entry = { again: true, done: Promise.resolve() }
    entry.done = (async () => {
      while (entry.again && !stopping.signal.aborted) {
        entry.again = false
        await paintOnce(id)
      }
      active.delete(id)
    })()
    active.set(id, entry)
  }

  const sweeping = (async () => {
    while (!stopping.signal.aborted) {
      try {
        for (const id of await deps.store.unpainted(deps.clock.now(), SWEEP_SIZE)) wake(id)
      } catch (error) {
        deps.log.error({ error }, 'could not look for pictures to repair')
      }
      await deps.clock.sleep(SWEEP_MS, stopping.signal)
    }
  })()

  return {
    wake,
    stop: async () => {
      stopping.abort()
      await sweeping
      await Promise.all([...active.values()].map(({ done }) => done))
    },
  }
}

async function paint(
  deps: PaintDeps,
  web: Web,
  id: RequestId,
  transcriptOf: (view: RequestView) => Promise<string | undefined>,
): Promise<void> {
  const view = await viewRequest(deps, id)
  if (!view) return
  const posted = new Map((await deps.store.slots(id)).map((slot) => [slot.slot, slot]))
  let root = posted.get(CARD)?.ts
  for (const slot of pictureOf(view, await transcriptOf(view))) {
    const ts = await show(deps, web, { view, slot, root, known: posted.get(slot.slot) })
    if (slot.slot === CARD) root = ts
  }
  await deps.store.markPainted(id, view.version)
}

interface Showing {
  readonly view: RequestView
  readonly slot: Slot
  readonly root: string | undefined
  readonly known: PostedSlot | undefined
}

/** Brings one slot up to date; the ts of its message. Intent before effect: a slot that was being posted when the process died is looked for first. */
async function show(deps: PaintDeps, web: Web, { view, slot, root, known }: Showing): Promise<string | undefined> {
  const { id, channel } = view.request
  const hash = sha256(canonicalJson(slot.kind === 'message' ? slot.message : slot.file))
  const mark = { request: id, slot: slot.slot }
  if (known?.status === 'posted') {
    if (known.hash === hash || slot.kind === 'file' || known.ts === undefined) return known.ts
    await keepPaint(deps, id)
    try {
      await web.update(channel, known.ts, withinLimits(slot.message), mark)
      await deps.store.saveSlot(id, { slot: slot.slot, status: 'posted', ts: known.ts, hash })
      return known.ts
    } catch (error) {
      if (!(error instanceof SlackProblem) || !GONE.has(error.code)) throw error
      deps.log.warn({ requestId: id, slot: slot.slot, code: error.code }, 'the message is gone: posting it again')
    }
  }
  const place = {
    channel,
    since: view.request.requestedAt,
    ...(slot.slot === CARD || root === undefined ? {} : { threadTs: root }),
  }
  await keepPaint(deps, id)
  const found =
    known?.status === 'posting'
      ? await web.find(place, slot.kind === 'file' ? { file: slot.file.name } : mark)
      : undefined
  if (found === undefined) await deps.store.saveSlot(id, { slot: slot.slot, status: 'posting', hash })
  const ts = found ?? (await post(web, { channel, slot, root, mark }))
  // A message that was found may be older than what it should show now: no hash, so that it is painted over.
  await deps.store.saveSlot(id, {
    slot: slot.slot,
    status: 'posted',
    ...(ts === undefined ? {} : { ts }),
    hash: found === undefined ? hash : '',
  })
  return ts
}

/** Before each effect: is it still ours to paint? Two processes would post twice. */
async function keepPaint(deps: PaintDeps, id: RequestId): Promise<void> {
  const now = deps.clock.now()
  const isOurs = await deps.store.claimPaint(id, deps.holder, now, now + PAINT_LEASE_MS)
  if (!isOurs) throw new Error('another process paints this request now')
}

/** Slack's words for "this message can no longer be changed". */
const GONE: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed'])
const NO_FILES: ReadonlySet<string> = new Set([
  'file_uploads_disabled',
  'file_type_not_allowed',
  'not_allowed_token_type',
  'storage_limit_reached',
])
const PIECE = 9_000
const PIECES = 10

async function post(
  web: Web,
  {
    channel,
    slot,
    root,
    mark,
  }: { channel: string; slot: Slot; root: string | undefined; mark: { request: string; slot: string } },
): Promise<string | undefined> {
  const thread = root === undefined ? {} : { threadTs: root }
  if (slot.kind === 'message')
    return web.post(channel, withinLimits(slot.message), slot.slot === CARD ? { mark } : { ...thread, mark })
  if (root === undefined) throw new Error('a file needs a thread')
  try {
    await web.upload(channel, root, slot.file)
    return undefined
  } catch (error) {
    if (!(error instanceof SlackProblem) || !NO_FILES.has(error.code)) throw error
  }
  // Where uploads are off the text is posted in pieces.
  const { title, content } = slot.file
  const pieces = Math.ceil(content.length / PIECE)
  for (let at = 0; at < Math.min(pieces, PIECES); at++) {
    const blocks = [
      context(`${title}, part ${at + 1} of ${pieces}`),
      pre(content.slice(at * PIECE, (at + 1) * PIECE), PIECE),
    ]
    await web.post(channel, { text: `${title}, part ${at + 1} of ${pieces}`, blocks }, { ...thread, mark })
  }
  return undefined
}
