import { isJson, type Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import type { Method, MethodContext } from '../method.ts'
import { acceptBlocks } from '../rules/blocks.ts'

export const blockMethods: Record<string, Method> = {
  'blocks.validate': { run: validate },
}

/** `message` with blocks only: what is wrong is answered with the error that Slack has for it, and `errors`. */
function validate({ message, ...others }: Json, { workspace }: MethodContext): Json {
  const given = typeof message === 'string' ? parsed(message) : message
  if (Object.keys(others).some((name) => name !== 'token'))
    throw new ApiError('invalid_arguments', 'only message is modelled')
  if (!isJson(given) || Object.keys(given).some((name) => name !== 'blocks'))
    throw new ApiError('invalid_arguments', 'message with blocks is modelled, nothing else')
  try {
    acceptBlocks(given.blocks, 'message', workspace.blocks)
    return {}
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new ApiError('invalid_message', ...error.details)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError('invalid_arguments', 'message is not JSON')
  }
}
