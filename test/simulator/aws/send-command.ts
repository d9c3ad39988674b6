import { isJson, type Json, textAt } from '../json.ts'
import type { WorldState } from '../world/world-state.ts'
import { AwsError } from './aws-error.ts'
import { platformOf, type Runnable, runDocument } from './documents.ts'

/** A SendCommand that SSM would accept. */
export interface SendOrder {
  readonly instanceId: string
  readonly documentName: string
  readonly comment: string
  readonly parameters: Record<string, string[]>
  readonly timeoutSeconds: number
  readonly runs: Runnable
}

const known = [
  ...['InstanceIds', 'DocumentName', 'DocumentVersion', 'DocumentHash', 'DocumentHashType'],
  ...['TimeoutSeconds', 'Comment', 'Parameters'],
]
const documents: Record<string, string> = { 'AWS-RunShellScript': 'Linux', 'AWS-RunPowerShellScript': 'Windows' }
// Not published; AWS documents stop at 64 KB, and half of it is what we trust.
const parameterBytes = 32 * 1024

/** Checks the input of SendCommand as SSM does, and more strictly. Throws AwsError. */
export function parseSendCommand(input: Json, platform: string, state: WorldState): SendOrder {
  const unknown = Object.keys(input).filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new AwsError('ValidationException', `not modelled: ${unknown.join(', ')}`)
  const instances = input.InstanceIds
  if (!Array.isArray(instances) || instances.length !== 1) {
    throw new AwsError('ValidationException', 'exactly one InstanceId is modelled')
  }
  const documentName = textAt(input, 'DocumentName') ?? ''
  const isOwn = documentName in state.documents
  const runsOn = isOwn ? platformOf(state, documentName) : documents[documentName]
  if (runsOn === undefined) throw new AwsError('InvalidDocument', `no document ${documentName}`)
  if (runsOn !== platform) throw new AwsError('UnsupportedPlatformType', `${documentName} does not run on ${platform}`)
  const comment = textAt(input, 'Comment') ?? ''
  if (comment.length > 100) throw new AwsError('ValidationException', 'Comment is longer than 100 characters')
  const timeoutSeconds = input.TimeoutSeconds ?? 3600
  if (typeof timeoutSeconds !== 'number' || timeoutSeconds < 30 || timeoutSeconds > 2_592_000) {
    throw new AwsError('ValidationException', 'TimeoutSeconds must be between 30 and 2592000')
  }
  const parameters = parseParameters(input.Parameters ?? {}, isOwn)
  const runs = runDocument(state, input, parameters) ?? { lines: parameters.commands ?? [], environment: {} }
  return { instanceId: String(instances[0]), documentName, comment, parameters, timeoutSeconds, runs }
}

function parseParameters(value: unknown, isOwn: boolean): Record<string, string[]> {
  if (!isJson(value)) throw new AwsError('ValidationException', 'Parameters must be a map')
  const parsed: Record<string, string[]> = {}
  for (const [name, list] of Object.entries(value)) {
    if (!isOwn && !['commands', 'workingDirectory', 'executionTimeout'].includes(name)) {
      throw new AwsError('InvalidParameters', `the document has no parameter ${name}`)
    }
    if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
      throw new AwsError('ValidationException', `${name} must be a list of strings`)
    }
    parsed[name] = list
  }
  if (!isOwn && (parsed.commands ?? []).length === 0) throw new AwsError('InvalidParameters', 'commands is required')
  checkTimeout(parsed.executionTimeout)
  const text = JSON.stringify(parsed)
  if (text.includes('{{')) throw new AwsError('InvalidParameters', '{{ would be substituted: never send it')
  if (Buffer.byteLength(text) > parameterBytes) {
    throw new AwsError('MaxDocumentSizeExceeded', `parameters are larger than ${parameterBytes} bytes`)
  }
  return parsed
}

function checkTimeout(value: string[] | undefined): void {
  if (value === undefined) return
  const seconds = value.length === 1 && /^\d+$/.test(value[0] ?? '') ? Number(value[0]) : 0
  if (seconds < 1 || seconds > 172_800) {
    throw new AwsError('InvalidParameters', 'executionTimeout must be one string from 1 to 172800')
  }
}
