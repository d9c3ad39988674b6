import type { ViewSubmitAction } from '@slack/bolt'
import type { Landscape } from '../../domain/route.ts'
import { plainTyping, readFields, type SyncWords } from './grammar.ts'
import { FORM_INPUT, type FormField } from './views/actions.ts'
import { routeValue } from './views/sync-form.ts'

/** Reads what somebody sent with the form. A wrong field is answered at that field, and nothing else that was typed is lost. */
export function readForm(
  landscape: Landscape,
  { state }: ViewSubmitAction['view'],
): SyncWords | { readonly problems: Record<string, string> } {
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
    return { source: route.source.alias, destination: route.destination.alias, ...read }
  const problems: Partial<Record<FormField, string>> = {
    ...(route ? {} : { route: 'This is no route (any more): choose another one.' }),
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
