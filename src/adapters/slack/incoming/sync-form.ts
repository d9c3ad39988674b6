import { refuseStranger } from '../../../application/ask-workspace.ts'
import { lookupHsms } from '../../../application/lookup-hsms.ts'
import { submitRequest } from '../../../application/submit-request.ts'
import type { Instant } from '../../../domain/brand.ts'
import { isRefusal } from '../../../domain/refusal.ts'
import type { Landscape } from '../../../domain/route.ts'
import { describeError } from '../../../log.ts'
import type { FormField } from '../views/actions.ts'
import type { Block } from '../views/blocks.ts'
import { explain } from '../views/explain.ts'
import { againText, checkingText, FORM_NOT_OPENED, FORM_TOO_OLD, ROUTE_GONE } from '../views/request-answers.ts'
import { type FormMemo, formHsms, lookingUp, parseFormMemo, routeValue, syncForm } from '../views/sync-form.ts'
import { type Answer, answerRequest, type ListenerDeps, PREVIEW_MS } from './answer.ts'
import type { Click, Command, Form } from './deliveries.ts'
import { readFields, type SyncWords } from './grammar.ts'
import type { Work } from './inbox.ts'
import { plainTyping } from './typing.ts'

/** Less than Slack takes answers to a command (30 minutes; Slack, handling user interaction). */
const MOST_OPEN_MS = 25 * 60_000

/** `/hsm-sync` alone. Where Slack does not open the form in its three seconds, the command's usage is the answer. */
export async function openForm(deps: ListenerDeps, command: Command, answer: Answer): Promise<void> {
  const asked = refuseStranger(deps, command.user)
  const stranger = await Promise.race([asked, deps.clock.sleep(PREVIEW_MS)])
  if (stranger) return answer({ text: explain(stranger) })
  const memo = { channel: command.channel, respondTo: command.respondTo, openedAt: deps.clock.now() }
  try {
    const view = await deps.web.openView(command.trigger, syncForm(deps.landscape, memo))
    const [only, ...others] = deps.landscape.routes
    // The form stands: whatever happens from here on, nobody is told that it does not.
    if (view === undefined || !only || others.length > 0) return
    deps.tasks.run(async () => {
      // Whoever Slack did not tell of in time sees the form, and nothing else.
      if (!(await asked)) await showHsms(deps, { view, memo, route: routeValue(only) })
    })
  } catch (error) {
    deps.log.warn({ error: describeError(error) }, 'the form could not be opened')
    await answer({ text: FORM_NOT_OPENED })
  }
}

/** Somebody chose a route in the form: its HSMs as they are now. */
export async function routeChosen(deps: ListenerDeps, { user, value, view }: Click): Promise<void> {
  const memo = view && parseFormMemo(view.memo)
  if (!view || !memo) return
  remember(view.id, value)
  if (await refuseStranger(deps, user)) return
  await showHsms(deps, { view: view.id, memo, route: value }, 'at once')
}

interface FormShown {
  readonly view: string
  readonly memo: FormMemo
  /** The chosen one, as the form has it. */
  readonly route: string
}

/**
 * The route that was chosen last in each open form, and what is being shown there: what AWS answers, and what Slack
 * does with two updates, may come in another order.
 */
const forms = new Map<string, { route: string; shown: Promise<void> }>()
const MOST_FORMS = 500

function remember(view: string, route: string): void {
  if (forms.size >= MOST_FORMS) forms.clear()
  forms.set(view, { route, shown: forms.get(view)?.shown ?? Promise.resolve() })
}

/** Below the route, the HSMs of both clusters. A convenience: where it does not work, the form is as before. */
async function showHsms(deps: ListenerDeps, { view, memo, route: value }: FormShown, how?: 'at once'): Promise<void> {
  const route = deps.landscape.routes.find((candidate) => routeValue(candidate) === value)
  if (!route) return
  // Where nobody has chosen, it is the only one there is.
  const isCurrent = () => (forms.get(view)?.route ?? value) === value
  const show = async (hsms: readonly Block[]) => {
    const update = async () => {
      if (isCurrent()) await deps.web.updateView(view, syncForm(deps.landscape, memo, hsms))
    }
    // One update after the other, and none of a route that is not chosen any more.
    const form = forms.get(view)
    const shown = (form?.shown ?? Promise.resolve()).then(update)
    if (form) form.shown = shown.catch(() => undefined)
    await shown
  }
  try {
    // Those of the route before are gone at once.
    if (how) await show(lookingUp(route))
    if (!isCurrent()) return
    const [source, destination] = await Promise.all([
      lookupHsms(deps, route.source.alias),
      lookupHsms(deps, route.destination.alias),
    ])
    await show(formHsms(route, { source, destination, at: deps.clock.now() }))
  } catch (error) {
    deps.log.info({ error: describeError(error) }, 'the form does not show the HSMs of its route')
  }
}

/** The form was sent, and is closed: what was typed comes back where it was refused. */
export async function formSubmitted(
  deps: ListenerDeps,
  words: SyncWords,
  {
    by,
    channel,
    answer,
    how,
  }: { readonly by: string; readonly channel: string; readonly answer: Answer; readonly how: Work },
): Promise<void> {
  await answer({ text: checkingText(words) })
  const asked = await submitRequest(deps, { ...words, requestedBy: by, channel, delivery: how })
  await answerRequest(deps, asked, answer)
  if (isRefusal(asked)) await answer({ text: againText(words) })
}

/**
 * Reads what somebody sent with the form. A wrong field is answered at that field, and nothing else that was typed is
 * lost.
 */
export function readForm(
  landscape: Landscape,
  { fields, memo: carried }: Pick<Form, 'fields' | 'memo'>,
  now: Instant,
): { readonly words: SyncWords; readonly memo: FormMemo } | { readonly problems: Record<string, string> } {
  const memo = parseFormMemo(carried)
  if (!memo || now - memo.openedAt > MOST_OPEN_MS) return { problems: { reason: FORM_TOO_OLD } }
  const given = (field: FormField) => plainTyping(fields[field] ?? '').trim()
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
    ...(route ? {} : { route: ROUTE_GONE }),
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
