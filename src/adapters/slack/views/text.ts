import type { Instant } from '../../../domain/brand.ts'
import { redact } from '../../../domain/redact.ts'

/**
 * Text that a person or a tool wrote, safe inside Slack's markup: no mention, link or formatting can come out of it.
 */
export function plain(text: string, limit = 500): string {
  const safe = redact(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  // A zero-width space keeps backticks, stars and the like from pairing up into formatting; inside a word they cannot,
  // and names stay copyable.
  return cut(safe.replace(/[*~`]|\b_|_\b/g, (sign) => `${sign}\u200b`).replace(/\s*\n\s*/g, ' ⏎ '), limit)
}

/** Text in code style: of backticks nothing is left. */
export function code(text: string, limit = 300): string {
  const safe = redact(text)
    .replaceAll('`', "'")
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
  return `\`${cut(safe.replace(/\s*\n\s*/g, ' ⏎ '), limit) || ' '}\``
}

/** At most `limit` characters, and says so where something was cut. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  return `${text.slice(0, Math.max(limit - 1, 0)).replace(/[\uD800-\uDBFF]$/, '')}…`
}

export function person(userId: string): string {
  return `<@${userId}>`
}

/** Who asked for a request. */
export function askerText({ requestedBy, isWatch }: { readonly requestedBy: string; readonly isWatch?: true }): string {
  return isWatch ? 'the watch' : person(requestedBy)
}

/** The approvers of a rule, as Slack names them. */
export function approversText(rule: {
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
}): string {
  const names = [...rule.users.map(person), ...rule.userGroups.map((group) => `<!subteam^${group}>`)]
  const shown = names.slice(0, 20).join(', ')
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown
}

/** An instant in the reader's own time zone. */
export function when(at: Instant): string {
  const fallback = new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
  return `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${fallback}>`
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

/** `1 user`, `3 users`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}

/** Lines of columns for a fixed-width block. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
