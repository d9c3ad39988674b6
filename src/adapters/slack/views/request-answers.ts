import type { Freeze } from '../../../domain/freeze.ts'
import type { Request } from '../../../domain/request.ts'
import type { Selection } from '../../../domain/scope.ts'
import {
  commandLine,
  LONGEST_FORM,
  LONGEST_REASON,
  parseSync,
  SYNC_USAGE,
  type SyncWords,
} from '../incoming/grammar.ts'
import { frozenText } from './frozen-text.ts'
import { scopeText } from './spec-text.ts'
import { STATE_FACES } from './states.ts'
import { code, count } from './text.ts'

// What somebody who asks is told.

export function checkingText({ source, destination, mode, scope }: Omit<SyncWords, 'reason'>): string {
  const { users, keys } = scope
  const what = `${chosenText(users, 'user')}, ${chosenText(keys, 'key')}`
  const act = mode === 'plan' ? 'a comparison, which changes nothing' : 'a sync'
  return `Checking ${code(source)} → ${code(destination)} for ${act}: ${what}. If nothing speaks against it, the card appears in the route's channel in a few seconds.`
}

function chosenText(selection: Selection<unknown>, noun: string): string {
  if (selection.kind === 'listed') return count(selection.items.length, noun)
  return `${selection.kind === 'all' ? 'all' : 'no'} ${noun}s`
}

/** What an ask came to; where it was worked on again after its request was decided, how that stands. */
export function filedText({ id, state, channel, rule, spec }: Request, freeze: Freeze | undefined): string {
  const needed = rule.required === 1 ? 'one approval is' : `${rule.required} approvals are`
  const what = `${spec.mode === 'plan' ? 'a comparison' : 'a sync'} of ${scopeText(spec, 'keys')} and ${scopeText(spec, 'users')}`
  const card =
    state === 'pending'
      ? `Its card is in <#${channel}>, where ${needed} needed.`
      : `By now it stands at *${STATE_FACES[state].title}*; its card is in <#${channel}>.`
  return `Request ${code(id)} is filed: ${what}. ${card} ${code(`/hsm-requests ${id}`)} shows where it stands.${freeze ? ` Nothing starts for now, because ${frozenText(freeze)}.` : ''}`
}

export function usageText(problems: readonly string[]): string {
  return `${problems.map((problem) => `• ${problem}`).join('\n')}\nUsage: ${code(SYNC_USAGE)}`
}

/** The form is closed by now: what was typed in it, whole, as a command. */
export function againText(words: SyncWords): string {
  const command = commandLine(words)
  // A form takes reasons that a command cannot tell from an option.
  if ('problems' in parseSync(command))
    return `To ask for the same again, type ${code('/hsm-sync')} alone. The reason was: ${code(words.reason, LONGEST_REASON)}`
  return `To ask for the same again: ${code(command, LONGEST_FORM)}`
}

export const FORM_NOT_OPENED = usageText(['Slack did not open the form in time. The command asks for the same.'])
export const FORM_TOO_OLD = 'I could not answer this form any more: copy what you need, and type /hsm-sync again.'
export const ROUTE_GONE = 'This is no route any more: type /hsm-sync again.'
