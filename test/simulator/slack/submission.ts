import { isJson, isJsonList, type Json, parseJson, textAt } from '../json.ts'
import { findElement } from './find-element.ts'
import { addView, changeView } from './methods/views.ts'
import type { ViewRecord } from './records.ts'
import { acceptView } from './rules/view.ts'
import type { Workspace } from './workspace.ts'

/**
 * What the app answered to a submission: nothing or `clear` closes, `errors` keep it open, `update` and `push` go on.
 */
export function takeAnswer(workspace: Workspace, view: ViewRecord, answer: string): void {
  const body = answer === '' ? {} : parseJson(answer)
  if (!isJson(body)) {
    workspace.report(`view_submission was answered with ${answer.slice(0, 100)}`)
    return
  }
  const action = textAt(body, 'response_action')
  const accept = () => acceptView(body.view, () => workspace.nextId('blk'))
  if (action === 'errors') showErrors(workspace, view, isJson(body.errors) ? body.errors : {})
  else if (action === 'update') changeView(view, accept())
  else if (action === 'push') addView(workspace, { user: view.user, view: accept() })
  else view.state = 'submitted'
}

function showErrors(workspace: Workspace, view: ViewRecord, errors: Json): void {
  const known = new Set(blocksOf(view).map((block) => block.block_id))
  for (const id of Object.keys(errors)) if (!known.has(id)) workspace.report(`error for unknown block ${id}`)
  view.errors = Object.fromEntries(Object.entries(errors).map(([id, text]) => [id, String(text)]))
}

/** Throws when the view has no such inputs. */
export function checkValues(view: ViewRecord, values: Record<string, Record<string, unknown>>): void {
  const blocks = blocksOf(view)
  for (const [blockId, actions] of Object.entries(values)) {
    for (const actionId of Object.keys(actions)) {
      const block = blocks.find((candidate) => candidate.block_id === blockId)
      if (block === undefined || findElement([block], actionId) === undefined) {
        throw new Error(`view ${view.id} has no input ${blockId}/${actionId}`)
      }
    }
  }
}

/**
 * `state.values` of a submission. A plain string is what somebody typed, or the value of the option they chose; an
 * input that nobody touched has its initial value. Throws where Slack would not send it: a required input is empty, or
 * there is no such option.
 */
export function inputValues(view: ViewRecord, given: Record<string, Record<string, unknown>>): Json {
  const values: Json = {}
  for (const block of blocksOf(view)) {
    if (block.type !== 'input' || !isJson(block.element)) continue
    const blockId = String(block.block_id)
    const actionId = String(block.element.action_id)
    const value = given[blockId]?.[actionId]
    const sent = value === undefined || typeof value === 'string' ? inputState(block.element, value) : value
    const isEmpty = isJson(sent) && (sent.value ?? sent.selected_option ?? '') === ''
    if (isEmpty && block.optional !== true) throw new Error(`view ${view.id}: ${blockId} must be filled in`)
    values[blockId] = { [actionId]: sent }
  }
  return values
}

function inputState(element: Json, given: string | undefined): Json {
  const { type } = element
  if (type !== 'static_select' && type !== 'radio_buttons')
    return { type, value: given ?? element.initial_value ?? null }
  const options = optionsOf(element)
  const chosen = given === undefined ? element.initial_option : options.find(({ value }) => value === given)
  if (given !== undefined && chosen === undefined) throw new Error(`no option ${given}`)
  return { type, selected_option: chosen ?? null }
}

/** What can be chosen in a select, in groups or not. */
export function optionsOf(element: Json): readonly Json[] {
  const groups = isJsonList(element.option_groups) ? element.option_groups : [element]
  return groups.flatMap((group) => (isJsonList(group.options) ? group.options : []))
}

function blocksOf(view: ViewRecord): Json[] {
  return isJsonList(view.view.blocks) ? view.view.blocks : []
}
