import type { Clock } from '../../../application/ports.ts'

/** Slack takes about fifty updates a minute in all (chat.update, tier 3), and people read no faster. */
export const UPDATE_MS = 1_000

/** When each message was last sent, so that none is updated more than once a second. */
export interface Pace {
  isTooSoon(message: string): boolean
  sent(message: string): void
}

export function updatePace(clock: Clock): Pace {
  const last = new Map<string, number>()
  return {
    isTooSoon: (message) => clock.now() - (last.get(message) ?? Number.NEGATIVE_INFINITY) < UPDATE_MS,
    sent: (message) => {
      const now = clock.now()
      for (const [other, at] of last) if (now - at >= UPDATE_MS) last.delete(other)
      last.set(message, now)
    },
  }
}
