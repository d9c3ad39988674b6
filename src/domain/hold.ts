import type { Instant } from './brand.ts'
import type { Freeze } from './freeze.ts'
import type { RefusalFacts } from './refusal.ts'

/** Why what is approved does not start yet. */
export type Hold =
  | ({ readonly kind: 'frozen' } & Freeze)
  /** `until`: when it opens, as it says. */
  | { readonly kind: 'calendar-closed'; readonly calendar: string; readonly until?: Instant }
  /** AWS does not tell: that it is open is not known, so it counts as closed. */
  | { readonly kind: 'calendar-unknown'; readonly calendar: string; readonly refused: RefusalFacts }
