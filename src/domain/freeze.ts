import type { Instant } from './brand.ts'

/** A card has room for this many characters of it. */
export const LONGEST_FREEZE_REASON = 500

/** The brake: while it is on, nothing starts, and runs end between batches. */
export interface Freeze {
  /** A Slack user id; or, from the command line, `operator` and the user's name there. */
  readonly by: string
  readonly at: Instant
  readonly reason: string
}
