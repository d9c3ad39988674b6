import { redact } from '../domain/redact.ts'

const LONGEST = 200

/** What a tool said on one line, redacted, cut to what a table can hold. */
export function oneLine(text: string): string {
  const words = redact(text).replace(/\s+/g, ' ').trim()
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words
}
