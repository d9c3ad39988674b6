import type { ServerNumber } from './ids.ts'

/**
 * Roles that are synced. PCO is the first CO under another name; AU and PRECO are never touched.
 */
export type Role = 'CO' | 'CU'

export interface HsmUser {
  /** The id on this HSM only: ids differ between HSMs. 0 where the tool shows none. */
  readonly id: number
  /** Lower case: names do not tell case apart. */
  readonly name: string
  readonly role: Role
  /** 0 where the tool shows no count. */
  readonly failedLogins: number
  /** Locked on at least one HSM, where the tool says so. */
  readonly isLocked?: boolean
  /** It logs in with a second factor. Absent: the tool does not say. */
  readonly hasSecondFactor?: boolean
  /** Its lock or second factor is not the same on all HSMs of the cluster, in words. */
  readonly uneven?: string
  /** `full`: on every HSM of the cluster, and equal on all; else what CloudHSM CLI says of it instead. */
  readonly coverage?: string
}

export interface HsmKey {
  /** CMU's handle, CloudHSM CLI's key reference as a number. */
  readonly handle: number
  /** Lower case; `null`: a public key, which every user lists unmarked. Says nothing where `shows` is there. */
  readonly owner: string | null
  /** Lower case, sorted. */
  readonly sharedWith: readonly string[]
  /** `null`: the tool shows that it has none. Absent: the tool does not show labels. */
  readonly label?: string | null
  /**
   * `label`: the listing shows reference and label only, as administrators get it. `reference`: not even that. Absent:
   * it shows owner and shares.
   */
  readonly shows?: 'label' | 'reference'
  /** Type and check value, where an owner listed it: they tell two keys of one reference apart. */
  readonly material?: string
  readonly coverage?: string
}

/** What was found on one HSM, or in one cluster where the tool lists whole clusters. */
export interface Inventory {
  readonly server: ServerNumber
  readonly users: readonly HsmUser[]
  /** By handle, ascending. */
  readonly keys: readonly HsmKey[]
  /** CMU's Key Hash over the owners and shares of all keys, where it printed one. */
  readonly keyHash?: string
}

/** (name, role) as one word: the identity of a user across HSMs. */
export function userKey(user: { readonly name: string; readonly role: Role }): string {
  return `${user.name}/${user.role}`
}

/**
 * Are two keys of one handle the same key? `same`: owner, shares and material are shown on both sides, and equal.
 * `same-label`: one side shows reference and label only, and the labels are equal. `unknown`: what would tell them
 * apart is not shown.
 */
export type Likeness = 'same' | 'same-label' | 'unknown' | 'different'

export function compareKeys(a: HsmKey, b: HsmKey): Likeness {
  const areLabels = a.label !== undefined && b.label !== undefined
  if (areLabels && a.label !== b.label) return 'different'
  if (a.shows === undefined && b.shows === undefined) {
    const isSame = a.owner === b.owner && a.sharedWith.join() === b.sharedWith.join() && a.material === b.material
    if (!isSame) return 'different'
    // A tool that shows labels on one side only leaves something out.
    return areLabels || (a.label === undefined && b.label === undefined) ? 'same' : 'unknown'
  }
  return areLabels ? 'same-label' : 'unknown'
}

/** The same key, as far as both listings can tell, and they tell enough. */
export function isSameKey(a: HsmKey, b: HsmKey): boolean {
  const likeness = compareKeys(a, b)
  return likeness === 'same' || likeness === 'same-label'
}

/** On every HSM of its cluster and equal on all of them, as far as the tool says. */
export function isWhole({ coverage }: { readonly coverage?: string }): boolean {
  return coverage === undefined || coverage === 'full'
}

/** What a tool marked on one HSM, for some of its crypto users. */
export interface KeyMarks {
  readonly server: ServerNumber
  readonly users: readonly HsmUser[]
  readonly listed: readonly { readonly user: string; readonly keys: readonly KeyMark[] }[]
  readonly keyHash?: string
}

export interface KeyMark {
  readonly handle: number
  readonly mark: 'owned' | 'shared' | 'none'
}

/**
 * The inventory of one HSM, from what was marked for each of its crypto users; `undefined` while one of them is not
 * listed.
 */
export function inventoryOf(parts: readonly KeyMarks[]): Inventory | undefined {
  const [first] = parts
  if (!first) return undefined
  const lists = new Map(parts.flatMap(({ listed }) => listed).map(({ user, keys }) => [user, keys]))
  const owners = first.users.filter(({ role }) => role === 'CU')
  if (owners.some(({ name }) => !lists.has(name))) return undefined
  const found = new Map<number, { owners: string[]; sharedWith: string[]; unmarked: number }>()
  let areMarksPrinted = false
  for (const [user, keys] of lists) {
    for (const { handle, mark } of keys) {
      const key = found.get(handle) ?? { owners: [], sharedWith: [], unmarked: 0 }
      if (mark === 'owned') key.owners.push(user)
      else if (mark === 'shared') key.sharedWith.push(user)
      else key.unmarked++
      if (mark !== 'none') areMarksPrinted = true
      found.set(handle, key)
    }
  }
  const keys = [...found].map(
    ([
      handle,
      {
        owners: [owner, ...others],
        sharedWith,
        unmarked,
      },
    ]): HsmKey => {
      const isOwned = owner !== undefined && others.length === 0
      // Every user lists a public key, and unmarked; where no mark is printed at all, that it has
      // none says nothing.
      const isPublic = areMarksPrinted && owner === undefined && sharedWith.length === 0 && unmarked === owners.length
      if (!isOwned && !isPublic) return { handle, owner: null, sharedWith: [], shows: 'reference' }
      return { handle, owner: owner ?? null, sharedWith: sharedWith.sort() }
    },
  )
  const keyHash = parts.find((part) => part.keyHash !== undefined)?.keyHash
  const { server, users } = first
  return { server, users, keys: keys.sort((a, b) => a.handle - b.handle), ...(keyHash ? { keyHash } : {}) }
}
