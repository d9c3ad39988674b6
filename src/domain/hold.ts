import type { Instant } from './brand.ts'
import { canonicalJson } from './digest.ts'
import type { Freeze } from './freeze.ts'
import type { RefusalFacts } from './refusal.ts'

/** Why what is approved does not start yet. */
export type Hold =
  | ({ readonly kind: 'frozen' } & Freeze)
  /** `until`: when it opens, as it says. */
  | { readonly kind: 'calendar-closed'; readonly calendar: string; readonly until?: Instant }
  /** AWS does not tell: that it is open is not known, so it counts as closed. */
  | { readonly kind: 'calendar-unknown'; readonly calendar: string; readonly refused: RefusalFacts }

/** Would a card say the same? AWS may word one and the same trouble anew each time. */
export function isSameHold(one: Hold | undefined, other: Hold | undefined): boolean {
  return canonicalJson(shownOf(one)) === canonicalJson(shownOf(other))
}

function shownOf(hold: Hold | undefined): unknown {
  if (hold?.kind !== 'calendar-unknown') return hold ?? null
  const { kind, calendar, refused } = hold
  return { kind, calendar, code: refused.code, problem: refused.code === 'aws' ? refused.problem : null }
}
