import { type Home, homeFacts, homeFor } from '../../../application/home.ts'
import type { Deps } from '../../../application/ports.ts'
import { canonicalJson, sha256 } from '../../../domain/digest.ts'
import { isRefusal } from '../../../domain/refusal.ts'
import { describeError } from '../../../log.ts'
import type { Web } from '../api/web.ts'
import { explain } from '../views/explain.ts'
import { homeView, strangerHome } from '../views/home.ts'
import { CARD } from '../views/thread.ts'

type HomeDeps = Pick<Deps, 'store' | 'engines' | 'landscape' | 'workspace' | 'clock' | 'log'> & { readonly web: Web }

/** Whoever opened it that long ago is taken to look at it no more. Slack does not tell when somebody leaves. */
const LOOKED_AT_MS = 30 * 60_000
const TICK_MS = 5_000
const MOST_VIEWERS = 200
const MOST_LINKS = 500

export interface HomeTabs {
  /** Somebody opened their home tab. */
  opened(user: string): void
  stop(): Promise<void>
}

/**
 * Home tabs: shown when opened, and kept up to date for half an hour. The store is looked at every few seconds; Slack
 * is asked and written to only where something has changed. After a restart a home is up to date again once it is
 * opened.
 */
export function startHomeTabs(deps: HomeDeps): HomeTabs {
  const { clock, log } = deps
  /** By person: when it was opened, and what of the store is shown there; nothing yet where it is undefined. */
  const viewers = new Map<string, { openedAt: number; shown: string | undefined }>()
  const links = new Map<string, string>()
  const stopping = new AbortController()
  let waker = new AbortController()

  const tick = async () => {
    const now = clock.now()
    for (const [user, { openedAt }] of viewers) if (now - openedAt > LOOKED_AT_MS) viewers.delete(user)
    if (viewers.size === 0) return
    const facts = await homeFacts(deps)
    const state = sha256(canonicalJson(JSON.parse(JSON.stringify(facts))))
    for (const [user, viewer] of viewers) {
      if (viewer.shown === state || stopping.signal.aborted) continue
      try {
        const home = await homeFor(deps, facts, user)
        if (!isRefusal(home)) await findLinks(deps, home, links)
        const view = isRefusal(home) ? strangerHome(explain(home)) : homeView(home, { links, now })
        await deps.web.publishHome(user, view)
        viewer.shown = state
      } catch (error) {
        log.warn({ user, error: describeError(error) }, 'could not show a home tab')
      }
    }
  }
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await tick().catch((error: unknown) => log.warn({ error: describeError(error) }, 'could not look for home tabs'))
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

/** The addresses of cards that are not known yet; they never change. */
async function findLinks(
  { store, web }: HomeDeps,
  home: Pick<Home, 'waiting' | 'mine' | 'running' | 'ended'>,
  links: Map<string, string>,
): Promise<void> {
  if (links.size > MOST_LINKS) links.clear()
  const shown = [...home.waiting, ...home.mine, ...home.running.map(({ request }) => request), ...home.ended]
  for (const { id, channel } of shown) {
    if (links.has(id)) continue
    const card = (await store.posted(id)).find(({ slot }) => slot === CARD)
    const link = card?.ts && (await web.permalink(channel, card.ts))
    if (link) links.set(id, link)
  }
}
