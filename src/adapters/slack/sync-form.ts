import type { ViewSubmitAction } from '@slack/bolt'
import type { Instant } from '../../domain/brand.ts'
import type { Landscape } from '../../domain/route.ts'
import { plainTyping, readFields, type SyncWords } from './grammar.ts'
import { FORM_INPUT, type FormField } from './views/actions.ts'
import { type FormMemo, parseFormMemo, routeValue } from './views/sync-form.ts'

/** Less than Slack takes answers to a command (30 minutes; Slack, handling user interaction). */
const MOST_OPEN_MS = 25 * 60_000

/** Reads what somebody sent with the form. A wrong field is answered at that field, and nothing else that was typed is lost. */
export function readForm(
  landscape: Landscape,
  { state, private_metadata }: ViewSubmitAction['view'],
  now: Instant,
): { readonly words: SyncWords; readonly memo: FormMemo } | { readonly problems: Record<string, string> } {
  const memo = parseFormMemo(private_metadata)
  if (!memo || now - memo.openedAt > MOST_OPEN_MS)
    return {
      problems: { reason: 'I could not answer this form any more: copy what you need, and type /hsm-sync again.' },
    }
  const given = (field: FormField) => {
    const input = state.values[field]?.[FORM_INPUT]
    return plainTyping(input?.value ?? input?.selected_option?.value ?? '').trim()
  }
  // People put spaces behind commas; a list has none.
  const list = (field: 'users' | 'keys') => given(field).replace(/\s*,\s*/g, ',') || undefined
  const route = landscape.routes.find((candidate) => routeValue(candidate) === given('route'))
  const read = readFields({
    users: list('users'),
    keys: list('keys'),
    mode: given('mode'),
    reason: given('reason').replace(/\s+/g, ' '),
  })
  if (route && !('problems' in read))
    return { words: { source: route.source.alias, destination: route.destination.alias, ...read }, memo }
  const problems: Partial<Record<FormField, string>> = {
    ...(route ? {} : { route: 'This is no route any more: type /hsm-sync again.' }),
    ...('problems' in read ? read.problems : {}),
  }
  return {
    problems: Object.fromEntries(Object.entries(problems).map(([field, problem]) => [field, unmarked(problem)])),
  }
}

/** A form shows errors as they are, without markup. */
function unmarked(text: string): string {
  return text.replaceAll('`', '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
