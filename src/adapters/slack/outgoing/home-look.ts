import type { types } from '@slack/bolt'
import { type HomeFacts, homeFacts, homeFor } from '../../../application/home.ts'
import type { Deps } from '../../../application/ports.ts'
import type { Instant } from '../../../domain/brand.ts'
import { sha256 } from '../../../domain/digest.ts'
import { isRefusal } from '../../../domain/refusal.ts'
import type { Request } from '../../../domain/request.ts'
import type { Web } from '../api/web.ts'
import { explain } from '../views/explain.ts'
import { homeView, SHOWN, strangerHome } from '../views/home.ts'
import { CARD } from '../views/thread.ts'

// One look at the store for all open Home tabs, and what one person sees of it.

export type HomeDeps = Pick<Deps, 'store' | 'engines' | 'landscape' | 'workspace' | 'clock'> & { readonly web: Web }

export type LinkOf = (channel: string, ts: string) => Promise<string | undefined>

export interface Seen {
  readonly facts: HomeFacts
  /** Names what is shown of them, to whomever. */
  readonly state: string
  readonly at: Instant
  /** The address of a request's card, looked up once for everybody. */
  linkTo(request: Request): Promise<string | undefined>
}

/** `linkOf`: the address of a message; one that somebody deleted has none, and is another one once it is back. */
export async function look(
  deps: HomeDeps,
  { linkOf, seen }: { readonly linkOf: LinkOf; readonly seen: HomeFacts['running'] },
): Promise<Seen> {
  const facts = await homeFacts(deps, seen)
  const at = deps.clock.now()
  const found = new Map<string, Promise<string | undefined>>()
  const find = async ({ id, channel }: Request) => {
    const ts = (await deps.store.posted(id)).find(({ slot }) => slot === CARD)?.ts
    return ts && linkOf(channel, ts)
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
  const { blocks } = homeView({ ...shared, waiting: [], mine: [], hasAllGroups: true }, { links: new Map(), now })
  const each = open.map((request) => [request.id, request.state, 'decisions' in request && request.decisions.length])
  return sha256(JSON.stringify([blocks, each]))
}

/**
 * What this person sees. `isWhole`: Slack told who they are and who is in every group, and each request that has a card
 * has its link, which it lacks until that is posted.
 */
export async function viewFor(
  deps: HomeDeps,
  user: string,
  { facts, at, linkTo }: Seen,
): Promise<{ readonly view: types.HomeView; readonly isWhole: boolean }> {
  const home = await homeFor(deps, facts, user)
  if (isRefusal(home)) return { view: strangerHome(explain(home)), isWhole: home.refused.code !== 'identity-unknown' }
  const { waiting, mine, running, ended } = home
  const shown = [waiting, mine, running.map(({ request }) => request), ended].flatMap((part) => part.slice(0, SHOWN))
  const found = await Promise.all(shown.map(async (request) => [request.id, await linkTo(request)] as const))
  const links = new Map(found.flatMap(([id, link]) => (link ? [[id, link] as const] : [])))
  const isWhole = home.hasAllGroups && shown.every(({ id, isWatch }) => isWatch || links.has(id))
  return { view: homeView(home, { links, now: at }), isWhole }
}
