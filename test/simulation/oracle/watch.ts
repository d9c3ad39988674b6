import { textOf } from '../slack/cards.ts'
import type { Stage } from '../stage.ts'
import type { Visitors } from '../visitors.ts'
import { FOREVER } from '../world/hsms.ts'
import { type Behind, judgeBehind } from './behind.ts'
import { deedsOf, told } from './operations.ts'
import { judgeInSync } from './outcomes.ts'
import { type AuditDoc, auditOf, type RequestDoc, rowsOf } from './records.ts'

/** What people read of each verdict. */
export const SAYS: Readonly<Record<string, RegExp>> = {
  'in-sync': /is in sync with|has all that/,
  behind: /behind|nothing missing that a sync would copy/,
  unknown: /Could not look whether/,
}

type VerdictDoc = { readonly kind: 'in-sync' | 'unknown' } | (Behind & { readonly kind: 'behind' })

export interface WatchDoc {
  readonly route: string
  readonly edition: number
  readonly paused?: string
  readonly found?: { readonly request: string; readonly at: number; readonly verdict: VerdictDoc }
}

/**
 * The watch only reads, on routes that are watched, and not after a failed login; what its message says is what is
 * stored, and where that is *in sync*, it is true of the HSMs.
 */
export function judgeWatch(stage: Stage, visitors: Visitors, requests: readonly RequestDoc[]): string[] {
  const looks = requests.filter(({ isWatch }) => isWatch)
  const watches: readonly WatchDoc[] = rowsOf(stage.database.raw.prepare('select doc as text from watches').all())
  const isWatched = stage.landscape.routes.some(({ watch }) => watch)
  if (!isWatched) return [...looks, ...watches].map(() => 'something is watched, and the settings say nothing of it')
  const resumes = auditOf(stage).filter(({ type }) => type === 'watch-resumed')
  return [
    ...looks.flatMap((look) => judgeLook(stage, look).map((problem) => `look ${look.id}: ${problem}`)),
    ...judgePauses(stage, looks, resumes),
    ...judgeBars(stage, requests, resumes),
    ...judgeResumes(stage, visitors, resumes),
    ...judgeExactly(stage, visitors, requests),
    ...watches.flatMap((watch) =>
      judgeMessage(stage, watch, requests).map((problem) => `watch ${watch.route}: ${problem}`),
    ),
  ]
}

function judgeLook({ hsms, channel }: Stage, { id, spec, requestedBy }: RequestDoc): string[] {
  const write = deedsOf(hsms.deeds, id).find(({ did }) => did === 'user' || did === 'key')
  return [
    ...(write ? [told(write)] : []),
    ...(spec.mode === 'plan' && requestedBy === 'bot' ? [] : [`${requestedBy} asked, mode ${spec.mode}`]),
    ...(channel.posted.some(({ mark }) => mark?.request === id) ? ['it has a message of its own'] : []),
  ]
}

/** After a failed login nothing is begun on the bastion, of which there is one, before somebody says so. */
function judgePauses({ hsms }: Stage, looks: readonly RequestDoc[], resumes: readonly AuditDoc[]): string[] {
  return looks.flatMap((look) => {
    const failed = deedsOf(hsms.deeds, look.id).find((deed) => deed.did === 'login' && !deed.ok)
    if (!failed || look.outcome?.stop?.code === 'lost') return []
    const resumed = resumes.find(({ at, facts }) => at > failed.at && facts.route === watchOf(look))
    const next = looks.find(
      (other) => other !== look && other.requestedAt > failed.at && other.requestedAt < (resumed?.at ?? FOREVER),
    )
    return next ? [`look ${next.id} was begun although ${told(failed)}`] : []
  })
}

function watchOf({ spec }: RequestDoc): string {
  return `${spec.source.clusterId}>${spec.destination.clusterId}`
}

/** Whoever lets a watch look again is an approver who pressed it. */
function judgeResumes({ people, weather }: Stage, { resumed }: Visitors, rows: readonly AuditDoc[]): string[] {
  const pressed = rows.flatMap(({ at, actor, facts }) => {
    const click = resumed.find(
      ({ by, route, from, to }) => by === actor && route === facts.route && from <= at && at <= to,
    )
    if (!click) return [`${actor} let the watch of ${facts.route} look again, and never pressed that`]
    return people.mightDecide(actor, click.from, at) ? [] : [`${actor} let the watch look again, and approves nothing`]
  })
  const told = resumed.flatMap(({ by, from, to, answer }) => {
    const isRecorded = rows.some(({ at, actor }) => actor === by && from <= at && at <= to)
    return answer === 'it looks again' && !isRecorded ? [`${by} is told that the watch looks again: no record`] : []
  })
  const unanswered = resumed
    .filter(({ acknowledgedAt = FOREVER, answer, told }) => acknowledgedAt < weather.clearFrom && !answer && !told)
    .map(({ by }) => `acknowledged, and never answered: ${by} lets a watch look again`)
  return [...pressed, ...told, ...unanswered]
}

/** Asked for is exactly as much as the message said. */
function judgeExactly({ engine }: Stage, { exactly }: Visitors, requests: readonly RequestDoc[]): string[] {
  return requests.flatMap(({ id, reason, spec: { scope } }) => {
    const [, look] = /^exactly what comparison (\w+) found/.exec(reason) ?? []
    if (look === undefined) return []
    const said = (kind: string) =>
      exactly
        .filter(({ request }) => request === look)
        .map(({ text }) => new RegExp(`(\\d+) ${kind}s?\\b`).exec(text)?.[1] ?? '0')
    const wrong = (
      [
        ['user', scope.users],
        ['key', scope.keys],
      ] as const
    ).find(
      ([kind, { kind: selection, items = [] }]) =>
        !said(kind).includes(`${items.length}`) || selection !== (items.length === 0 ? 'none' : 'listed'),
    )
    return wrong
      ? [
          `request ${id} (${engine}) is for ${JSON.stringify(wrong[1])}, the message said ${said(wrong[0]).join()} ${wrong[0]}s`,
        ]
      : []
  })
}

/**
 * Nor after a failed login in a request of somebody, until one has worked between the same clusters, or somebody says so:
 * there is one bastion, and one officer, with a password on each cluster.
 */
function judgeBars({ hsms }: Stage, requests: readonly RequestDoc[], resumes: readonly AuditDoc[]): string[] {
  return requests.flatMap(({ id, isWatch, finishedAt }) => {
    if (isWatch || finishedAt === undefined) return []
    const failed = deedsOf(hsms.deeds, id).find((deed) => deed.did === 'login' && !deed.ok)
    if (!failed) return []
    const looks = requests.filter((other) => other.isWatch && other.requestedAt > finishedAt)
    const bad = looks.find((look) => {
      if (resumes.some(({ at }) => at >= finishedAt && at < look.requestedAt)) return false
      const same = requests.filter(({ spec }) => spec.destination.clusterId === look.spec.destination.clusterId)
      return !same.some((other) =>
        deedsOf(hsms.deeds, other.id).some(
          (deed) => deed.did === 'login' && deed.ok && deed.at > failed.at && deed.at < look.requestedAt,
        ),
      )
    })
    return bad ? [`look ${bad.id} was begun although ${told(failed)}`] : []
  })
}

/**
 * A login that failed in a request that nobody can read any more is one that nobody knows of: no look comes after the
 * request was put away, before a person says so or somebody's login has worked there.
 */
export function judgeLostLogins(stage: Stage, requests: readonly RequestDoc[]): string[] {
  const { hsms, broken } = stage
  const rows = auditOf(stage)
  return requests.flatMap(({ id, spec }) => {
    const failed = broken.has(id) && deedsOf(hsms.deeds, id).find((deed) => deed.did === 'login' && !deed.ok)
    const end = rows.find((row) => row.type === 'abandoned' && row.request_id === id)
    if (!failed || !end) return []
    const bad = requests.find(({ isWatch, requestedAt, spec: { destination }, ...look }) => {
      if (!isWatch || look.id === id || requestedAt <= end.at) return false
      if (rows.some(({ type, at }) => type === 'watch-resumed' && at >= end.at && at < requestedAt)) return false
      return !requests.some(
        (other) =>
          other.spec.destination.clusterId === destination.clusterId &&
          deedsOf(hsms.deeds, other.id).some(
            (deed) => deed.did === 'login' && deed.ok && deed.at > failed.at && deed.at < requestedAt,
          ),
      )
    })
    return bad ? [`look ${bad.id} was begun although ${told(failed)}, of ${spec.destination.clusterId}`] : []
  })
}

function judgeMessage(
  { channel, weather, time, ...rest }: Stage,
  watch: WatchDoc,
  requests: readonly RequestDoc[],
): string[] {
  const stage = { channel, weather, time, ...rest } as Stage
  const shown = channel.posted.filter(({ mark, isDeleted }) => mark?.request === `watch:${watch.route}` && !isDeleted)
  const newest = shown.filter(({ mark }) => mark?.slot === `${watch.edition}`)
  const twice = shown.find((one) => shown.some((other) => other !== one && other.mark?.slot === one.mark?.slot))
  const problems = twice ? [`edition ${twice.mark?.slot} stands twice`] : []
  if (!watch.found) return problems
  const [message] = newest
  const text = message ? textOf(message.message) : ''
  const { verdict } = watch.found
  const { kind } = verdict
  const face = SAYS[kind] ?? /^$/
  // What was found a moment ago may not be shown yet.
  if (message && !face.test(text) && weather.isClear() && !isFresh(stage, watch, requests))
    problems.push(`its message says "${text.slice(0, 120)}", found was ${kind}`)
  const look = requests.find(({ id }) => id === watch.found?.request)
  if (kind === 'in-sync' && look) problems.push(...judgeInSync(stage, look))
  if (verdict.kind === 'behind' && look) problems.push(...judgeBehind(stage, look, verdict))
  return problems
}

const SHOWN_WITHIN_MS = 3 * 60_000

function isFresh({ time }: Stage, { found }: WatchDoc, requests: readonly RequestDoc[]): boolean {
  const look = requests.find(({ id }) => id === found?.request)
  return !look?.finishedAt || time.now - look.finishedAt < SHOWN_WITHIN_MS
}
