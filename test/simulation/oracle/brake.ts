import { OPERATORS } from '../brake.ts'
import { GROUPED, LISTED } from '../slack/people.ts'
import type { Stage } from '../stage.ts'
import { SECOND } from '../time.ts'
import { type AuditDoc, auditOf, type RequestDoc, stepsOf } from './records.ts'

/** Between the look at the brake and what follows from it the store may be asked a few times more. */
const GRACE_MS = 2 * SECOND

interface Span {
  readonly from: number
  readonly to: number
}

/**
 * While the brake is on nothing starts and nothing more is written; who used it may; a calendar that is not known to be
 * open holds too.
 */
export function judgeBrake(stage: Stage, requests: readonly RequestDoc[]): string[] {
  const rows = auditOf(stage)
  const frozen = frozenSpans(rows)
  const held = stage.calendar.isThere ? stage.calendar.closures : []
  return [
    ...rows.flatMap(unentitled),
    ...requests.flatMap((request) => [
      ...started(request, frozen, 'the brake was on'),
      // A calendar is for changes, and a look of the watch is none.
      ...started(request, request.isWatch ? [] : held, 'the calendar was not known to be open'),
      ...written(stage, request, frozen),
      ...untrue(request, rows),
    ]),
  ]
}

function frozenSpans(rows: readonly AuditDoc[]): readonly Span[] {
  return rows.flatMap((row, at) => {
    if (row.type !== 'frozen') return []
    const lifted = rows.slice(at).find(({ type }) => type === 'unfrozen')
    return [{ from: row.at, to: lifted?.at ?? Number.MAX_SAFE_INTEGER }]
  })
}

function within(moment: number | undefined, spans: readonly Span[]): boolean {
  return moment !== undefined && spans.some(({ from, to }) => moment > from + GRACE_MS && moment < to)
}

/** A run that ended before its first step was not started: it could not be checked. */
function started({ id, startedAt, outcome }: RequestDoc, spans: readonly Span[], why: string): string[] {
  if (outcome?.stop?.code === 'could-not-check' || outcome?.stop?.code === 'broken') return []
  return within(startedAt, spans) ? [`${id} started although ${why}`] : []
}

function written(stage: Stage, { id }: RequestDoc, frozen: readonly Span[]): string[] {
  return stepsOf(stage, id)
    .filter(({ plan, plannedAt }) => plan.kind.startsWith('sync-') && within(plannedAt, frozen))
    .map(({ n }) => `step ${n} of ${id} was planned although the brake was on`)
}

/** That the brake stopped it is said only where it did. */
function untrue({ id, outcome }: RequestDoc, rows: readonly AuditDoc[]): string[] {
  const freeze = outcome?.frozen
  if (!outcome || !freeze) return []
  const isRecorded = rows.some((row) => row.type === 'frozen' && row.at === freeze.at && row.actor === freeze.by)
  return isRecorded && outcome.withdrawn ? [] : [`${id} says that a freeze stopped it, and the record knows of none`]
}

function unentitled({ type, actor }: AuditDoc): string[] {
  const may: readonly string[] = [
    ...OPERATORS.users,
    ...(type === 'frozen' ? [...LISTED, ...GROUPED] : ['operator root']),
  ]
  const isBrake = type === 'frozen' || type === 'unfrozen'
  return isBrake && !may.includes(actor) ? [`${actor} used the brake (${type}), and may not`] : []
}
