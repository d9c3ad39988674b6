/** Which of the source's users, or keys, a request covers. */
export type Selection<Item> =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'listed'; readonly items: readonly Item[] }

export interface Scope {
  /** User names, lower case: CMU's names do not tell case apart (user guide, createUser). */
  readonly users: Selection<string>
  readonly keys: Selection<number>
}

/** The most users, or keys, that can be named one by one: approvers read them. */
export const MOST_LISTED = 500

export type Mode = 'sync' | 'plan'

export const EVERYTHING: Scope = { users: { kind: 'all' }, keys: { kind: 'all' } }

/** Does the selection cover this item? */
export function covers<Item>(selection: Selection<Item>, item: Item): boolean {
  if (selection.kind === 'listed') return selection.items.includes(item)
  return selection.kind === 'all'
}
