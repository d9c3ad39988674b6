import type { ServerNumber } from './ids.ts'

/** Roles that are synced. PCO is the first CO under another name; AU and PRECO are never touched (facts, section 2.4). */
export type Role = 'CO' | 'CU'

export interface HsmUser {
  /** The id on this HSM only: ids differ between HSMs. */
  readonly id: number
  /** Lower case: names do not tell case apart. */
  readonly name: string
  readonly role: Role
  readonly failedLogins: number
}

export interface HsmKey {
  readonly handle: number
  /** Lower case; `null` where the listing shows the key without owner mark (a public key). */
  readonly owner: string | null
  /** Lower case, sorted. */
  readonly sharedWith: readonly string[]
}

/** What was found on one HSM. */
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

/** Same owner and same sharing: as far as a crypto officer can tell, the same key. */
export function sameMarks(a: HsmKey, b: HsmKey): boolean {
  return a.owner === b.owner && a.sharedWith.join() === b.sharedWith.join()
}
