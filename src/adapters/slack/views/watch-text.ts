import type { Instant } from '../../../domain/brand.ts'
import { isRefusal, type Refusal, refuse } from '../../../domain/refusal.ts'
import type { Route } from '../../../domain/route.ts'
import type { Scope } from '../../../domain/scope.ts'
import type { Uneven } from '../../../domain/uneven.ts'
import type { Verdict, Watch, WhyUnknown } from '../../../domain/watch.ts'
import { ACTIONS } from './actions.ts'
import { type Block, button, context, type Message, section } from './blocks.ts'
import { explain } from './explain.ts'
import { stopText } from './stop-text.ts'
import { code, count, duration, plain, when } from './text.ts'

/** A watched route and what is known of it. */
export interface WatchShown {
  readonly route: Pick<Route, 'source' | 'destination' | 'ticket'> & { readonly watch: { readonly everyMs: number } }
  readonly watch: Watch
  /** What a sync of exactly what was found missing would cover; a refusal where there is no such request. */
  readonly missing?: Scope | Refusal | undefined
  /** Another watched route of the same bastion, whose watch waits for a person. */
  readonly heldBy?: Pick<Route, 'source' | 'destination'> | undefined
  readonly now: Instant
}

/** The one standing message of a watched route. */
export function watchView({ route, watch, missing, heldBy, now }: WatchShown): Message {
  const { found, paused } = watch
  const text = `${stateLine(route, watch)}`
  const blocks: Block[] = [section(`*Watch* ${text}`)]
  if (found?.verdict.kind === 'behind' && missing && !isRefusal(missing) && route.ticket === undefined)
    blocks.push(exactlyThis(found.request))
  const inside = unevenText(found?.uneven ?? [], [route.source, route.destination])
  if (inside) blocks.push(section(inside))
  const next = nextLine(route, watch)
  if (next) blocks.push(section(next))
  if (isOld(watch, route.watch.everyMs, now))
    blocks.push(section(`⚠️ *That look is old.*${paused || heldBy ? '' : WAITS}`))
  if (paused) blocks.push(lookAgain(watch))
  else if (heldBy)
    blocks.push(
      section(
        `*No looks now:* on the same bastion the watch of ${code(heldBy.source.alias)} → ${code(heldBy.destination.alias)} waits for a person, because of a login.`,
      ),
    )
  const rhythm = `To be compared every ${duration(route.watch.everyMs)} by the settings; it lists, and never writes.`
  const by = found ? ` By comparison ${code(found.request)}: ${code(`/hsm-requests ${found.request}`)}.` : ''
  blocks.push(context(`${rhythm}${by}`))
  return { text, blocks }
}

/** What an older message of a route says once there is a newer one. */
export function watchBeforeView({ source, destination }: Pick<Route, 'source' | 'destination'>): Message {
  const text = `Watch of ${source.alias} → ${destination.alias}: this is past; what was found since stands in a newer message.`
  return { text, blocks: [context(text)] }
}

/** One line: how the destination stands. */
export function stateLine(
  { source, destination }: Pick<Route, 'source' | 'destination'>,
  { found, lastKnown, paused }: Pick<Watch, 'found' | 'lastKnown' | 'paused'>,
): string {
  const [from, to] = [code(source.alias), code(destination.alias)]
  const stopped = paused ? ' *No more looks until a person says so.*' : ''
  if (!found) return `⏳ No look of the watch has compared ${to} with ${from} yet.${stopped}`
  const { verdict, at, since } = found
  switch (verdict.kind) {
    case 'in-sync':
      return `✅ ${syncText(verdict, { from, to, at: when(at) })}${labelText(verdict.byLabel)}${stopped}`
    case 'behind':
      return `🟠 ${to} ${behindText(verdict, { is: 'is', from })}, looked at ${when(at)}; they differ at every look since ${when(since)}.${stopped}`
    case 'unknown':
      return `❔ Could not look whether ${to} is in sync with ${from} since ${when(since)}: ${whyText(verdict.why)}${knownText(lastKnown)}${stopped}`
    default:
      return verdict satisfies never
  }
}

/** In sync is said only where neither has what the other lacks. */
function syncText(
  { extra }: Verdict & { kind: 'in-sync' },
  { from, to, at }: { readonly from: string; readonly to: string; readonly at: string },
): string {
  if (extra.users + extra.keys === 0) return `${to} is in sync with ${from}, looked at ${at}.`
  const also = [extra.keys > 0 ? count(extra.keys, 'key') : '', extra.users > 0 ? count(extra.users, 'user') : '']
  const what = also.filter((part) => part !== '').join(' and ')
  return `${to} has all that ${from} has, looked at ${at}. It also has ${what} that ${from} lacks: no sync is for those.`
}

function behindText(
  { users, keys, others }: Verdict & { kind: 'behind' },
  { is, from }: { readonly is: 'is' | 'was'; readonly from: string },
): string {
  const missing = [keys > 0 ? count(keys, 'key') : '', users > 0 ? count(users, 'user') : ''].filter(
    (part) => part !== '',
  )
  const differs = others > 0 ? `${count(others, 'difference')} of another kind` : ''
  if (missing.length === 0)
    return `${is === 'is' ? 'has' : 'had'} ${differs} to ${from}, and nothing missing that a sync would copy`
  return `${is} ${missing.join(' and ')} behind${differs === '' ? '' : `, with ${differs} to`} ${from}`
}

function labelText(byLabel: number): string {
  return byLabel === 0
    ? ''
    : ` ${count(byLabel, 'key')} could be compared by reference and label only: an administrator's listing shows no more.`
}

function knownText(known: Watch['lastKnown']): string {
  if (!known) return ' No look of the watch has told how they stand so far.'
  const { verdict, at } = known
  return verdict.kind === 'behind'
    ? ` Looked at last ${when(at)}: it ${behindText(verdict, { is: 'was', from: 'the source' })}.`
    : ` Looked at last ${when(at)}: it had all that the source has.`
}

function whyText(why: WhyUnknown): string {
  switch (why.kind) {
    case 'refused':
      return explain(refuse(why.refused))
    case 'stopped':
      return stopText({ code: why.code, detail: '' }).what
    case 'changed':
      return `it was called off before it began${why.changed.length > 0 ? `: ${plain(why.changed.join(', '), 200)} had changed` : ''}.`
    case 'unlisted':
      return `${count(why.hsms, 'HSM')} of the destination ${why.hsms === 1 ? 'is' : 'are'} not active, and could not be listed.`
    default:
      return why satisfies never
  }
}

function exactlyThis(request: string): Block {
  const confirm = {
    title: 'Ask for exactly this?',
    text: 'A sync of exactly what this comparison found missing, named one by one. It runs only once it is approved.',
    yes: 'Ask',
    no: 'Not now',
  }
  return {
    type: 'actions',
    block_id: `watch:${request}`,
    elements: [button({ action: ACTIONS.askExactly, label: 'Request exactly this', value: request, confirm })],
  }
}

function lookAgain({ route }: Watch): Block {
  const confirm = {
    title: 'Look again?',
    text: 'The bot then logs in to the HSMs again. Do this once you know why a login failed: too many failures lock the user.',
    yes: 'Look again',
    no: 'Not now',
  }
  return {
    type: 'actions',
    block_id: `watch-paused:${route}`,
    elements: [button({ action: ACTIONS.watchAgain, label: 'Look again', value: route, confirm })],
  }
}

/** What a person may do about it. */
function nextLine({ source, destination, ticket }: WatchShown['route'], { found, paused }: Watch): string | undefined {
  if (paused)
    return `*Next:* in request ${code(paused)} a login failed, may have failed, or was not risked. Find out why before anything logs in again; an approver of this route may then go on.`
  if (found?.verdict.kind !== 'behind') return undefined
  if (ticket !== undefined)
    return `*Next:* ask for it with its ticket: ${code(`/hsm-sync ${source.alias} ${destination.alias} <reason with ${ticket}>`)}.`
  if (found.verdict.users + found.verdict.keys === 0)
    return `*Next:* nothing is missing that a sync would copy; ${code(`/hsm-requests ${found.request}`)} names what differs.`
  return undefined
}

/** Users that not every HSM of a cluster has, and what to do about it. */
export function unevenText(
  uneven: readonly Uneven[],
  sides: readonly { readonly alias: string; readonly clusterId: string }[],
): string | undefined {
  const lines = sides.flatMap(({ alias, clusterId }) => {
    const users = uneven.filter((one) => one.clusterId === clusterId)
    if (users.length === 0) return []
    const named = users.slice(0, SHOWN_UNEVEN).map(({ user, what }) => `${code(user)} (${plain(what, 160)})`)
    const more = users.length > SHOWN_UNEVEN ? [`and ${users.length - SHOWN_UNEVEN} more`] : []
    return [`⚠️ *Inside ${code(alias)}* not every HSM has the same: ${[...named, ...more].join(', ')}.`]
  })
  if (lines.length === 0) return undefined
  return `${lines.join('\n')}\nNothing spreads users between the HSMs of one cluster. A sync copies to each HSM what the source has; else repair the user there (AWS user guide: *troubleshooting*, inconsistent values).`
}

const SHOWN_UNEVEN = 5

/** How soon a line about a route is old: twice its rhythm. */
export function isOld(watch: Watch, everyMs: number, now: Instant): boolean {
  return watch.found !== undefined && now - watch.found.at > 2 * everyMs
}

/** What a look waits for. */
const WAITS =
  ' Looks wait while syncs are frozen, while something else has the destination or logs in from its bastion, and while a request that may run cannot be read.'
