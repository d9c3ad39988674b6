import type { Clock } from '../../../application/ports.ts'

/** People read no faster. Slack's own limit, about fifty a minute in all (chat.update, tier 3), is told by its 429. */
export const UPDATE_MS = 1_000

/** When each message was last sent, so that none is updated more than once a second. */
export interface Pace {
  isTooSoon(message: string): boolean
  sent(message: string): void
}

export function updatePace(clock: Clock): Pace {
  const last = new Map<string, number>()
  return {
    isTooSoon: (message) => {
      const since = clock.now() - (last.get(message) ?? Number.NEGATIVE_INFINITY)
      // The wall clock may go back.
      return since >= 0 && since < UPDATE_MS
    },
    sent: (message) => {
      const now = clock.now()
      for (const [other, at] of last) if (Math.abs(now - at) >= UPDATE_MS) last.delete(other)
      last.set(message, now)
    },
  }
}
