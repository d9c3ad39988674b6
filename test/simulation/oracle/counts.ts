import type { Stage } from '../stage.ts'
import { deedsOf } from './operations.ts'
import type { Seen } from './outcomes.ts'
import { isAlways, isEver, mayHaveUser, type PlaceTruth, surelyHasUser, wantedUsers } from './presence.ts'
import type { RequestDoc, TallyDoc } from './records.ts'

/** The numbers of the result, where nobody else changed the HSMs meanwhile and the tool did what it said. */
export function judgeCounts(stage: Stage, request: RequestDoc, seen: Seen): string[] {
  const { startedAt = 0, finishedAt = 0 } = request
  const isDisturbed =
    stage.hsms.handWork.some((at) => at >= startedAt - 60_000 && at <= finishedAt) || stage.weather.faults.has('tool')
  if (isDisturbed) return []
  return seen.outcome.destinations.flatMap(({ server, users, keys }) => {
    const place = seen.places.find((one) => one.server === server)
    if (!place) return [`it counts on server ${server}, which is none`]
    return [
      ...judgeUsers(stage, request, { seen, place, tally: users }),
      ...judgeKeys(stage, request, { seen, place, tally: keys }),
    ].map((problem) => `server ${server}: ${problem}`)
  })
}

interface Counted {
  readonly seen: Seen
  readonly place: PlaceTruth
  readonly tally: TallyDoc
}

function judgeUsers({ hsms }: Stage, request: RequestDoc, { seen, place, tally }: Counted): string[] {
  const { listing, source, outcome } = seen
  const wanted = wantedUsers(source, request, listing)
  const there = wanted.filter((user) => mayHaveUser(place, user, listing)).length
  const violations: string[] = []
  if (tally.already + tally.synced > there)
    violations.push(`${tally.already} users already there and ${tally.synced} synced, but ${there} are there`)
  const named = new Set(outcome.discrepancies.filter(({ kind }) => kind === 'user').map(({ name }) => name))
  const surely = wanted.filter((user) => surelyHasUser(place, user, listing) && !named.has(user.name)).length
  if (outcome.proof !== 'none' && tally.already + tally.synced < surely)
    violations.push(`${tally.already} users already there and ${tally.synced} synced, but ${surely} are there`)
  const written = new Set(
    deedsOf(hsms.deeds, request.id).flatMap((deed) =>
      deed.did === 'user' && place.hsms.some(({ hsmId }) => hsmId === deed.hsm) ? [deed.name] : [],
    ),
  )
  if (tally.synced > written.size) violations.push(`${tally.synced} users synced, but ${written.size} were written`)
  return violations
}

function judgeKeys({ hsms }: Stage, request: RequestDoc, { seen, place, tally }: Counted): string[] {
  const { listing, outcome } = seen
  const written = new Set(deedsOf(hsms.deeds, request.id).flatMap((deed) => (deed.did === 'key' ? [deed.handle] : [])))
  const at = (is: typeof isEver, handle: number) =>
    place.hsms.some((hsm) => hsm.keys.some((key) => key.handle === handle && is(key, listing)))
  const possible = [...written].filter((handle) => at(isEver, handle)).length
  const violations: string[] = []
  if (tally.synced > possible) violations.push(`${tally.synced} keys synced, but ${possible} written ones are there`)
  const named = outcome.discrepancies.some(({ kind }) => kind === 'key')
  const surely = [...written].filter((handle) => at(isAlways, handle)).length
  if (outcome.proof === 'after' && !named && tally.synced < surely)
    violations.push(`${tally.synced} keys synced, but ${surely} written ones are there`)
  return violations
}
