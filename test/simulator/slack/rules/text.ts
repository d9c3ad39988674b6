import { isJson, type Json } from '../../json.ts'

/** Collects what is wrong, with a JSON pointer to the place. */
export type Complain = (pointer: string, problem: string) => void

/** A text object of at most `max` characters. */
export function checkText(
  value: unknown,
  max: number,
  at: { pointer: string; complain: Complain; plain?: boolean },
): void {
  if (!isJson(value)) {
    at.complain(at.pointer, 'must be a text object')
    return
  }
  const types = at.plain ? ['plain_text'] : ['plain_text', 'mrkdwn']
  if (!types.includes(String(value.type))) at.complain(`${at.pointer}/type`, `must be ${types.join(' or ')}`)
  checkKeys(value, ['type', 'text', 'emoji', 'verbatim'], at)
  if (typeof value.text !== 'string' || value.text.length < 1) at.complain(`${at.pointer}/text`, 'must not be empty')
  else if (value.text.length > max) at.complain(`${at.pointer}/text`, `must be less than ${max + 1} characters`)
}

/** A string of at most `max` characters, where it is given at all. */
export function checkString(
  value: unknown,
  max: number,
  at: { pointer: string; complain: Complain; required?: boolean },
): void {
  if (value === undefined && !at.required) return
  if (typeof value !== 'string' || value === '') {
    at.complain(at.pointer, 'must be a string that is not empty')
    return
  }
  if (value.length > max) at.complain(at.pointer, `must be less than ${max + 1} characters`)
}

/** Block Kit refuses fields it does not know. */
export function checkKeys(value: Json, known: readonly string[], at: { pointer: string; complain: Complain }): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) at.complain(`${at.pointer}/${key}`, 'unknown field')
  }
}

/** Every string that a reader could see or the app sent along, added up: Slack's own sum is not documented. */
export function sumOfCharacters(value: unknown, key = ''): number {
  if (typeof value === 'string') return ['type', 'style', 'block_id', 'action_id'].includes(key) ? 0 : value.length
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sumOfCharacters(item), 0)
  if (!isJson(value)) return 0
  return Object.entries(value).reduce((sum, [name, item]) => sum + sumOfCharacters(item, name), 0)
}
