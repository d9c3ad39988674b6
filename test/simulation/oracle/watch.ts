import { textOf } from '../slack/cards.ts'
import type { Stage } from '../stage.ts'
import { deedsOf, told } from './operations.ts'
import { judgeInSync } from './outcomes.ts'
import { type RequestDoc, rowsOf } from './records.ts'

interface WatchDoc {
  readonly route: string
  readonly edition: number
  readonly paused?: string
  readonly found?: { readonly request: string; readonly verdict: { readonly kind: string } }
}

/**
 * The watch only reads, on routes that are watched, and not after a failed login; what its message says is what is
 * stored, and where that is *in sync*, it is true of the HSMs.
 */
export function judgeWatch(stage: Stage, requests: readonly RequestDoc[]): string[] {
  const looks = requests.filter(({ isWatch }) => isWatch)
  const watches: readonly WatchDoc[] = rowsOf(stage.database.raw.prepare('select doc as text from watches').all())
  const isWatched = stage.landscape.routes.some(({ watch }) => watch)
  if (!isWatched) return [...looks, ...watches].map(() => 'something is watched, and the settings say nothing of it')
  return [
    ...looks.flatMap((look) => judgeLook(stage, look).map((problem) => `look ${look.id}: ${problem}`)),
    ...judgePauses(stage, looks),
    ...judgeBars(stage, requests),
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

/** Nobody says "go on" in here, so that after a failed login nothing is begun any more. */
function judgePauses({ hsms }: Stage, looks: readonly RequestDoc[]): string[] {
  return looks.flatMap((look) => {
    const failed = deedsOf(hsms.deeds, look.id).find((deed) => deed.did === 'login' && !deed.ok)
    if (!failed || look.outcome?.stop?.code === 'lost') return []
    const { clusterId } = look.spec.destination
    const next = looks.find(
      (other) => other.spec.destination.clusterId === clusterId && other.requestedAt > failed.at && other !== look,
    )
    return next ? [`look ${next.id} was begun although ${told(failed)}`] : []
  })
}

/**
 * Nor after a failed login in a request of somebody, until one has worked between the same clusters: there is one
 * bastion, and one officer, with a password on each cluster.
 */
function judgeBars({ hsms }: Stage, requests: readonly RequestDoc[]): string[] {
  return requests.flatMap(({ id, isWatch, finishedAt, outcome }) => {
    if (isWatch || finishedAt === undefined || outcome?.stop?.code !== 'login-failed') return []
    const failed = deedsOf(hsms.deeds, id).find((deed) => deed.did === 'login' && !deed.ok)
    if (!failed) return []
    const looks = requests.filter((other) => other.isWatch && other.requestedAt > finishedAt)
    const bad = looks.find((look) => {
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
  const { kind } = watch.found.verdict
  const faces = { 'in-sync': /is in sync with|has all that/, behind: /behind/, unknown: /Could not look whether/ }
  const face = Object.entries(faces).find(([name]) => name === kind)?.[1] ?? /^$/
  // What was found a moment ago may not be shown yet.
  if (message && !face.test(text) && weather.isClear() && !isFresh(stage, watch, requests))
    problems.push(`its message says "${text.slice(0, 120)}", found was ${kind}`)
  const look = requests.find(({ id }) => id === watch.found?.request)
  if (kind === 'in-sync' && look) problems.push(...judgeInSync(stage, look))
  return problems
}

const SHOWN_WITHIN_MS = 3 * 60_000

function isFresh({ time }: Stage, { found }: WatchDoc, requests: readonly RequestDoc[]): boolean {
  const look = requests.find(({ id }) => id === found?.request)
  return !look?.finishedAt || time.now - look.finishedAt < SHOWN_WITHIN_MS
}
