/** Seeds that ever failed, and what they showed: each stays in every run. */
export const FAILED_ONCE: readonly { readonly seed: number; readonly what: string }[] = [
  {
    seed: 44,
    what: 'a card deleted after its last update: replies answer thread_not_found, and the result was never shown',
  },
  { seed: 197, what: 'a step that cannot be read: the card said "Running" for ever' },
  {
    seed: 142,
    what: 'a stop that was asked for in the pause before a step was sent again: the step wrote all the same',
  },
  { seed: 211, what: 'the same, after a command whose sending was unsure' },
  { seed: 537, what: 'a copy was compared with what the source had when the run began, not with what it has' },
  {
    seed: 1754,
    what: 'asked to stop while it waited before a step that is sent again: the step was planned all the same',
  },
  { seed: 2849, what: 'the same, before the first key' },
]

/** Where each planted fault was found last, by its name: CI plays it there. */
export const FOUND_AT: Readonly<Record<string, number>> = {
  'an answer to SendCommand that was lost counts as refused': 33,
  'believe Delivery Timed Out': 63,
  'refusal told by its field, and no rest after it': 39,
  'a missing mark counts as none': 117,
  'halt kept in memory only': 229,
  'what cannot be recorded is done all the same': 17,
  'a failed login is tried again': 18,
  'the second approval by one person counts': 10,
  'self-approval counts': 3,
  "a fetch that is refused counts as the operation's own refusal": 117,
  'who left the group may still approve': 2,
  'nobody asks whether enough people may approve': 12,
  'nothing expires': 16,
  'what would run is not compared with what was approved': 59,
  'troubles do not keep a run from having succeeded': 3,
  'a plan writes': 50,
  'unknown is called failed': 117,
  'what may have been written is called unchanged': 117,
  'two processes paint at once': 1,
  'a message is posted again without a look': 13,
  'the lease is not looked at when a run is taken': 1,
  'a command has no row in the record': 1,
  'conflicts are not named': 26,
  'trouble of the database counts as a row that cannot be read': 62,
  'a trouble is left out': 3,
  'a run that cannot be read is tried for ever': 97,
  'a stop that was asked for is forgotten': 3,
  'HSMs that joined meanwhile are not looked for': 59,
  'the age of a listing is measured from when the bot looked': 229,
  'failed logins are not counted before a login': 42,
}
