import type { Hold } from '../../../domain/hold.ts'
import { refuse } from '../../../domain/refusal.ts'
import { explain } from './explain.ts'
import { frozenText } from './frozen-text.ts'
import { code, when } from './text.ts'

/** Why what is approved does not start yet, as a sentence or two. */
export function holdText(hold: Hold): string {
  switch (hold.kind) {
    case 'frozen':
      return `Nothing starts, because ${frozenText(hold)}.`
    case 'calendar-closed':
      return `The change calendar ${code(hold.calendar)} is closed${hold.until === undefined ? '' : ` until ${when(hold.until)}`}.`
    case 'calendar-unknown':
      return `Whether the change calendar ${code(hold.calendar)} is open is not known, so it counts as closed. ${explain(refuse(hold.refused))}`
    default:
      return hold satisfies never
  }
}
