import { isJson, type Json, parseJson } from '../json.ts'
import { ApiError } from './api-error.ts'

// Structured arguments: JSON text in a form, plain in a JSON body.
const structured = new Set(['blocks', 'attachments', 'metadata', 'view', 'files'])

/** The arguments of a Web API call from a form or a JSON body. Throws ApiError as Slack answers. */
export function parseArguments(body: string, contentType: string): Json {
  if (contentType.startsWith('application/json')) {
    const parsed = parseJson(body)
    if (!isJson(parsed)) throw new ApiError('invalid_json')
    return parsed
  }
  if (!contentType.startsWith('application/x-www-form-urlencoded')) throw new ApiError('invalid_post_type')
  const args: Json = {}
  for (const [name, value] of new URLSearchParams(body)) {
    args[name] = structured.has(name) ? structuredValue(name, value) : value
  }
  return args
}

function structuredValue(name: string, text: string): unknown {
  const parsed = parseJson(text)
  if (parsed === undefined) throw new ApiError(name === 'blocks' ? 'invalid_blocks_format' : 'invalid_arguments', name)
  return parsed
}
