import type { Stage } from '../stage.ts'
import { roleOf, type SimHsm, type SimKey, type SimUser } from '../world/hsms.ts'
import { covers } from './approvals.ts'
import type { RequestDoc } from './records.ts'

/** A stretch of time in which a listing was made: nobody knows at which moment the tool looked. */
export interface Span {
  readonly from: number
  readonly to: number
}

interface Lived {
  readonly since: number
  readonly until: number
}

/** There at some moment of the span. */
export function isEver({ since, until }: Lived, { from, to }: Span): boolean {
  return since <= to && until > from
}

/** There in all of the span. */
export function isAlways({ since, until }: Lived, { from, to }: Span): boolean {
  return since < from && until > to
}

/** A place as a run lists it: one HSM, or all HSMs of a cluster. */
export interface PlaceTruth {
  readonly server: number
  readonly hsms: readonly SimHsm[]
}

export function sourceOf({ hsms }: Stage, { spec }: RequestDoc): SimHsm | undefined {
  return hsms.cluster(spec.source.clusterId)?.hsms.find(({ hsmId }) => hsmId === spec.source.hsm.hsmId)
}

export function destinationsOf({ hsms }: Stage, { spec }: RequestDoc): readonly PlaceTruth[] {
  const all = hsms.cluster(spec.destination.clusterId)?.hsms ?? []
  const found = spec.destination.hsms.flatMap(({ hsmId }) => all.find((hsm) => hsm.hsmId === hsmId) ?? [])
  if (spec.engine === 'cloudhsm-cli') return [{ server: 1, hsms: found }]
  return found.map((hsm, at) => ({ server: at + 1, hsms: [hsm] }))
}

/** What of the source is in scope, and was there all the time. */
export function wantedUsers(source: SimHsm, { spec }: RequestDoc, span: Span): readonly SimUser[] {
  return source.users.filter((user) => roleOf(user) && covers(spec.scope.users, user.name) && isAlways(user, span))
}

export function wantedKeys(source: SimHsm, { spec }: RequestDoc, span: Span): readonly SimKey[] {
  return source.keys.filter((key) => covers(spec.scope.keys, key.handle) && isAlways(key, span))
}

/** Was the user at this place, on every HSM of it, at some moment of the span? */
export function mayHaveUser({ hsms }: PlaceTruth, { name, type }: Pick<SimUser, 'name' | 'type'>, span: Span): boolean {
  const role = type === 'CU' ? 'CU' : 'CO'
  return hsms.every((hsm) =>
    hsm.users.some((user) => user.name === name && roleOf(user) === role && isEver(user, span)),
  )
}

export function surelyHasUser(
  { hsms }: PlaceTruth,
  { name, type }: Pick<SimUser, 'name' | 'type'>,
  span: Span,
): boolean {
  const role = type === 'CU' ? 'CU' : 'CO'
  return hsms.every((hsm) =>
    hsm.users.some((user) => user.name === name && roleOf(user) === role && isAlways(user, span)),
  )
}

/** Was the key at this place, equal as far as the tool can show it, at some moment of the span? */
export function mayHaveKey(place: PlaceTruth, key: SimKey, span: Span, engine: string): boolean {
  return place.hsms.every((hsm) => hsm.keys.some((copy) => isLike(copy, key, engine) && isEver(copy, span)))
}

export function surelyHasKey(place: PlaceTruth, key: SimKey, span: Span, engine: string): boolean {
  return place.hsms.every((hsm) => hsm.keys.some((copy) => isLike(copy, key, engine) && isAlways(copy, span)))
}

/** CMU shows owner and shares, CloudHSM CLI's administrator the label. */
function isLike(copy: SimKey, key: SimKey, engine: string): boolean {
  if (copy.handle !== key.handle) return false
  if (engine === 'cloudhsm-cli') return copy.label === key.label
  return copy.owner === key.owner && [...copy.sharedWith].sort().join() === [...key.sharedWith].sort().join()
}
