import type { RouteStatus, Statuses } from '../../../application/list-status.ts'
import type { Instant } from '../../../domain/brand.ts'
import type { Freeze } from '../../../domain/freeze.ts'
import { isFinished } from '../../../domain/request.ts'
import { chunks, context, type Message, section } from './blocks.ts'
import { frozenText } from './frozen-text.ts'
import { STATE_FACES } from './states.ts'
import { askerText, code, when } from './text.ts'
import { unreadableBlocks } from './unreadable.ts'
import { isOld, stateLine } from './watch-text.ts'

const SHOWN = 25

/** All routes at a glance. */
export function statusView(
  { statuses, unreadable }: Statuses,
  { freeze, now }: { readonly freeze: Freeze | undefined; readonly now: Instant },
): Message {
  return {
    text: `How ${statuses.length === 1 ? 'the route stands' : `${statuses.length} routes stand`}`,
    blocks: [
      ...(freeze ? [section(`🧊 Nothing starts, because ${frozenText(freeze)}.`)] : []),
      ...chunks(statusLines(statuses, { now, hasAll: unreadable.ended.length === 0 }), 2800).map(section),
      ...unreadableBlocks([...unreadable.open, ...unreadable.ended]),
      context(`${code('/hsm-sync <source> <destination> mode=plan <reason>')} asks for a comparison now.`),
    ],
  }
}

interface Look {
  readonly now: Instant
  /** Whether all that ended lately could be read. */
  readonly hasAll: boolean
}

export function statusLines(statuses: readonly RouteStatus[], look: Look): readonly string[] {
  const more = statuses.length > SHOWN ? [`… and ${statuses.length - SHOWN} more: name a cluster.`] : []
  return [...statuses.slice(0, SHOWN).map((status) => lineOf(status, look)), ...more]
}

function lineOf({ route, watch, last, open }: RouteStatus, { now, hasAll }: Look): string {
  const { source, destination } = route
  const state = route.watch
    ? stateLine(route, watch ?? {})
    : `▫️ ${code(destination.alias)} is not watched: nobody compares it with ${code(source.alias)} but when asked.`
  const old = watch && route.watch && isOld(watch, route.watch.everyMs, now) ? [' ⚠️ That look is old.'] : []
  const parts = [
    ...(open ? [`open: ${STATE_FACES[open.state].icon} ${code(open.id)} by ${askerText(open)}`] : []),
    last && isFinished(last)
      ? `${hasAll ? 'last' : 'last that I can read'}: ${STATE_FACES[last.state].icon} ${last.spec.mode} ${code(last.id)} ${when(last.finishedAt)}`
      : hasAll
        ? 'nothing that people asked for has run lately'
        : 'nothing that I can read has run lately',
  ]
  return `${state}${old.join('')}\n   ${parts.join(' · ')}`
}
