import type { Json } from '../json.ts'
import type { WorldState } from '../world/world-state.ts'
import { AwsError } from './aws-error.ts'

/** GetCalendarState of one Change Calendar, by name or ARN, at the moment of the call. */
export function calendarState({ calendars }: WorldState, input: Json): Json {
  const names = input.CalendarNames
  const [name] = Array.isArray(names) ? names : []
  if (!Array.isArray(names) || names.length !== 1 || typeof name !== 'string')
    throw new AwsError('ValidationException', 'exactly one CalendarName is modelled')
  if (Object.keys(input).length !== 1) throw new AwsError('ValidationException', 'AtTime is not modelled')
  const found = calendars[name.replace(/^arn:.*:document\//, '')]
  if (!found) throw new AwsError('InvalidDocument', `no calendar ${name}`)
  const now = new Date().toISOString().replace(/\.\d{3}Z$/, 'Z')
  return { State: found.state, AtTime: now, ...(found.next === undefined ? {} : { NextTransitionTime: found.next }) }
}
