import type { types } from '@slack/bolt'
import { type HomeFacts, homeFacts, homeFor } from '../../../application/home.ts'
import type { Clock, Deps } from '../../../application/ports.ts'
import type { Instant } from '../../../domain/brand.ts'
import { sha256 } from '../../../domain/digest.ts'
import { isRefusal } from '../../../domain/refusal.ts'
import type { Request } from '../../../domain/request.ts'
import { describeError } from '../../../log.ts'
import { SlackProblem, type Web } from '../api/web.ts'
import { explain } from '../views/explain.ts'
import { homeView, SHOWN, strangerHome } from '../views/home.ts'
import { CARD } from '../views/thread.ts'

type HomeDeps = Pick<Deps, 'store' | 'engines' | 'landscape' | 'workspace' | 'clock' | 'log'> & { readonly web: Web }

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

/**
 * Home tabs: shown when opened, and kept up to date for half an hour. The store is looked at every few seconds; Slack
 * is asked and written to only where something has changed, at a pace that it takes. After a restart a home is up to
 * date again once it is opened.
 */
export function startHomeTabs(deps: HomeDeps): HomeTabs {
  const { clock, log } = deps
  /** By person: when it was opened, and what of the store is shown there; nothing yet where it is undefined. */
  const viewers = new Map<string, { openedAt: number; shown: string | undefined }>()
  const links = new Map<string, string>()
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
    let seen = await look(deps, { links, seen: running })
    const left = [...viewers]
    const next = async () => {
      for (let one = left.shift(); one && !stopping.signal.aborted; one = left.shift()) {
        if (clock.now() - seen.at > FRESH_MS) {
          const again = await look(deps, { links, seen: seen.facts.running })
          seen = again.state === seen.state ? { ...seen, at: again.at } : again
        }
        const [user, viewer] = one
        if (viewer.shown === seen.state) continue
        const { state } = seen
        try {
          const view = await viewFor({ ...deps, workspace }, user, seen)
          await myTurn()
          await deps.web.publishHome(user, view)
          viewer.shown = state
          hasShown = true
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
      await clock.sleep(TICK_MS, AbortSignal.any([waker.signal, stopping.signal]))
      waker = new AbortController()
    }
  })()

  return {
    opened: (user) => {
      if (viewers.size >= MOST_VIEWERS && !viewers.has(user)) viewers.delete(viewers.keys().next().value ?? '')
      viewers.set(user, { openedAt: clock.now(), shown: undefined })
      waker.abort()
    },
    stop: async () => {
      stopping.abort()
      await loop
    },
  }
}

interface Seen {
  readonly facts: HomeFacts
  /** Names what is shown of them, to whomever. */
  readonly state: string
  readonly at: Instant
  /** The address of a request's card, looked up once for everybody. */
  linkTo(request: Request): Promise<string | undefined>
}

/**
 * `links`: addresses of cards, by channel and message: a card that somebody deleted is another message once it is back.
 */
async function look(
  deps: HomeDeps,
  { links, seen }: { readonly links: Map<string, string>; readonly seen: HomeFacts['running'] },
): Promise<Seen> {
  const facts = await homeFacts(deps, seen)
  const at = deps.clock.now()
  const found = new Map<string, Promise<string | undefined>>()
  const find = async ({ id, channel }: Request) => {
    const ts = (await deps.store.posted(id)).find(({ slot }) => slot === CARD)?.ts
    if (!ts) return undefined
    const message = `${channel} ${ts}`
    const link = links.get(message) ?? (await deps.web.permalink(channel, ts))
    if (links.size > MOST_LINKS) links.clear()
    if (link) links.set(message, link)
    return link
  }
  const linkTo = (request: Request) => {
    const known = found.get(request.id) ?? find(request)
    found.set(request.id, known)
    return known
  }
  return { facts, state: stateOf(facts, at), at, linkTo }
}

/** What all share, as it is shown, since a look of the watch becomes old by itself; of each open request its state. */
function stateOf({ open, ...shared }: HomeFacts, now: Instant): string {
  const { blocks } = homeView({ ...shared, waiting: [], mine: [], isWhole: true }, { links: new Map(), now })
  const each = open.map((request) => [request.id, request.state, 'decisions' in request && request.decisions.length])
  return sha256(JSON.stringify([blocks, each]))
}

async function viewFor(deps: HomeDeps, user: string, { facts, at, linkTo }: Seen): Promise<types.HomeView> {
  const home = await homeFor(deps, facts, user)
  if (isRefusal(home)) return strangerHome(explain(home))
  const { waiting, mine, running, ended } = home
  const shown = [waiting, mine, running.map(({ request }) => request), ended].flatMap((part) => part.slice(0, SHOWN))
  const found = await Promise.all(shown.map(async (request) => [request.id, await linkTo(request)] as const))
  const links = new Map(found.flatMap(([id, link]) => (link ? [[id, link] as const] : [])))
  return homeView(home, { links, now: at })
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
