import type { Generated } from 'kysely'

/** Rows as both databases hold them: JSON as text, instants and flags as numbers. */
export interface Tables {
  requests: {
    id: string
    version: number
    /** Of the JSON in `doc`: a later version of the bot still reads the one before. */
    shape: number
    state: string
    is_open: number
    destination: string
    requested_by: string
    requested_at: number
    expires_at: number
    /** The delivery that asked for it: one files one request. */
    asked_in: Generated<string | null>
    doc: string
    lease_holder: string | null
    lease_until: number
    /** How often in a row the run was taken up in vain, and when it may be again. */
    run_tries: Generated<number>
    run_after: Generated<number>
    painted_version: number
    paint_after: number
    paint_holder: string | null
    paint_until: number
  }
  steps: { request_id: string; n: number; shape: number; doc: string }
  /** What steps were found to say: JSON in parts, part 0 first. */
  findings: { request_id: string; n: number; part: number; doc: string }
  audit: {
    seq: Generated<number>
    at: number
    type: string
    actor: string
    request_id: string | null
    facts: string
    hash: string
  }
  slots: { request_id: string; slot: string; status: string; ts: string | null; hash: string }
  /** One row while the brake is on. */
  brake: { id: number; by_whom: string; at: number; reason: string }
  /** A route that is watched: what is known of it as JSON, and who writes its message. */
  watches: { route: string; version: number; doc: string; holder: string | null; until: number }
  /** Its messages in Slack, by edition. */
  watch_messages: { route: string; edition: number; doc: string }
  /** What Slack delivered; `doc` until it is answered. */
  inbox: {
    key: string
    at: number
    doc: string | null
    holder: string | null
    until: Generated<number>
    tries: Generated<number>
  }
}

/** 2: evidence instead of `wrote`, findings in steps. 3: discrepancies instead of `troubles`. All are still read. */
export const SHAPE = 3
