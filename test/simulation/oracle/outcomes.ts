import type { Stage } from '../stage.ts'
import { MINUTE } from '../time.ts'
import { judgeCounts } from './counts.ts'
import { deedsOf, told } from './operations.ts'
import {
  destinationsOf,
  mayHaveKey,
  mayHaveUser,
  type PlaceTruth,
  type Span,
  sourceOf,
  surelyHasKey,
  surelyHasUser,
  wantedKeys,
  wantedUsers,
} from './presence.ts'
import { type OutcomeDoc, type RequestDoc, type StepDoc, stepsOf } from './records.ts'

/** Every statement of an outcome report is true of the HSMs. */
export function judgeOutcomes(stage: Stage, requests: readonly RequestDoc[]): string[] {
  return requests.flatMap((request) => {
    const steps = stepsOf(stage, request.id)
    const problems = [
      ...judgeSteps(stage, request, steps),
      ...judgePauses(stage, request, steps),
      ...(request.outcome ? judgeReport(stage, request, { outcome: request.outcome, steps }) : []),
    ]
    return problems.map((problem) => `request ${request.id} (${request.state}): ${problem}`)
  })
}

/** What is stored of a step: that it never ran, or only read. */
function judgeSteps({ hsms }: Stage, { id }: RequestDoc, steps: readonly StepDoc[]): string[] {
  return steps.flatMap(({ n, end, finding }) => {
    const isNothing = end?.kind === 'refused' || end?.kind === 'sealed' || finding?.evidence === 'nothing-sent'
    const deeds = hsms.deeds.filter(
      ({ operation, did }) => operation === `${id}.${n}` && did !== 'start' && did !== 'end',
    )
    const write = deeds.find(({ did }) => did !== 'login')
    const [deed] = deeds
    if (isNothing && deed) return [`step ${n} is said to have sent nothing, but ${told(deed)}`]
    if (finding?.evidence === 'only-reads-sent' && write)
      return [`step ${n} is said to have sent reads only, but ${told(write)}`]
    return []
  })
}

/**
 * Between what was planned last and what is planned next, and between a plan and its beginning on the bastion; with a
 * minute for what stands between.
 */
const LONGEST_PAUSE_MS = 31 * MINUTE
const BEGINS_WITHIN_MS = 16 * MINUTE

/**
 * A run that lay still for too long writes nothing more from what it listed before; nor does a version that was not
 * approved.
 */
function judgePauses({ hsms, updates, isPair }: Stage, { id, spec }: RequestDoc, steps: readonly StepDoc[]): string[] {
  let last: number | undefined
  let paused = 0
  for (const { n, plannedAt } of steps) {
    if (last !== undefined) paused = Math.max(paused, plannedAt - last)
    last = plannedAt
    const write = hsms.deeds.find(
      ({ operation, did }) => operation === `${id}.${n}` && (did === 'user' || did === 'key'),
    )
    if (!write) continue
    if (paused > LONGEST_PAUSE_MS) return [`after a pause of ${Math.round(paused / MINUTE)} minutes ${told(write)}`]
    const began = hsms.deeds.find(({ operation, did }) => operation === `${id}.${n}` && did === 'start')
    if (began && began.at - plannedAt > BEGINS_WITHIN_MS)
      return [`planned ${Math.round((began.at - plannedAt) / MINUTE)} minutes before ${told(write)}`]
    const version = updates.findLast(({ from }) => from < plannedAt)
    // Of two processes the other may still be the old version.
    if (version && !isPair && spec.programDigest !== version.digest)
      return [`another version than the approved one planned that ${told(write)}`]
  }
  return []
}

interface Report {
  readonly outcome: OutcomeDoc
  readonly steps: readonly StepDoc[]
}

function judgeReport(stage: Stage, request: RequestDoc, report: Report): string[] {
  const { outcome, steps } = report
  const violations: string[] = []
  const write = deedsOf(stage.hsms.deeds, request.id).find(({ did }) => did === 'user' || did === 'key')
  if (saysUnchanged(outcome) && write) violations.push(`it says that nothing was changed, but ${told(write)}`)
  if (outcome.state !== request.state) violations.push(`its outcome is ${outcome.state}`)
  if (stage.isUntroubled && request.state === 'unknown') violations.push('unknown, although nothing went wrong')
  if (request.state === 'partial' && outcome.discrepancies.length === 0)
    violations.push('partly done, and no discrepancy is named')
  if (request.state === 'failed' && outcome.proof === 'none' && write)
    violations.push(`it says that listings prove what was changed, none does, and ${told(write)}`)
  const failedLogin = deedsOf(stage.hsms.deeds, request.id).some((deed) => deed.did === 'login' && !deed.ok)
  if (outcome.stop?.code === 'broken') violations.push(`the bot itself could not go on: ${outcome.stop.detail}`)
  // CloudHSM CLI also says so where it could not reach an HSM.
  const isUntrue = outcome.stop?.code === 'login-failed' && !failedLogin && request.spec.engine === 'cmu'
  if (isUntrue && !stage.weather.faults.has('tool')) violations.push('it says that a login failed, none did')
  const listing = spanOf(steps, outcome)
  const source = sourceOf(stage, request)
  if (!listing || !source) {
    if (request.state === 'succeeded') violations.push('it succeeded without a listing')
    return violations
  }
  const places = destinationsOf(stage, request)
  violations.push(...judgeLeftOut(stage, request, { outcome, listing }))
  const seen = { source, places, listing, outcome, steps }
  if (request.state === 'succeeded' && request.spec.mode === 'sync') violations.push(...judgeSuccess(request, seen))
  else if (request.spec.mode === 'sync' && outcome.proof !== 'none') violations.push(...judgeNamed(request, seen))
  violations.push(...judgeCounts(stage, request, seen))
  return violations
}

/** An HSM that joined the destination before the end, and so lacks what was copied, is named. */
function judgeLeftOut(
  stage: Stage,
  { spec, finishedAt = 0 }: RequestDoc,
  { outcome, listing }: { readonly outcome: OutcomeDoc; readonly listing: Span },
): string[] {
  if (spec.mode !== 'sync' || outcome.proof !== 'after') return []
  const known = new Set([...spec.destination.hsms, ...spec.destination.leftOut].map(({ hsmId }) => hsmId))
  const named = new Set(outcome.discrepancies.filter(({ kind }) => kind === 'HSM').map(({ name }) => name))
  const joined = stage.hsms.layouts.filter(
    ({ from }, at) => from < listing.to && (stage.hsms.layouts[at + 1]?.from ?? finishedAt + 1) > finishedAt,
  )
  return joined.flatMap(({ layout }) => {
    const { shown }: { readonly shown: readonly [string, string, readonly string[]][] } = JSON.parse(layout)
    const there = (shown.find(([clusterId]) => clusterId === spec.destination.clusterId)?.[2] ?? []).flatMap(
      (words) => words.split(' ')[0] ?? [],
    )
    const missed = there.filter((hsmId) => !known.has(hsmId) && !named.has(hsmId) && named.size === 0)
    return missed.map((hsmId) => `HSM ${hsmId} joined meanwhile, and that is not said`)
  })
}

export interface Seen {
  readonly source: NonNullable<ReturnType<typeof sourceOf>>
  readonly places: readonly PlaceTruth[]
  /** When the listing was made that the report is about. */
  readonly listing: Span
  readonly outcome: OutcomeDoc
  readonly steps: readonly StepDoc[]
}

export function saysUnchanged({ evidence }: OutcomeDoc): boolean {
  return evidence === 'nothing-sent' || evidence === 'only-reads-sent'
}

/** The last listing of all that the outcome may stand on. */
export function spanOf(steps: readonly StepDoc[], { proof }: OutcomeDoc): Span | undefined {
  if (proof === 'none') return undefined
  const listings = steps.filter(
    ({ plan, endedAt }) => plan.kind === 'inventory' && endedAt !== undefined && plan.purpose === proof,
  )
  const last = proof === 'before' ? listings[0] : listings.at(-1)
  const first = proof === 'before' ? last : listings[0]
  // A verification may be listed several times, and the last of them unreadable: then the one before counts.
  return first && last && { from: first.plannedAt, to: listings.at(-1)?.endedAt ?? 0 }
}

/** Of a comparison that is said to have found nothing: everything in scope is there. */
export function judgeInSync(stage: Stage, request: RequestDoc): string[] {
  const { outcome } = request
  const steps = stepsOf(stage, request.id)
  const listing = outcome && spanOf(steps, outcome)
  const source = sourceOf(stage, request)
  if (!outcome || !listing || !source) return [`${request.id} is said to have found all in sync, without a listing`]
  return judgeSuccess(request, { source, places: destinationsOf(stage, request), listing, outcome, steps })
}

function judgeSuccess(request: RequestDoc, { source, places, listing }: Seen): string[] {
  const { engine } = request.spec
  const all = { from: request.startedAt ?? 0, to: listing.to }
  const users = wantedUsers(source, request, all).flatMap((user) =>
    places
      .filter((place) => !mayHaveUser(place, user, listing))
      .map(({ server }) => `it succeeded, but user ${user.name} is not on server ${server}`),
  )
  const keys = wantedKeys(source, request, all).flatMap((key) =>
    places
      .filter((place) => !mayHaveKey(place, key, listing, engine))
      .map(({ server }) => `it succeeded, but key ${key.handle} is not so on server ${server}`),
  )
  return [...users, ...keys]
}

/** What is not where it should be is named. */
function judgeNamed(request: RequestDoc, { source, places, listing, outcome }: Seen): string[] {
  if (outcome.destinations.length === 0) return []
  const { engine } = request.spec
  const all = { from: request.startedAt ?? 0, to: listing.to }
  const isNamed = (kind: string, names: readonly string[], server: number) =>
    outcome.discrepancies.some(
      (discrepancy) =>
        discrepancy.kind === kind &&
        names.includes(discrepancy.name) &&
        (discrepancy.server === undefined || discrepancy.server === server),
    )
  const users = wantedUsers(source, request, all).flatMap((user) =>
    places
      .filter((place) => !mayHaveUser(place, user, listing) && !isNamed('user', [user.name], place.server))
      .map(({ server }) => `user ${user.name} is not on server ${server}, and that is not said`),
  )
  const keys = wantedKeys(source, request, all).flatMap((key) =>
    places
      .filter((place) => !mayHaveKey(place, key, listing, engine) && !isNamed('key', namesOf(key.handle), place.server))
      .map(({ server }) => `key ${key.handle} is not so on server ${server}, and that is not said`),
  )
  return [...users, ...keys, ...judgeUntrue(request, { source, places, listing, outcome, steps: [] })]
}

/** What is named as missing is not there all the time. */
function judgeUntrue(request: RequestDoc, { source, places, listing, outcome }: Seen): string[] {
  const { engine } = request.spec
  return outcome.discrepancies.flatMap(({ kind, name, server, problem, why }) => {
    if (problem !== 'failed' && problem !== 'untried' && problem !== 'not-spread') return []
    // That one says what it is now. A sharer whom the source HSM does not have is shown by the destination only.
    if (why.startsWith('it arrived otherwise')) return []
    const place = places.filter((one) => server === undefined || one.server === server)
    const user = kind === 'user' ? source.users.find((one) => one.name === name) : undefined
    const key = kind === 'key' ? source.keys.find((one) => namesOf(one.handle).includes(name)) : undefined
    const isThere =
      place.length > 0 &&
      place.every(
        (one) => (user && surelyHasUser(one, user, listing)) || (key && surelyHasKey(one, key, listing, engine)),
      )
    return isThere ? [`${kind} ${name} is said to be ${problem}, but it is there`] : []
  })
}

export function namesOf(handle: number): readonly string[] {
  return [`${handle}`, `0x${handle.toString(16).padStart(16, '0')}`]
}
