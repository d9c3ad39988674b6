import type { Json } from '../json.ts'
import { ApiError } from './api-error.ts'
import type { Grants } from './manifest.ts'
import type { Method, MethodContext } from './method.ts'
import { blockMethods } from './methods/blocks.ts'
import { chatMethods } from './methods/chat.ts'
import { conversationMethods } from './methods/conversations.ts'
import { fileMethods } from './methods/files.ts'
import { peopleMethods } from './methods/people.ts'
import { viewMethods } from './methods/views.ts'

export const tokens = {
  bot: 'xoxb-simulated-bot-token',
  app: 'xapp-simulated-app-token',
  signingSecret: 'simulated-signing-secret',
} as const

/** Every method this Slack has. */
export const methods: Readonly<Record<string, Method>> = {
  ...chatMethods,
  ...conversationMethods,
  ...viewMethods,
  ...peopleMethods,
  ...fileMethods,
  ...blockMethods,
}

/** Runs one method; the answer is what Slack would send with status 200. */
export function callMethod(
  name: string,
  call: { readonly token: string; readonly args: Json },
  context: Omit<MethodContext, 'need'> & { readonly grants: Grants },
): Json {
  const { grants, workspace } = context
  const need = (scope: string) => {
    if (!grants.hasScope(scope)) throw new ApiError('missing_scope', scope)
  }
  try {
    const method = methods[name]
    if (method === undefined) {
      workspace.report(`unknown method ${name}`)
      throw new ApiError('unknown_method')
    }
    checkToken(method, call.token)
    if (method.scope !== undefined) need(method.scope)
    return { ok: true, ...method.run(call.args, { ...context, need }) }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return errorAnswer(error, grants)
  }
}

export function errorAnswer(error: ApiError, grants: Grants): Json {
  if (error.code === 'missing_scope') {
    return { ok: false, error: error.code, needed: error.details[0], provided: grants.scopes.join(',') }
  }
  const messages = error.details.length > 0 ? { response_metadata: { messages: [...error.details] } } : {}
  return { ok: false, error: error.code, ...messages }
}

function checkToken(method: Method, token: string): void {
  if (token === '') throw new ApiError('not_authed')
  if (token !== tokens.bot && token !== tokens.app) throw new ApiError('invalid_auth')
  if ((method.token === 'app') !== (token === tokens.app)) throw new ApiError('not_allowed_token_type')
}
