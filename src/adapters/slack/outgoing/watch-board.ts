import { foundMissing } from '../../../application/ask-exactly.ts'
import { orUnreadable, viewRequest } from '../../../application/list-requests.ts'
import type { Deps } from '../../../application/ports.ts'
import { Unreadable, type WatchMessage } from '../../../application/store.ts'
import { type WatchedRoute, watchedRoutes } from '../../../application/watch-routes.ts'
import { canonicalJson, sha256 } from '../../../domain/digest.ts'
import { type Watch, watchKey } from '../../../domain/watch.ts'
import { GONE, SlackProblem, type Web } from '../api/web.ts'
import type { Message } from '../views/blocks.ts'
import { watchBeforeView, watchView } from '../views/watch-text.ts'
import type { Forms } from './forms.ts'
import { obstacleIn } from './private-notices.ts'

export type BoardDeps = Pick<Deps, 'store' | 'engines' | 'clock' | 'log' | 'holder' | 'workspace' | 'landscape'> & {
  readonly web: Web
  readonly forms: Forms
}

/** Longer than any single call to Slack takes; it is taken anew before each. */
const LEASE_MS = 30_000

/**
 * Brings the standing messages of all watched routes up to date: one a route, written in place, and a new one when it
 * became worse or came back; the older ones then say that they are past. What Slack does not take is tried again at the
 * next pass.
 */
export async function showWatches(deps: BoardDeps, signal: AbortSignal): Promise<void> {
  const routes = watchedRoutes(deps)
  const paused: WatchedRoute[] = []
  for (const route of routes) if ((await deps.store.watch(watchKey(route)))?.watch.paused) paused.push(route)
  for (const route of routes) {
    if (signal.aborted) return
    try {
      // Another route of the same bastion, whose watch waits for a person.
      const heldBy = paused.find((one) => one.bastion.instanceId === route.bastion.instanceId && one !== route)
      await showWatch(deps, route, heldBy)
    } catch (error) {
      deps.log.warn({ route: watchKey(route), error }, 'could not show what the watch found')
    }
  }
}

async function showWatch(deps: BoardDeps, route: WatchedRoute, heldBy: WatchedRoute | undefined): Promise<void> {
  const key = watchKey(route)
  const stored = await deps.store.watch(key)
  if (!stored?.watch.found && !stored?.watch.paused) return
  const { watch } = stored
  const wanted = watchView({
    route,
    watch,
    missing: await missingOf(deps, watch),
    heldBy,
    now: deps.clock.now(),
  })
  const messages = await deps.store.watchMessages(key)
  // The settings name another channel now: the message begins anew there.
  if (messages.some(({ edition, channel }) => edition === watch.edition && channel !== route.channel)) {
    await deps.store.saveWatch({ ...watch, edition: watch.edition + 1 }, stored.version)
    return
  }
  const past = watchBeforeView(route)
  const due = [
    { edition: watch.edition, message: wanted },
    ...messages.filter(({ edition }) => edition < watch.edition).map(({ edition }) => ({ edition, message: past })),
  ].filter(({ edition, message }) => {
    const known = messages.find((one) => one.edition === edition)
    return known?.status !== 'posted' || known.hash !== hashOf(message)
  })
  if (due.length === 0 || !(await keep(deps, key))) return
  // What was looked at before may have been shown, and become old, meanwhile.
  if ((await deps.store.watch(key))?.version !== stored.version) return
  for (const { edition, message } of due) {
    // As it is under the lease: another process may have shown it a moment ago.
    const known = (await deps.store.watchMessages(key)).find((one) => one.edition === edition)
    await show(deps, route, { known, edition, message, isPast: edition < watch.edition })
  }
}

interface Showing {
  readonly known: WatchMessage | undefined
  readonly edition: number
  readonly message: Message
  readonly isPast: boolean
}

/** Intent before effect: what was being posted when a process died is looked for first. */
async function show(deps: BoardDeps, route: WatchedRoute, { known, edition, message, isPast }: Showing): Promise<void> {
  const { store, web, forms, clock } = deps
  const key = watchKey(route)
  const hash = hashOf(message)
  if (known?.status === 'posted' && known.hash === hash) return
  const channel = known?.channel ?? route.channel
  const since = known?.since ?? clock.now()
  const save = (status: WatchMessage['status'], ts?: string) =>
    store.saveWatchMessage(key, { edition, status, hash, channel, since, ...(ts === undefined ? {} : { ts }) })
  const obstacle = await obstacleIn(deps, channel)
  // Of a channel that the route has left nothing more is expected.
  if (obstacle && isPast && channel !== route.channel) return save('posted', known?.ts)
  if (obstacle) throw new SlackProblem(obstacle, undefined)
  const mark = { request: `watch:${key}`, slot: `${edition}` }
  const mustKeep = async () => {
    if (!(await keep(deps, key))) throw new Error('another process writes the message of this watch now')
  }
  const ts = known?.ts ?? (known && (await web.find({ channel, since }, mark, mustKeep)))
  if (ts !== undefined) {
    await mustKeep()
    try {
      await forms.send(
        message,
        (form) => web.update(channel, ts, form, mark),
        () => undefined,
      )
      return await save('posted', ts)
    } catch (error) {
      if (!(error instanceof SlackProblem) || !GONE.has(error.code)) throw error
    }
    // Somebody deleted it.
  }
  // What is past is not posted any more.
  if (isPast) return await save('posted', ts)
  await save('posting')
  await mustKeep()
  await save(
    'posted',
    await forms.send(
      message,
      (form) => web.post(channel, form, { mark }),
      () => undefined,
    ),
  )
}

/** What a sync of exactly what was found would cover, as long as the comparison's steps are kept. */
async function missingOf(deps: BoardDeps, { found }: Watch) {
  if (found?.verdict.kind !== 'behind') return undefined
  const view = await viewRequest(deps, found.request).catch(orUnreadable)
  // The message says what was found all the same, and has the button that lets a paused watch go on.
  if (view instanceof Unreadable) {
    deps.log.error({ requestId: found.request, error: view }, 'what the watch found cannot be read any more')
    return undefined
  }
  return view && foundMissing(view)
}

function keep({ store, holder, clock }: BoardDeps, key: string): Promise<boolean> {
  const now = clock.now()
  return store.claimWatch(key, holder, now, now + LEASE_MS)
}

function hashOf(message: Message): string {
  return sha256(canonicalJson(message))
}
