import type { RequestView } from '../../../application/list-requests.ts'
import type { RequestId } from '../../../domain/ids.ts'
import { OPEN_STATES } from '../../../domain/request.ts'
import { isOfEverything, SlackProblem } from '../api/web.ts'
import { UPDATE_MS, updatePace } from './pace.ts'
import { paint } from './paint.ts'
import type { PaintDeps } from './show-message.ts'

export interface Painter {
  /** This request's picture may be out of date. */
  wake(id: RequestId): void
  stop(): Promise<void>
}

const SWEEP_MS = 3_000
const SWEEP_SIZE = 50
/** How often the cards of open requests are written again although nothing changed: somebody may have deleted one. */
const REFRESH_MS = 5 * 60_000
const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 120_000
/**
 * How soon a channel that takes nothing is looked at again: after a quarter of the time that it took nothing, within
 * these. Slack takes about fifty such looks a minute, and people's decisions need some of them (conversations.info,
 * tier 3).
 */
const FIRST_LOOK_MS = 15_000
const LONGEST_LOOK_MS = 5 * 60_000

/**
 * Keeps what Slack shows equal to what is stored: paints at every change, and repairs what is behind, however it came
 * to be.
 */
export function startPainter(
  ports: Omit<PaintDeps, 'pace'>,
  transcriptOf: (view: RequestView) => Promise<string | undefined>,
): Painter {
  const deps = { ...ports, pace: updatePace(ports.clock) }
  const stopping = new AbortController()
  const active = new Map<RequestId, { again: boolean; done: Promise<void> }>()
  /** Requests that Slack would not take, and when to try them again: no sooner, whatever changes. */
  const waiting = new Map<RequestId, { tries: number; until: number; isFlaky: boolean }>()
  /** Since when the channel of a request takes nothing. */
  const obstructed = new Map<RequestId, number>()
  let refreshed = deps.clock.now()

  /** `true`: something is left that is due in a second. */
  const paintOnce = async (id: RequestId, depth: 'changes' | 'card-too'): Promise<boolean> => {
    const { tries, isFlaky } = waiting.get(id) ?? { tries: 0, isFlaky: false }
    const brush = { transcriptOf, depth, isFlaky }
    const painted = await paint(deps, id, brush).catch((error: unknown) => {
      return { kind: 'behind', gotThrough: false, error } as const
    })
    if (painted.kind !== 'behind') waiting.delete(id)
    if (painted.kind !== 'obstructed') obstructed.delete(id)
    if (painted.kind === 'shown') return false
    if (painted.kind === 'due') return true
    if (painted.kind === 'obstructed') {
      // Looked at more and more seldom, and at every change: people are told of each directly.
      const now = deps.clock.now()
      const since = obstructed.get(id) ?? now
      obstructed.set(id, since)
      deps.log.warn({ requestId: id, obstacle: painted.obstacle }, 'the channel takes nothing')
      const pause = Math.min(Math.max((now - since) / 4, FIRST_LOOK_MS), LONGEST_LOOK_MS)
      await deps.store.paintLater(id, now + Math.round(pause)).catch(() => undefined)
      return false
    }
    // The pause grows only while nothing gets through.
    const failed = painted.gotThrough ? 1 : tries + 1
    const until = deps.clock.now() + pauseAfter(painted.error, failed)
    waiting.set(id, { tries: failed, until, isFlaky: painted.gotThrough })
    deps.log.warn({ requestId: id, tries: failed, error: painted.error }, 'could not show all of the request in Slack')
    await deps.store.paintLater(id, until).catch(() => undefined)
    return false
  }

  const mustWait = (id: RequestId): boolean => (waiting.get(id)?.until ?? 0) > deps.clock.now()

  const start = (id: RequestId, depth: 'changes' | 'card-too'): void => {
    const running = active.get(id)
    if (running) {
      running.again = true
      return
    }
    if (mustWait(id) || stopping.signal.aborted) return
    const entry = { again: true, done: Promise.resolve() }
    entry.done = (async () => {
      while (entry.again && !stopping.signal.aborted && !mustWait(id)) {
        entry.again = false
        if (!(await paintOnce(id, depth))) continue
        await deps.clock.sleep(UPDATE_MS, stopping.signal)
        entry.again = true
      }
      active.delete(id)
    })()
    active.set(id, entry)
  }

  const sweeping = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const now = deps.clock.now()
        for (const id of await deps.store.unpainted(now, SWEEP_SIZE)) if (!active.has(id)) start(id, 'changes')
        if (now - refreshed >= REFRESH_MS) {
          refreshed = now
          const { requests } = await deps.store.list({ states: OPEN_STATES, limit: 500 })
          for (const request of requests) start(request.id, 'card-too')
        }
      } catch (error) {
        deps.log.error({ error }, 'could not look for pictures to repair')
      }
      await deps.clock.sleep(SWEEP_MS, stopping.signal)
    }
  })()

  return {
    wake: (id) => start(id, 'changes'),
    stop: async () => {
      stopping.abort()
      await sweeping
      await Promise.all([...active.values()].map(({ done }) => done))
    },
  }
}

function pauseAfter(error: unknown, tries: number): number {
  if (error instanceof SlackProblem && error.retryAfterMs !== undefined) return error.retryAfterMs
  // Slack will not change its mind about these by being asked again soon.
  if (error instanceof SlackProblem && isOfEverything(error)) return LONGEST_RETRY_MS
  return Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS)
}
