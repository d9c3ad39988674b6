import { createHash } from 'node:crypto'
import { isJson, isJsonList, type Json, parseJson, textAt } from '../json.ts'
import type { WorldState } from '../world/world-state.ts'
import { AwsError } from './aws-error.ts'

/** What the agent makes of a document and the parameters of one command. */
export interface Runnable {
  readonly lines: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const LARGEST = 64 * 1024

/** Where a step runs, by its action. */
const PLATFORM_OF: Readonly<Record<string, string>> = {
  'aws:runShellScript': 'Linux',
  'aws:runPowerShellScript': 'Windows',
}

/** The platform that a document of one's own runs on; `undefined`: there is none of this name. */
export function platformOf({ documents }: Pick<WorldState, 'documents'>, name: string): string | undefined {
  const document = parseJson(documents[name] ?? '{}')
  const [step] = isJson(document) && isJsonList(document.mainSteps) ? document.mainSteps : []
  return isJson(step) ? PLATFORM_OF[textAt(step, 'action') ?? ''] : undefined
}

/** DescribeDocument and GetDocument of documents of one's own. */
export function describeDocument(state: WorldState, input: Json): Json {
  const content = contentOf(state, textAt(input, 'Name') ?? '')
  return {
    Document: {
      Name: textAt(input, 'Name'),
      Hash: hashOf(content),
      HashType: 'Sha256',
      DocumentVersion: '1',
      Status: 'Active',
    },
  }
}

export function getDocument(state: WorldState, input: Json): Json {
  const content = contentOf(state, textAt(input, 'Name') ?? '')
  return { Name: textAt(input, 'Name'), DocumentVersion: '1', DocumentFormat: 'JSON', Content: content }
}

/** A document of one's own with these parameters, checked as SSM does; `undefined`: there is none of this name. */
export function runDocument(
  { documents }: Pick<WorldState, 'documents'>,
  input: Json,
  parameters: Readonly<Record<string, readonly string[]>>,
): Runnable | undefined {
  const name = textAt(input, 'DocumentName') ?? ''
  const content = documents[name]
  if (content === undefined) return undefined
  if (input.DocumentHash !== undefined && input.DocumentHash !== hashOf(content))
    throw new AwsError('InvalidDocument', 'the document hash does not match')
  const document = parseJson(content)
  const [step] = isJson(document) && isJsonList(document.mainSteps) ? document.mainSteps : []
  const declared = isJson(document) && isJson(document.parameters) ? document.parameters : {}
  if (!isJson(step) || PLATFORM_OF[textAt(step, 'action') ?? ''] === undefined || !isJson(step.inputs))
    throw new AwsError('InvalidDocument', 'only one step that runs a script is modelled')
  const unknown = Object.keys(parameters).find((given) => !(given in declared))
  if (unknown !== undefined) throw new AwsError('InvalidParameters', `the document has no parameter ${unknown}`)
  const environment: Record<string, string> = {}
  for (const [parameter, about] of Object.entries(declared)) {
    if (!isJson(about) || about.type !== 'String') throw new AwsError('InvalidDocument', 'only String is modelled')
    const value = parameters[parameter]?.[0] ?? textAt(about, 'default')
    const pattern = textAt(about, 'allowedPattern')
    if (value === undefined) throw new AwsError('InvalidParameters', `${parameter} is required`)
    if (pattern !== undefined && !new RegExp(pattern).test(value))
      throw new AwsError('InvalidParameters', `${parameter} does not match ${pattern}`)
    if (about.interpolationType === 'ENV_VAR') environment[`SSM_${parameter}`] = value
  }
  const commands = step.inputs.runCommand
  return { lines: Array.isArray(commands) ? commands.map(String) : [], environment }
}

function contentOf({ documents }: WorldState, name: string): string {
  const content = documents[name]
  if (content === undefined) throw new AwsError('InvalidDocument', `no document ${name}`)
  if (Buffer.byteLength(content) > LARGEST) throw new AwsError('MaxDocumentSizeExceeded', name)
  return content
}

function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}
