import type { Instant } from './brand.ts'

/** The brake: while it is on, nothing starts, and runs end between batches. */
export interface Freeze {
  /** A Slack user id; or, from the command line, `operator` and the user's name there. */
  readonly by: string
  readonly at: Instant
  readonly reason: string
}
