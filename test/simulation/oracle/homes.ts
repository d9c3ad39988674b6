import { isCard } from '../slack/cards.ts'
import { permalinkOf, type ShownBlock } from '../slack/channel.ts'
import { CHANNEL, EVERYBODY, GROUPED, LISTED } from '../slack/people.ts'
import type { Stage } from '../stage.ts'
import { MINUTE, SECOND } from '../time.ts'
import { type AuditDoc, auditOf, ENDS, FACES, type RequestDoc, rowsOf } from './records.ts'
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
  const record = auditOf(stage)
  const lefts = whenDecided(record, requests)
  return stage.channel.homes.flatMap(({ at, user, blocks }) =>
    linesOf(blocks).flatMap((line) => {
      const said = (problem: string) => [`the home of ${user} shows ${line.id} under "${line.part}", ${problem}`]
      if (user === 'U0GUEST') return said('a guest')
      if (line.text.startsWith('Nothing')) return thereAfterAll(stage, { at, user, text: line.text, requests, record })
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
  readonly text: string
  readonly requests: readonly RequestDoc[]
  readonly record: readonly AuditDoc[]
}

/** What a home says there is none of, and there was all the while. */
function thereAfterAll({ people }: Stage, { at, user, text, requests, record }: SaysNothing): string[] {
  const since = at - LAG_MS
  const rows = record.filter((row) => row.at <= at)
  const idsOf = (isWanted: (row: AuditDoc) => boolean) =>
    new Set(rows.flatMap((row) => (isWanted(row) ? row.request_id : [])))
  const ended = idsOf(({ type }) => ENDS.has(type) || type === 'abandoned')
  const open = requests.filter(({ id, requestedAt }) => requestedAt < since && !ended.has(id))
  const there = () => {
    switch (text) {
      case 'Nothing that you may decide.': {
        if (!people.mayDecide(user, since - MINUTE, at)) return []
        // One may be pending again: an approval can be lost.
        const approved = idsOf(({ type }) => type === 'approved')
        return open.filter(
          ({ id, isWatch, requestedBy, expiresAt, decisions }) =>
            !isWatch &&
            !approved.has(id) &&
            requestedBy !== user &&
            expiresAt > at &&
            !decisions.some((decision) => decision.by === user && decision.at <= at),
        )
      }
      case 'Nothing that you asked for is open.':
        return open.filter(({ requestedBy }) => requestedBy === user)
      case 'Nothing.': {
        const running = idsOf(({ type, at: from }) => type === 'running' && from < since)
        return open.filter(({ id }) => running.has(id))
      }
      case 'Nothing that people asked for has run lately.': {
        const ran = idsOf(({ type, at: to }) => RAN.has(type) && to < since)
        return requests.filter(({ id, isWatch }) => !isWatch && ran.has(id))
      }
      default:
        return []
    }
  }
  return there().map(({ id }) => `the home of ${user} says "${text}", and there is ${id}`)
}

/** Ends of what has run, as far as anybody knows. */
const RAN: ReadonlySet<string> = new Set(['succeeded', 'partial', 'failed', 'unknown'])

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
function whenDecided(rows: readonly AuditDoc[], requests: readonly RequestDoc[]): ReadonlyMap<string, number> {
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
