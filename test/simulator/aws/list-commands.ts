import { isJsonList, type Json, textAt } from '../json.ts'
import { AwsError } from './aws-error.ts'
import { type CommandRecord, describeCommand } from './command-record.ts'
import { page } from './page.ts'

/** ListCommands: newest first. It cannot filter by Comment, as the real one cannot. */
export function listCommands(commands: readonly CommandRecord[], input: Json, region: string): Json {
  const filters = input.Filters ?? []
  if (!isJsonList(filters)) throw new AwsError('InvalidFilterKey', 'Filters must be a list')
  const id = textAt(input, 'CommandId')
  const instance = textAt(input, 'InstanceId')
  const found = commands
    .filter((command) => command.region === region)
    .filter((command) => id === undefined || command.commandId === id)
    .filter((command) => instance === undefined || command.instanceId === instance)
    .filter((command) => filters.every((filter) => passes(command, filter)))
    .sort((a, b) => b.requestedAt - a.requestedAt)
  const { items, nextToken } = page(found.map(describeCommand), input, { largest: 50 })
  return { Commands: items, ...nextToken }
}

// The API's own spelling here is lower case (`key`, `value`), unlike everywhere else in SSM.
function passes(command: CommandRecord, filter: Json): boolean {
  const key = textAt(filter, 'key')
  const value = textAt(filter, 'value') ?? ''
  switch (key) {
    case 'InvokedAfter':
      return command.requestedAt >= timeOf(value)
    case 'InvokedBefore':
      return command.requestedAt <= timeOf(value)
    case 'Status':
      return command.status === value
    case 'DocumentName':
      return command.documentName === value
    case 'ExecutionStage':
      return (value === 'Executing') === ['Pending', 'InProgress', 'Delayed', 'Cancelling'].includes(command.status)
    default:
      throw new AwsError('InvalidFilterKey', `no filter ${key ?? ''}`)
  }
}

function timeOf(value: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) {
    throw new AwsError('ValidationException', `not a timestamp: ${value}`)
  }
  return Date.parse(value)
}
