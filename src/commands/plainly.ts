import { explain } from '../adapters/slack/views/explain.ts'
import type { Refusal } from '../domain/refusal.ts'

/** The sentence for Slack without Slack's markup. */
export function plainly(refusal: Refusal): string {
  return explain(refusal)
    .replace(/[`\u200b]/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
