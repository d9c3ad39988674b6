import type { Stop, StopCode } from '../domain/step.ts'
import type { Printed } from './printed.ts'
import type { Result } from './results.ts'

/** Results of the bastion script for a step whose tool it did not start. */
const REFUSALS: Partial<Record<Result, StopCode>> = {
  'refused-busy': 'bastion-busy',
  'refused-credentials': 'credentials',
  'refused-configure': 'not-configured',
  'refused-configured-clusters': 'other-hsms',
  'refused-configured-hosts': 'other-hsms',
}

/** A step that the bastion script refused before it began. */
export function refusedStop(printed: Printed): Stop | undefined {
  if (!printed.result.startsWith('refused-')) return undefined
  const reason = printed.result.replace('refused-', '')
  return { code: REFUSALS[printed.result] ?? 'bastion-refused', detail: `${reason}: ${printed.detail}` }
}

/** The listing a step is for cannot be read: no evidence, so no success. */
export function unreadable(what: string): Stop {
  return { code: 'unreadable', detail: what }
}
