import type { ServerNumber } from './ids.ts'
import { compareKeys, type HsmKey, type HsmUser, type Inventory, isSameKey, userKey } from './inventory.ts'
import { covers, type Scope } from './scope.ts'

export interface UserConflict {
  readonly server: ServerNumber
  readonly name: string
  readonly problem: string
}

export interface KeyConflict {
  readonly handle: number
  readonly owner: string | null
  readonly problem: string
}

export interface BlockedKey extends HsmKey {
  /** Users it needs that the destination lacks and this request does not bring. */
  readonly lacks: readonly string[]
}

/** What the destination lacks of the source, and what conflicts. Within the scope only. */
export interface Diff {
  readonly users: readonly {
    readonly server: ServerNumber
    readonly missing: readonly HsmUser[]
    readonly present: number
  }[]
  readonly userConflicts: readonly UserConflict[]
  readonly keys: {
    /** On no destination HSM. */
    readonly missing: readonly HsmKey[]
    /** On some destination HSM, with equal owner and shares everywhere it is. */
    readonly present: readonly HsmKey[]
    readonly conflicts: readonly KeyConflict[]
    readonly blocked: readonly BlockedKey[]
  }
  /** Named in the scope, not on the source. */
  readonly unknown: { readonly users: readonly string[]; readonly keys: readonly number[] }
}

/**
 * The same for the listings of a run, source first. Remembered: a large one is asked for many times, by everything that
 * is shown of it.
 */
export function diffOnce(listed: readonly Inventory[], scope: Scope): Diff | undefined {
  const [source, ...destinations] = listed
  if (!source) return undefined
  const known = remembered.get(listed)
  if (known?.scope === scope) return known.diff
  const diff = diffInventories(source, destinations, scope)
  remembered.set(listed, { scope, diff })
  return diff
}

const remembered = new WeakMap<readonly Inventory[], { readonly scope: Scope; readonly diff: Diff }>()

/**
 * Compares the source's inventory with the destination HSMs'. Users are matched by (name, role), keys by handle and
 * marks.
 */
export function diffInventories(source: Inventory, destinations: readonly Inventory[], scope: Scope): Diff {
  const wantedUsers = source.users.filter((user) => covers(scope.users, user.name))
  const found = destinations.flatMap((hsm) => conflictsOf(wantedUsers, hsm))
  const conflicting = new Set(found.map((conflict) => conflict.name))
  const userConflicts = [...found, ...heldBack(found, destinations)]
  const users = destinations.map((hsm) => {
    const there = new Set(hsm.users.map(userKey))
    const missing = wantedUsers.filter((user) => !there.has(userKey(user)) && !conflicting.has(user.name))
    return { server: hsm.server, missing, present: wantedUsers.filter((user) => there.has(userKey(user))).length }
  })
  return {
    users,
    userConflicts,
    keys: diffKeys(source, destinations, scope, conflicting),
    unknown: unknownItems(source, scope),
  }
}

function diffKeys(
  source: Inventory,
  destinations: readonly Inventory[],
  scope: Scope,
  conflicting: ReadonlySet<string>,
): Diff['keys'] {
  const indexes = destinations.map((hsm) => new Map(hsm.keys.map((key) => [key.handle, key])))
  const usersThere = destinations.map(
    (hsm) => new Set(hsm.users.filter((user) => user.role === 'CU').map((user) => user.name)),
  )
  const onSource = new Set(source.users.filter((user) => user.role === 'CU').map((user) => user.name))
  const missing: HsmKey[] = []
  const present: HsmKey[] = []
  const conflicts: KeyConflict[] = []
  const blocked: BlockedKey[] = []
  for (const key of source.keys) {
    if (!covers(scope.keys, key.handle)) continue
    const copies = indexes.flatMap((index) => index.get(key.handle) ?? [])
    const other = copies.find((copy) => !isSameKey(copy, key))
    if (other) conflicts.push({ handle: key.handle, owner: key.owner, problem: differenceOf(key, other) })
    else if (copies.length > 0) present.push(key)
    else {
      const needed = [...(key.owner === null ? [] : [key.owner]), ...key.sharedWith]
      const lacks = needed.filter((name) => {
        if (usersThere.every((users) => users.has(name))) return false
        return !(covers(scope.users, name) && onSource.has(name) && !conflicting.has(name))
      })
      if (lacks.length > 0) blocked.push({ ...key, lacks })
      else missing.push(key)
    }
  }
  return { missing, present, conflicts, blocked }
}

/** Who conflicts on one HSM is copied to none: where such a user is missing, that is said too. */
function heldBack(found: readonly UserConflict[], destinations: readonly Inventory[]): UserConflict[] {
  const names = [...new Set(found.map(({ name }) => name))]
  return destinations.flatMap(({ server, users }) =>
    names
      .filter((name) => !found.some((conflict) => conflict.server === server && conflict.name === name))
      .filter((name) => !users.some((user) => user.name === name))
      .map((name) => ({
        server,
        name,
        problem: 'missing there, and not copied, because of the conflict on another HSM',
      })),
  )
}

function conflictsOf(wanted: readonly HsmUser[], hsm: Inventory): UserConflict[] {
  const exact = new Map(hsm.users.map((user) => [userKey(user), user]))
  const there = new Map(hsm.users.map((user) => [user.name, user]))
  return wanted.flatMap((user) => {
    const conflict = (problem: string) => [{ server: hsm.server, name: user.name, problem }]
    const [same, other] = [exact.get(userKey(user)), there.get(user.name)]
    if (user.uneven !== undefined) return conflict(`${user.uneven} on the source`)
    if (same?.uneven !== undefined) return conflict(`${same.uneven} on the destination`)
    if (same || !other) return []
    return conflict(`${user.role} on the source, ${other.role} on the destination`)
  })
}

function unknownItems(source: Inventory, scope: Scope): Diff['unknown'] {
  const names = new Set(source.users.map((user) => user.name))
  const handles = new Set(source.keys.map((key) => key.handle))
  return {
    users: scope.users.kind === 'listed' ? scope.users.items.filter((name) => !names.has(name)) : [],
    keys: scope.keys.kind === 'listed' ? scope.keys.items.filter((handle) => !handles.has(handle)) : [],
  }
}

/** Why two keys of one handle are not taken for the same key. */
export function differenceOf(source: HsmKey, copy: HsmKey): string {
  const shown = `${shownOf(source)} on the source, ${shownOf(copy)} on the destination`
  return compareKeys(source, copy) === 'unknown' ? `nothing shows whether it is the same key: ${shown}` : shown
}

/** What a listing shows of a key, as far as a person can compare it. */
export function shownOf(key: HsmKey): string {
  const label = key.label === undefined ? [] : [key.label === null ? 'no label' : `label "${key.label}"`]
  if (key.shows === 'reference') return 'only its reference'
  if (key.shows === 'label') return label[0] ?? 'only its reference'
  const owner = key.owner === null ? 'public' : `owned by ${key.owner}`
  const shares = key.sharedWith.length > 0 ? [`shared with ${key.sharedWith.join(', ')}`] : []
  return [owner, ...shares, ...label, ...(key.material === undefined ? [] : [key.material])].join(', ')
}
