import type { Freeze } from '../../../domain/freeze.ts'
import { person, plain, when } from './text.ts'

/** Who put the brake on, when and why; behind "because". */
export function frozenText({ by, at, reason }: Freeze): string {
  const who = /^[UW][A-Z0-9]+$/.test(by) ? person(by) : plain(by)
  return `${who} froze everything ${when(at)}: ${plain(reason)}`
}
