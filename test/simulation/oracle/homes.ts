import { isCard } from '../slack/cards.ts'
import { permalinkOf, type ShownBlock } from '../slack/channel.ts'
import { CHANNEL, EVERYBODY, GROUPED, LISTED } from '../slack/people.ts'
import type { Stage } from '../stage.ts'
import { MINUTE, SECOND } from '../time.ts'
import { auditOf, ENDS, FACES, type RequestDoc, rowsOf } from './records.ts'
import { SAYS, type WatchDoc } from './watch.ts'

/** What stands on a home tab: in which part, about which request. */
interface Line {
  readonly part: string
  readonly text: string
  readonly id?: string
  readonly link?: string
}

/**
 * From what is read of the store to what is shown: Slack is asked in between, and may be slow. Who may decide is asked
 * once a minute.
 */
const LAG_MS = 30 * SECOND

/**
 * What home tabs ever showed: nobody sees as theirs to decide what is not, nor what is over as going on; outcomes are
 * those that were; strangers see nothing.
 */
export function judgeHomes(stage: Stage, requests: readonly RequestDoc[]): string[] {
  const lefts = whenDecided(stage, requests)
  return stage.channel.homes.flatMap(({ at, user, blocks }) =>
    linesOf(blocks).flatMap((line) => {
      const said = (problem: string) => [`the home of ${user} shows ${line.id} under "${line.part}", ${problem}`]
      if (user === 'U0GUEST') return said('a guest')
      if (line.text === 'Nothing that you may decide.') return waitsAfterAll(stage, { at, user, requests })
      if (line.id === undefined || stage.broken.has(line.id)) return []
      const request = requests.find(({ id }) => id === line.id)
      if (!request) return said('which is not stored')
      const problem = wrongIn(stage, line, { at, user, request, left: lefts.get(request.id) })
      return problem ? said(problem) : []
    }),
  )
}

interface SaysNothing {
  readonly at: number
  readonly user: string
  readonly requests: readonly RequestDoc[]
}

/** Requests that waited for this person all the while. */
function waitsAfterAll(stage: Stage, { at, user, requests }: SaysNothing): string[] {
  const { people, broken } = stage
  const since = at - LAG_MS
  if (!people.mayDecide(user, since - MINUTE, at)) return []
  // One may be pending again: an approval can be lost.
  const decided = new Set(
    auditOf(stage).flatMap((row) =>
      row.at <= at && (row.type === 'approved' || ENDS.has(row.type)) ? row.request_id : [],
    ),
  )
  const waiting = requests.filter(
    ({ id, isWatch, requestedBy, requestedAt, expiresAt, decisions }) =>
      !isWatch &&
      !broken.has(id) &&
      !decided.has(id) &&
      requestedBy !== user &&
      requestedAt < since &&
      expiresAt > at &&
      !decisions.some((decision) => decision.by === user && decision.at <= at),
  )
  return waiting.map(({ id }) => `the home of ${user} says that nothing is theirs to decide, and ${id} is`)
}

interface Shown {
  readonly at: number
  readonly user: string
  readonly request: RequestDoc
  /** When it was no longer to be decided. */
  readonly left: number | undefined
}

function wrongIn({ people }: Stage, { part, text }: Line, { at, user, request, left }: Shown): string | undefined {
  const since = at - LAG_MS
  switch (part) {
    case 'Waiting for you': {
      if (request.requestedBy === user) return 'of which they are the requester'
      if (!people.mightDecide(user, since - MINUTE, at)) return 'which they may not decide'
      if (left !== undefined && left < since) return 'which had been decided'
      const done = request.decisions.find((decision) => decision.by === user && decision.at < since)
      return done && 'which they had decided'
    }
    case 'Yours':
      return request.requestedBy === user ? undefined : 'which somebody else asked for'
    case 'Running now': {
      const isOver = request.finishedAt !== undefined && request.finishedAt < since
      return isOver || (request.startedAt ?? at) > at ? 'which does not run' : undefined
    }
    case 'Last outcomes': {
      if ((request.finishedAt ?? at + 1) > at) return 'which has not ended'
      return text.includes(FACES[request.state] ?? '?') ? undefined : `as "${text}": it is ${request.state}`
    }
    default:
      return `in a part that nobody knows: ${part}`
  }
}

/** When a request was decided, or ended undecided. */
function whenDecided(stage: Stage, requests: readonly RequestDoc[]): ReadonlyMap<string, number> {
  const rows = auditOf(stage)
  return new Map(
    requests.flatMap(({ id, approvedAt }) => {
      const left = approvedAt ?? rows.find((row) => row.request_id === id && ENDS.has(row.type))?.at
      return left === undefined ? [] : [[id, left] as const]
    }),
  )
}

/**
 * Homes that everybody has open, a while after the last change: what waits for each is all that waits, links lead to
 * cards that stand there, and routes stand as the watch found them.
 */
export function judgeOpenHomes(stage: Stage, requests: readonly RequestDoc[]): string[] {
  const pending = requests.filter(({ id, state }) => state === 'pending' && !stage.broken.has(id))
  const deciders: readonly string[] = [...LISTED, ...GROUPED]
  return EVERYBODY.flatMap((user) => {
    const said = (problem: string) => [`the home that ${user} has open ${problem}`]
    const shown = stage.channel.homes.findLast((home) => home.user === user)
    if (!shown) return said('shows nothing')
    const lines = linesOf(shown.blocks)
    const ids = (part: string) => lines.flatMap((line) => (line.part === part ? (line.id ?? []) : [])).sort()
    const missing = (wanted: readonly RequestDoc[], part: string) => {
      const found = ids(part)
      // Ten of a part are shown.
      if (wanted.length > 10 || wanted.every(({ id }) => found.includes(id))) return []
      return said(`lacks under "${part}" one of ${wanted.map(({ id }) => id).join(' ')}`)
    }
    if (user === 'U0GUEST') return []
    const waiting = pending.filter(
      ({ requestedBy, decisions }) =>
        deciders.includes(user) && requestedBy !== user && !decisions.some(({ by }) => by === user),
    )
    const own = pending.filter(({ requestedBy }) => requestedBy === user)
    return [
      ...missing(waiting, 'Waiting for you'),
      ...missing(own, 'Yours'),
      ...deadLinks(stage, lines).flatMap((id) => said(`has a dead link for ${id}`)),
      ...wrongRoutes(stage, lines).flatMap(said),
    ]
  })
}

/** Of requests whose card stands in the channel. */
function deadLinks({ channel }: Stage, lines: readonly Line[]): readonly string[] {
  const cards = channel.posted.filter((posted) => isCard(posted) && !posted.isDeleted)
  return lines.flatMap(({ id, link }) => {
    const card = cards.find(({ mark }) => mark?.request === id)
    return id !== undefined && card && link !== undefined && link !== permalinkOf(CHANNEL, card.ts) ? [id] : []
  })
}

function wrongRoutes({ database, landscape, time }: Stage, lines: readonly Line[]): readonly string[] {
  const watches: readonly WatchDoc[] = rowsOf(database.raw.prepare('select doc as text from watches').all())
  const texts = lines.filter(({ part }) => part === 'Routes').map(({ text }) => text)
  return landscape.routes.flatMap(({ source, destination, watch }) => {
    const alias = `\`${destination.alias}\``
    const text = texts.find((one) => one.slice(0, 120).includes(alias))
    if (text === undefined) return [`does not show the route to ${alias}`]
    const stored = watches.find(({ route }) => route === `${source.clusterId}>${destination.clusterId}`)
    const { found } = stored ?? {}
    if (!watch || !found) return /in sync with|has all that/.test(text) ? [`says "${text}", nobody looked`] : []
    const isOld = time.now - found.at > 2 * watch.everyMs + 20 * SECOND
    return [
      ...(SAYS[found.verdict.kind]?.test(text) ? [] : [`says "${text}", found was ${found.verdict.kind}`]),
      ...(isOld && !/That look is old/.test(text) ? [`does not say that the look at ${alias} is old`] : []),
    ]
  })
}

function linesOf(blocks: readonly ShownBlock[]): readonly Line[] {
  let part = ''
  return blocks.flatMap((block): Line[] => {
    const text = block.text?.text ?? ''
    if (block.type === 'header') part = text
    if (block.type !== 'section' || part === '') return []
    const [, link, linked, bare] = /^\S+ (?:<(\S+)\|(\w{6})>|`(\w{6})`) · /u.exec(text) ?? []
    const id = linked ?? bare
    return [{ part, text, ...(id === undefined ? {} : { id }), ...(link === undefined ? {} : { link }) }]
  })
}
