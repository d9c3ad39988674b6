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
