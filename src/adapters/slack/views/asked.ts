import type { Pending } from '../../../domain/request.ts'
import { commandLine, LONGEST_FORM, SYNC_USAGE, type SyncWords } from '../grammar.ts'
import { code } from '../text.ts'

// What somebody who asks is told.

export function checkingText({ source, destination }: Pick<SyncWords, 'source' | 'destination'>): string {
  return `Checking ${code(source)} → ${code(destination)}. The card appears in the route's channel in a few seconds.`
}

export function filedText({ id, channel, rule }: Pending): string {
  const needed = rule.required === 1 ? 'one approval is' : `${rule.required} approvals are`
  return `Request ${code(id)} is filed: its card is in <#${channel}>, where ${needed} needed. ${code(`/hsm-requests ${id}`)} shows where it stands.`
}

export function usageText(problems: readonly string[]): string {
  return `${problems.map((problem) => `• ${problem}`).join('\n')}\nUsage: ${code(SYNC_USAGE)}`
}

/** The form is closed by now: what was typed in it, whole, as a command. */
export function againText(words: SyncWords): string {
  return `To ask for the same again: ${code(commandLine(words), LONGEST_FORM)}`
}

export const FORM_NOT_OPENED = usageText(['Slack did not open the form in time. The command asks for the same.'])
export const FORM_TOO_OLD = 'I could not answer this form any more: copy what you need, and type /hsm-sync again.'
export const ROUTE_GONE = 'This is no route any more: type /hsm-sync again.'
