import { type Diff, differenceOf } from './diff.ts'
import { type Discrepancy, incompleteOn } from './discrepancy.ts'
import type { ServerNumber } from './ids.ts'
import { type HsmKey, type HsmUser, type Inventory, isSameKey, isWhole, userKey } from './inventory.ts'
import type { RunFacts } from './run-facts.ts'
import { covers } from './scope.ts'
import { keyName, type Spec } from './spec.ts'

/**
 * What the destination had already when the run began, judged again by the newest listing: it counts as "already there"
 * only if it stands there still, whole and equal. A later listing may also show more than the first one did, such as a
 * key's owner and check value.
 */
export function presentDiscrepancies(spec: Spec, facts: RunFacts, destinations: readonly Inventory[]): Discrepancy[] {
  const { diff, before: [source, ...before] = [], after } = facts
  if (!diff || !source) return []
  const sourceNow = new Map(after?.[0]?.keys.map((key) => [key.handle, key]))
  return destinations.flatMap((now) => {
    const then = before.find(({ server }) => server === now.server)
    return then
      ? [...userDiscrepancies(spec, { source, then, now }), ...keyDiscrepancies(spec, diff, { then, now, sourceNow })]
      : []
  })
}

/** Users in scope that a destination has had from the beginning. */
export function usersBefore({ scope }: Spec, source: Inventory, then: Inventory): readonly HsmUser[] {
  const there = new Set(then.users.map(userKey))
  return source.users.filter((user) => covers(scope.users, user.name) && there.has(userKey(user)))
}

const GONE = 'was there before the run, is not any more'

function userDiscrepancies(
  spec: Spec,
  { source, then, now }: { readonly source: Inventory; readonly then: Inventory; readonly now: Inventory },
): Discrepancy[] {
  const there = new Map(now.users.map((user) => [userKey(user), user]))
  return usersBefore(spec, source, then).flatMap((user): Discrepancy[] => {
    const copy = there.get(userKey(user))
    const place = { kind: 'user', name: user.name, server: now.server } as const
    if (!copy) return [{ ...place, problem: 'failed', why: GONE }]
    return isWhole(copy) ? [] : [{ ...place, ...incompleteOn(copy, undefined) }]
  })
}

function keyDiscrepancies(
  spec: Spec,
  diff: Diff,
  {
    then,
    now,
    sourceNow,
  }: { readonly then: Inventory; readonly now: Inventory; readonly sourceNow: ReadonlyMap<number, HsmKey> },
): Discrepancy[] {
  const [had, has] = [then, now].map(({ keys }) => new Map(keys.map((key) => [key.handle, key])))
  return diff.keys.present.flatMap((key) => {
    const place = { kind: 'key', name: keyName(spec, key.handle), server: now.server } as const
    return keyDiscrepancy(key, {
      place,
      copy: has?.get(key.handle),
      now: sourceNow.get(key.handle) ?? key,
      wasThere: had?.has(key.handle) ?? false,
    })
  })
}

interface Look {
  readonly place: { readonly kind: 'key'; readonly name: string; readonly server: ServerNumber }
  readonly copy: HsmKey | undefined
  /** As the source has it now: somebody may have shared it there meanwhile. */
  readonly now: HsmKey
  readonly wasThere: boolean
}

function keyDiscrepancy(key: HsmKey, { place, copy, now, wasThere }: Look): Discrepancy[] {
  if (!copy) {
    if (wasThere) return [{ ...place, problem: 'failed', why: GONE }]
    return [{ ...place, problem: 'not-spread', why: 'on other HSMs of the destination, not on this one' }]
  }
  if (!isWhole(copy)) return [{ ...place, ...incompleteOn(copy, undefined) }]
  return isSameKey(copy, key) || isSameKey(copy, now)
    ? []
    : [{ ...place, problem: 'conflict', why: differenceOf(key, copy) }]
}
