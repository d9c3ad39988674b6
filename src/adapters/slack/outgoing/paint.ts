import { type RequestView, viewRequest } from '../../../application/list-requests.ts'
import type { PostedMessage } from '../../../application/store.ts'
import type { RequestId } from '../../../domain/ids.ts'
import { isOfEverything, SlackProblem } from '../api/web.ts'
import { CARD, type ThreadMessage, threadOf } from '../views/thread.ts'
import { notifyPrivately, type Obstacle, obstacleIn } from './private-notices.ts'
import { CardGone, holdsPaint, keepPaint, type PaintDeps, show } from './show-message.ts'

export interface Brush {
  readonly transcriptOf: (view: RequestView) => Promise<string | undefined>
  /** `card-too`: the card is written even if it should be up to date, which shows whether it is still there. */
  readonly depth: 'changes' | 'card-too'
  /**
   * Slack took a part of it last time: what people wait for comes first now. After an outage the order is the usual
   * one.
   */
  readonly isFlaky: boolean
}

export type Painted =
  | { readonly kind: 'shown' }
  /** All but a message that was updated less than a second ago. */
  | { readonly kind: 'due' }
  /** Nothing may, or can, be written to the channel for now. */
  | { readonly kind: 'obstructed'; readonly obstacle: Obstacle }
  /** `gotThrough`: something was shown nevertheless. */
  | { readonly kind: 'behind'; readonly gotThrough: boolean; readonly error: unknown }

/** Slack answers nothing at all: each further call would only wait for its time limit. */
const MOST_UNCLEAR_IN_A_ROW = 3

/**
 * Brings everything Slack shows of one request up to date, unless another process is at it. One message that Slack does
 * not take holds up no other. What is done is remembered. Throws where it could not even begin.
 */
export async function paint(deps: PaintDeps, id: RequestId, brush: Brush): Promise<Painted> {
  if (!(await holdsPaint(deps, id))) return { kind: 'shown' }
  try {
    const view = await viewRequest(deps, id)
    if (!view) return { kind: 'shown' }
    // What the watch finds stands in the route's own message.
    if (view.request.isWatch) {
      await deps.store.markPainted(id, view.version)
      return { kind: 'shown' }
    }
    const posted = new Map((await deps.store.posted(id)).map((slot) => [slot.slot, slot]))
    const obstacle = await obstacleIn(deps, view.request.channel)
    if (obstacle) {
      await notifyPrivately(deps, view, { obstacle, posted, keep: () => keepPaint(deps, id) })
      return { kind: 'obstructed', obstacle }
    }
    const picture = threadOf(view, await brush.transcriptOf(view))
    const painted = await showAll(deps, view, { picture, posted, brush }).catch(async (error: unknown) => {
      if (!(error instanceof CardGone)) throw error
      // The thread went with it: everything is posted anew below a new card.
      await deps.store.forgetPosted(id)
      return showAll(deps, view, { picture, posted: new Map(), brush: { ...brush, depth: 'changes' } })
    })
    if (painted.kind === 'shown') await deps.store.markPainted(id, view.version)
    return painted
  } finally {
    await deps.store.releasePaint(id, deps.holder)
  }
}

interface Showing {
  readonly picture: readonly ThreadMessage[]
  readonly posted: ReadonlyMap<string, PostedMessage>
  readonly brush: Pick<Brush, 'depth' | 'isFlaky'>
}

async function showAll(deps: PaintDeps, view: RequestView, { picture, posted, brush }: Showing): Promise<Painted> {
  let root: string | undefined
  let gotThrough = false
  let isDue = false
  let unclear = 0
  const failures: unknown[] = []
  for (const slot of brush.isFlaky ? awaitedFirst(picture) : picture) {
    const known = posted.get(slot.slot)
    const isCard = slot.slot === CARD
    const old = isCard && brush.depth === 'card-too' && known ? { ...known, hash: '' } : known
    try {
      const shown = await show(deps, view, { wanted: slot, root, posted, known: old })
      gotThrough ||= shown.isNew
      isDue ||= shown.isDue === true
      unclear = 0
      if (isCard) root = shown.ts
    } catch (error) {
      if (!(error instanceof SlackProblem)) throw error
      failures.push(error)
      unclear = error.code === 'unclear' ? unclear + 1 : 0
      // Without a card there is no thread to post in.
      if (isCard) root = known?.ts
      if (root === undefined || isOfEverything(error) || unclear >= MOST_UNCLEAR_IN_A_ROW) break
    }
  }
  if (failures.length > 0) return { kind: 'behind', gotThrough, error: failures.at(-1) }
  return { kind: isDue ? 'due' : 'shown' }
}

/** The card, then results and decisions, then progress, then files. */
function awaitedFirst(picture: readonly ThreadMessage[]): readonly ThreadMessage[] {
  const rank = ({ slot, kind }: ThreadMessage) => {
    if (slot === CARD) return 0
    if (/^(result|end|decision:)/.test(slot)) return 1
    return kind === 'message' ? 2 : 3
  }
  return picture.toSorted((a, b) => rank(a) - rank(b))
}
