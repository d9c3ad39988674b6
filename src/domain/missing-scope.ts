import type { Diff } from './diff.ts'
import type { Scope, Selection } from './scope.ts'

/**
 * The scope that covers exactly what a comparison found missing: these users, these keys, and nothing else. What
 * conflicts or is blocked is no part of it.
 */
export function missingScope({ users, keys }: Diff): Scope {
  const names = users.flatMap(({ missing }) => missing.map(({ name }) => name))
  return { users: listed(names), keys: listed(keys.missing.map(({ handle }) => handle)) }
}

function listed<Item>(items: readonly Item[]): Selection<Item> {
  return items.length === 0 ? { kind: 'none' } : { kind: 'listed', items: [...new Set(items)] }
}

/** Users, or keys, whichever are more; 0 where the scope covers nothing by name. */
export function mostNamed({ users, keys }: Scope): number {
  return Math.max(...[users, keys].map((selection) => (selection.kind === 'listed' ? selection.items.length : 0)))
}
