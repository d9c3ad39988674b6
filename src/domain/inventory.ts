import type { ServerNumber } from './ids.ts'

/** Roles that are synced. PCO is the first CO under another name; AU and PRECO are never touched (facts, section 2.4). */
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
  /** CloudHSM CLI's word for where it is: `full`, or not on every HSM of the cluster. */
  readonly coverage?: string
}

export interface HsmKey {
  /** CMU's handle, CloudHSM CLI's key reference as a number. */
  readonly handle: number
  /** Lower case; `null` where the listing shows the key without owner (a public key, or a listing that shows none). */
  readonly owner: string | null
  /** Lower case, sorted. */
  readonly sharedWith: readonly string[]
  readonly label?: string
  /** `label`: the listing shows reference and label only, as administrators get it. Absent: it shows owner and shares. */
  readonly shows?: 'label'
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

/** The same key, as far as both listings can tell: owner, sharing and material where both show them, and the label. */
export function sameMarks(a: HsmKey, b: HsmKey): boolean {
  if (a.label !== b.label) return false
  if (a.shows === 'label' || b.shows === 'label') return true
  return a.owner === b.owner && a.sharedWith.join() === b.sharedWith.join() && a.material === b.material
}

/** On every HSM of its cluster, as far as the tool says. */
export function isWhole({ coverage }: { readonly coverage?: string }): boolean {
  return coverage === undefined || coverage === 'full'
}
