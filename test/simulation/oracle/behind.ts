import type { Stage } from '../stage.ts'
import { roleOf, type SimHsm } from '../world/hsms.ts'
import { spanOf } from './outcomes.ts'
import {
  destinationsOf,
  isAlways,
  isEver,
  mayHaveUser,
  type PlaceTruth,
  type Span,
  sourceOf,
  surelyHasKey,
  surelyHasUser,
} from './presence.ts'
import { type RequestDoc, stepsOf } from './records.ts'

export interface Behind {
  readonly users: number
  readonly keys: number
}

/**
 * "Behind by so many users and keys" is at least what was missing all the while the look listed, and at most what may
 * have been missing at some moment of it.
 */
export function judgeBehind(stage: Stage, look: RequestDoc, { users, keys }: Behind): string[] {
  const { outcome } = look
  const span = outcome && spanOf(stepsOf(stage, look.id), outcome)
  const source = sourceOf(stage, look)
  if (!span || !source) return [`${look.id} is said to have found it behind, without a listing`]
  const places = destinationsOf(stage, look)
  return [
    ...outside('users', users, boundsOfUsers(source, places, span)),
    ...outside('keys', keys, boundsOfKeys(source, places, { span, engine: look.spec.engine })),
  ]
}

interface Bounds {
  readonly surely: number
  readonly maybe: number
}

function outside(what: string, said: number, { surely, maybe }: Bounds): readonly string[] {
  return surely <= said && said <= maybe
    ? []
    : [`it is said to be ${said} ${what} behind: it was between ${surely} and ${maybe}`]
}

/** By name, as they are counted; whoever has another role there is a conflict, and counts apart. */
function boundsOfUsers(source: SimHsm, places: readonly PlaceTruth[], span: Span): Bounds {
  const own = source.users.filter(roleOf)
  const isNowhere = ({ hsms }: PlaceTruth, name: string) =>
    hsms.every((hsm) => !hsm.users.some((user) => user.name === name && isEver(user, span)))
  const isConflict = (name: string) =>
    places.some(({ hsms }) =>
      hsms.some((hsm) => hsm.users.some((user) => user.name === name && !own.some((one) => isSame(one, user)))),
    )
  const surely = own.filter(
    (user) => isAlways(user, span) && !isConflict(user.name) && places.some((place) => isNowhere(place, user.name)),
  )
  const maybe = own.filter((user) => isEver(user, span) && places.some((place) => !surelyHasUser(place, user, span)))
  return { surely: namesOf(surely), maybe: namesOf(maybe) }
}

function isSame(a: SimHsm['users'][number], b: SimHsm['users'][number]): boolean {
  return a.name === b.name && roleOf(a) === roleOf(b)
}

function namesOf(users: readonly { readonly name: string }[]): number {
  return new Set(users.map(({ name }) => name)).size
}

/**
 * A key whose owner, or somebody it is shared with, is missing there, or is another one, cannot be copied, and counts
 * apart.
 */
function boundsOfKeys(
  source: SimHsm,
  places: readonly PlaceTruth[],
  { span, engine }: { readonly span: Span; readonly engine: string },
): Bounds {
  const isNowhere = ({ hsms }: PlaceTruth, handle: number) =>
    hsms.every((hsm) => !hsm.keys.some((key) => key.handle === handle && isEver(key, span)))
  const mayLack = (name: string) =>
    places.some((place) => !surelyHasUser(place, { name, type: 'CU' }, span)) ||
    places.some((place) => mayHaveUser(place, { name, type: 'CO' }, span))
  const surely = source.keys.filter(
    (key) =>
      isAlways(key, span) &&
      ![key.owner, ...key.sharedWith].some(mayLack) &&
      places.every((place) => isNowhere(place, key.handle)),
  )
  const maybe = source.keys.filter(
    (key) => isEver(key, span) && places.some((place) => !surelyHasKey(place, key, span, engine)),
  )
  return { surely: surely.length, maybe: maybe.length }
}
