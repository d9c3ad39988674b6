import { isJson, type Json } from '../../json.ts'
import { type Complain, checkKeys, checkString, checkText } from './text.ts'

type At = { pointer: string; complain: Complain }

const selects = ['static_select', 'users_select', 'conversations_select', 'channels_select', 'external_select']
const multiSelects = selects.map((name) => `multi_${name}`)
const choosers = ['overflow', 'checkboxes', 'radio_buttons']
const pickers = ['datepicker', 'timepicker', 'datetimepicker']
const inputs = ['plain_text_input', 'email_text_input', 'url_text_input', 'number_input']

export const actionElements = ['button', ...selects, ...multiSelects, ...choosers, ...pickers]
export const inputElements = [...inputs, ...selects, ...multiSelects, 'checkboxes', 'radio_buttons', ...pickers]

/** One interactive element, by the limits of @slack/types and Slack's reference. */
export function checkElement(element: unknown, allowed: readonly string[], at: At): void {
  if (!isJson(element)) {
    at.complain(at.pointer, 'must be an element')
    return
  }
  const type = String(element.type)
  if (!allowed.includes(type)) {
    at.complain(`${at.pointer}/type`, `${type} is not allowed here`)
    return
  }
  checkString(element.action_id, 255, { ...at, pointer: `${at.pointer}/action_id`, required: true })
  if (element.confirm !== undefined) checkConfirm(element.confirm, { ...at, pointer: `${at.pointer}/confirm` })
  if (element.placeholder !== undefined) {
    checkText(element.placeholder, 150, { ...at, pointer: `${at.pointer}/placeholder`, plain: true })
  }
  if (type === 'button') checkButton(element, at)
  if (Array.isArray(element.options)) checkOptions(element.options, type, at)
  else if (Array.isArray(element.option_groups) && type.endsWith('static_select'))
    checkGroups(element.option_groups, type, at)
  else if (type.endsWith('static_select') || choosers.includes(type)) at.complain(`${at.pointer}/options`, 'missing')
  if (type === 'plain_text_input') checkTextInput(element, at)
}

function checkButton(button: Json, at: At): void {
  const known = ['type', 'text', 'action_id', 'url', 'value', 'style', 'confirm', 'accessibility_label']
  checkKeys(button, known, at)
  checkText(button.text, 75, { ...at, pointer: `${at.pointer}/text`, plain: true })
  checkString(button.value, 2000, { ...at, pointer: `${at.pointer}/value` })
  checkString(button.url, 3000, { ...at, pointer: `${at.pointer}/url` })
  checkString(button.accessibility_label, 75, { ...at, pointer: `${at.pointer}/accessibility_label` })
  checkStyle(button.style, at)
}

function checkConfirm(confirm: unknown, at: At): void {
  if (!isJson(confirm)) {
    at.complain(at.pointer, 'must be a confirmation dialog')
    return
  }
  checkKeys(confirm, ['title', 'text', 'confirm', 'deny', 'style'], at)
  checkText(confirm.title, 100, { ...at, pointer: `${at.pointer}/title`, plain: true })
  checkText(confirm.text, 300, { ...at, pointer: `${at.pointer}/text` })
  checkText(confirm.confirm, 30, { ...at, pointer: `${at.pointer}/confirm`, plain: true })
  checkText(confirm.deny, 30, { ...at, pointer: `${at.pointer}/deny`, plain: true })
  checkStyle(confirm.style, at)
}

function checkStyle(style: unknown, at: At): void {
  if (style !== undefined && style !== 'primary' && style !== 'danger') {
    at.complain(`${at.pointer}/style`, 'must be primary or danger')
  }
}

function checkOptions(options: readonly unknown[], type: string, at: At): void {
  const most = type === 'overflow' ? 5 : type === 'checkboxes' || type === 'radio_buttons' ? 10 : 100
  if (options.length < 1 || options.length > most)
    at.complain(`${at.pointer}/options`, `must have 1 to ${most} options`)
  for (const [number, option] of options.entries()) {
    const pointer = `${at.pointer}/options/${number}`
    if (!isJson(option)) {
      at.complain(pointer, 'must be an option')
      continue
    }
    checkText(option.text, 75, { ...at, pointer: `${pointer}/text` })
    checkString(option.value, 75, { ...at, pointer: `${pointer}/value`, required: true })
    if (option.description !== undefined)
      checkText(option.description, 75, { ...at, pointer: `${pointer}/description` })
  }
}

function checkGroups(groups: readonly unknown[], type: string, at: At): void {
  if (groups.length < 1 || groups.length > 100) at.complain(`${at.pointer}/option_groups`, 'must have 1 to 100 groups')
  for (const [number, group] of groups.entries()) {
    const inGroup = { ...at, pointer: `${at.pointer}/option_groups/${number}` }
    if (!isJson(group) || !Array.isArray(group.options)) {
      at.complain(inGroup.pointer, 'must be a group of options')
      continue
    }
    checkText(group.label, 75, { ...at, pointer: `${inGroup.pointer}/label`, plain: true })
    checkOptions(group.options, type, inGroup)
  }
}

function checkTextInput(element: Json, at: At): void {
  const { max_length: max, min_length: min, initial_value: initial } = element
  if (max !== undefined && (typeof max !== 'number' || max < 1 || max > 3000)) {
    at.complain(`${at.pointer}/max_length`, 'must be 1 to 3000')
  }
  if (min !== undefined && (typeof min !== 'number' || min < 0 || min > 3000)) {
    at.complain(`${at.pointer}/min_length`, 'must be 0 to 3000')
  }
  if (typeof initial === 'string' && typeof max === 'number' && initial.length > max) {
    at.complain(`${at.pointer}/initial_value`, 'is longer than max_length')
  }
}
