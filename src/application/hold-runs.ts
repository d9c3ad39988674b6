import type { Hold } from '../domain/hold.ts'
import { isRefusal } from '../domain/refusal.ts'
import type { Route } from '../domain/route.ts'
import type { Deps } from './ports.ts'

/** How soon a held request is looked at again, in milliseconds: a calendar is a call to AWS, the brake is not. */
export const LOOK_AGAIN_MS: Readonly<Record<Hold['kind'], number>> = {
  frozen: 5_000,
  'calendar-closed': 15_000,
  'calendar-unknown': 15_000,
}

/** Why nothing may start on this route now, or nothing. Throws where the store does not tell. */
export async function holdOf(
  { store, calendars }: Pick<Deps, 'store' | 'calendars'>,
  { calendar, bastion }: Pick<Route, 'calendar' | 'bastion'>,
  signal: AbortSignal,
): Promise<Hold | undefined> {
  const freeze = await store.frozen()
  if (freeze) return { kind: 'frozen', ...freeze }
  if (calendar === undefined) return undefined
  const found = await calendars.state(calendar, bastion, signal)
  if (isRefusal(found)) return { kind: 'calendar-unknown', calendar, refused: found.refused }
  if (found.isOpen) return undefined
  return { kind: 'calendar-closed', calendar, ...(found.changesAt === undefined ? {} : { until: found.changesAt }) }
}
