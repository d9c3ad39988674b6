import type { HomeFacts } from '../../../application/home.ts'
import type { Clock } from '../../../application/ports.ts'
import type { Instant } from '../../../domain/brand.ts'
import { describeError, type Log } from '../../../log.ts'
import { SlackProblem } from '../api/web.ts'
import { type LinkOf, look, type HomeDeps as Needed, viewFor } from './home-look.ts'

type HomeDeps = Needed & { readonly log: Log }

/** Whoever opened it that long ago is taken to look at it no more. Slack does not tell when somebody leaves. */
const LOOKED_AT_MS = 30 * 60_000
const TICK_MS = 3_000
const MOST_VIEWERS = 200
/** Slack is asked about several people at once, and the store anew where that took longer. */
const AT_ONCE = 4
const FRESH_MS = 2_000
/** Fewer than the hundred a minute that Slack takes at least of this method (tier 4). */
const PACE_MS = 700
const LONGEST_PAUSE_MS = 60_000
/**
 * Who somebody is and which groups they are in is asked once in so long, for all homes together: Slack tells of groups
 * twenty times a minute (tier 2), and approvals, which ask each time anew, go first.
 */
const KNOWN_MS = 60_000
const MOST_KNOWN = 1_000
const MOST_LINKS = 500

export interface HomeTabs {
  /** Somebody opened their home tab. */
  opened(user: string): void
  stop(): Promise<void>
}

interface Viewer {
  readonly openedAt: Instant
  /** What of the store is shown there whole; until then it is made again at each look, and written where it differs. */
  shown?: string | undefined
  /** The view that stands there, as JSON, where that is known. */
  view?: string | undefined
}

/**
 * Home tabs: shown when opened, and kept up to date for half an hour. The store is looked at every few seconds. Slack
 * is asked once a minute at the most for each thing that it did not tell, and written to only where the view differs,
 * at a pace that it takes. After a restart a home is up to date again once it is opened.
 */
export function startHomeTabs(deps: HomeDeps): HomeTabs {
  const { clock, log } = deps
  const viewers = new Map<string, Viewer>()
  const links = new Map<string, string>()
  /** What Slack has no address of, or does not tell, it is asked again in a while. */
  const tried = remembered(clock, (message) => {
    const [channel = '', ts = ''] = message.split(' ')
    return deps.web.permalink(channel, ts)
  })
  const linkOf: LinkOf = async (channel, ts) => {
    const message = `${channel} ${ts}`
    const link = links.get(message) ?? (await tried(message))
    if (links.size > MOST_LINKS) links.clear()
    if (link) links.set(message, link)
    return link
  }
  let running: HomeFacts['running'] = []
  const workspace = {
    channel: (id: string) => deps.workspace.channel(id),
    person: remembered(clock, (user) => deps.workspace.person(user)),
    membersOf: remembered(clock, (group) => deps.workspace.membersOf(group)),
  }
  /** When Slack takes the next one; never long from now, also where the clock goes back. */
  let turn = 0
  const myTurn = async () => {
    const now = clock.now()
    turn = Math.min(Math.max(turn + PACE_MS, now), now + LONGEST_PAUSE_MS)
    await clock.sleep(turn - now, stopping.signal)
  }
  const stopping = new AbortController()
  let waker = new AbortController()

  /** Answers whether something was shown: then it takes its time, and more may have changed. */
  const pass = async () => {
    let hasShown = false
    for (const [user, { openedAt }] of viewers) if (clock.now() - openedAt > LOOKED_AT_MS) viewers.delete(user)
    if (viewers.size === 0) return hasShown
    let seen = await look(deps, { linkOf, seen: running })
    const left = [...viewers]
    const next = async () => {
      for (let one = left.shift(); one && !stopping.signal.aborted; one = left.shift()) {
        const [user, viewer] = one
        try {
          if (clock.now() - seen.at > FRESH_MS) {
            const again = await look(deps, { linkOf, seen: seen.facts.running })
            seen = again.state === seen.state ? { ...seen, at: again.at } : again
          }
          const { state } = seen
          if (viewer.shown === state) continue
          const { view, isWhole } = await viewFor({ ...deps, workspace }, user, seen)
          const json = JSON.stringify(view)
          if (viewer.view !== json) {
            await myTurn()
            viewer.view = undefined
            await deps.web.publishHome(user, view)
            viewer.view = json
            hasShown = true
          }
          viewer.shown = isWhole ? state : undefined
        } catch (error) {
          if (error instanceof SlackProblem && error.retryAfterMs !== undefined)
            turn = Math.max(turn, clock.now() + error.retryAfterMs)
          log.warn({ user, error: describeError(error) }, 'could not show a home tab')
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, next))
    running = seen.facts.running
    return hasShown
  }
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const hasShown = await pass().catch((error: unknown) =>
        log.warn({ error: describeError(error) }, 'could not look for home tabs'),
      )
      if (hasShown) continue
      await clock.sleep(TICK_MS, waker.signal)
      if (waker.signal.aborted) waker = new AbortController()
    }
  })()

  return {
    opened: (user) => {
      if (viewers.size >= MOST_VIEWERS && !viewers.has(user)) viewers.delete(viewers.keys().next().value ?? '')
      viewers.set(user, { openedAt: clock.now() })
      waker.abort()
    },
    stop: async () => {
      stopping.abort()
      waker.abort()
      await loop
    },
  }
}

/** What was answered a moment ago is answered again, a failure too. */
function remembered<Answer>(
  clock: Pick<Clock, 'now'>,
  ask: (key: string) => Promise<Answer>,
): (key: string) => Promise<Answer> {
  const known = new Map<string, { readonly at: Instant; readonly answer: Promise<Answer> }>()
  return (key) => {
    const now = clock.now()
    const before = known.get(key)
    if (before && Math.abs(now - before.at) < KNOWN_MS) return before.answer
    if (known.size >= MOST_KNOWN) known.clear()
    const answer = ask(key)
    known.set(key, { at: now, answer })
    return answer
  }
}
