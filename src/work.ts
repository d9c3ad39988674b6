import type { Web } from './adapters/slack/api/web.ts'
import { messageForms } from './adapters/slack/outgoing/forms.ts'
import { type HomeTabs, startHomeTabs } from './adapters/slack/outgoing/home-tabs.ts'
import { startPainter } from './adapters/slack/outgoing/painter.ts'
import { type BoardDeps, showWatches } from './adapters/slack/outgoing/watch-board.ts'
import { driveRuns } from './application/drive-runs.ts'
import type { Deps } from './application/ports.ts'
import { runTranscript } from './application/run-transcript.ts'
import { forgetSteps, sweepRequests } from './application/sweep-requests.ts'
import { watchedRoutes, watchRoutes } from './application/watch-routes.ts'
import { describeError, warnOnce } from './log.ts'

export interface Work {
  /** What the use cases need; a change they make wakes what follows from it. */
  readonly deps: Deps
  readonly homes: HomeTabs
  /**
   * Takes nothing new up and ends what is in flight; a run goes on at the next start. `others`: what may still change
   * requests, to be shown too.
   */
  stop(others?: Promise<unknown>): Promise<void>
}

const SWEEP_MS = 10_000
/** What is due is done in its moment, but never more often than this. */
const SHORTEST_SWEEP_MS = 1_000
const FORGET_MS = 3_600_000
const WATCH_MS = 5_000
/** A look is begun, taken down and shown without a pause in between; then the loop rests. */
const MOST_PASSES = 3

/** Everything that goes on by itself, over any ports: runs, what Slack shows, expiry and reminders. */
export function startWork(ports: Omit<Deps, 'changed' | 'warnOnce'>, web: Web): Work {
  const { store, engines, clock, log, holder, workspace } = ports
  const once = warnOnce(log)
  const deps: Deps = {
    ...ports,
    warnOnce: once,
    changed: (id) => {
      painter.wake(id)
      runs.wake()
    },
  }
  const forms = messageForms(clock, (code) =>
    log.info({ code }, 'Slack does not take its newest blocks in this workspace yet: lists and tables are plain'),
  )
  const painter = startPainter({ store, engines, clock, log, web, forms, holder, workspace, warnOnce: once }, (view) =>
    runTranscript({ store, engines }, view),
  )
  const runs = driveRuns(deps)
  const sweeping = new AbortController()
  const swept = sweep(deps, sweeping.signal)
  const homes = startHomeTabs({ ...deps, web })
  const watched = watch({ ...deps, web, forms }, sweeping.signal)
  return {
    deps,
    homes,
    stop: async (others) => {
      sweeping.abort()
      await Promise.all([runs.stop(), swept, watched, homes.stop(), others])
      await painter.stop()
    },
  }
}

async function sweep(deps: Deps, signal: AbortSignal): Promise<void> {
  let forgetAt = 0
  while (!signal.aborted) {
    let due: number | undefined
    try {
      due = await sweepRequests(deps)
      if (deps.clock.now() >= forgetAt) {
        await forgetSteps(deps)
        forgetAt = deps.clock.now() + FORGET_MS
      }
    } catch (error) {
      deps.log.error({ error: describeError(error) }, 'could not look for expired requests')
    }
    const soon = due === undefined ? SWEEP_MS : due - deps.clock.now()
    await deps.clock.sleep(Math.max(SHORTEST_SWEEP_MS, Math.min(SWEEP_MS, soon)), signal)
  }
}

/** Compares watched routes when they are due, and keeps their messages up to date. Nothing where none is watched. */
async function watch(deps: BoardDeps & Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && watchedRoutes(deps).length > 0) {
    try {
      for (let pass = 0; pass < MOST_PASSES && (await watchRoutes(deps, signal)); pass++);
      await showWatches(deps, signal)
    } catch (error) {
      deps.log.error({ error: describeError(error) }, 'could not look after the watched routes')
    }
    await deps.clock.sleep(WATCH_MS, signal)
  }
}
