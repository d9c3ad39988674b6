import type { Stop, StopCode } from '../domain/step.ts'
import type { Printed } from './printed.ts'

/** Results of the bastion script for a step whose tool it did not start. */
const REFUSALS: ReadonlyMap<string, StopCode> = new Map(
  Object.entries({
    'refused-busy': 'bastion-busy',
    'refused-credentials': 'credentials',
    'refused-configure': 'not-configured',
    'refused-configured-clusters': 'other-hsms',
    'refused-configured-hosts': 'other-hsms',
  } as const),
)

/** A step that the bastion script refused before it began. */
export function refusedStop(printed: Printed): Stop | undefined {
  if (!printed.result.startsWith('refused-')) return undefined
  const reason = printed.result.replace('refused-', '')
  return { code: REFUSALS.get(printed.result) ?? 'bastion-refused', detail: `${reason}: ${printed.detail}` }
}

/** The listing a step is for cannot be read: no evidence, so no success. */
export function unreadable(what: string): Stop {
  return { code: 'unreadable', detail: what }
}
