import type { AwsProblem } from './aws-problem.ts'

/** Something a cluster comes from. Ids are unique across Regions. */
export interface Ancestor {
  readonly kind: 'cluster' | 'backup'
  readonly id: string
  readonly region: string
}

/**
 * Where a line ends: at a cluster that was made without a backup, where it meets the other line, or where AWS tells no
 * more. `gone`: AWS shows no such cluster or backup (any more). `silent`: it does not say whose backup it is.
 * `too-long`: further than anybody follows, or in a circle.
 */
export type LineEnd =
  | { readonly kind: 'origin' }
  | { readonly kind: 'met' }
  | { readonly kind: 'gone' | 'silent'; readonly what: Ancestor }
  | { readonly kind: 'unreadable'; readonly what: Ancestor; readonly problem: AwsProblem }
  | { readonly kind: 'too-long' }

/** A cluster (first) and what it comes from, newest first, as far as AWS tells. */
export interface Ancestry {
  readonly line: readonly Ancestor[]
  readonly end: LineEnd
}
