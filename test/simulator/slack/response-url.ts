import { isJson, type Json, textAt } from '../json.ts'
import { ApiError } from './api-error.ts'
import type { EphemeralRecord } from './records.ts'
import { acceptContent } from './rules/content.ts'
import { botUser, keepVersion, type Workspace } from './workspace.ts'

const mostUses = 5
const lifetimeMs = 30 * 60_000

/** A post to a response_url: five uses in thirty minutes. Throws ApiError when it is refused. */
export function respond(workspace: Workspace, id: string, body: unknown): void {
  const address = workspace.responseUrls.get(id)
  if (address === undefined) throw new ApiError('no_such_url')
  if (Date.now() - address.issuedAt > lifetimeMs) throw new ApiError('expired_url')
  if (address.uses >= mostUses) throw new ApiError('used_url')
  if (!isJson(body)) throw new ApiError('invalid_payload')
  address.uses++
  const { original, channel, user } = address
  if (body.delete_original === true) {
    if (original !== undefined) original.deleted = true
    return
  }
  if (body.replace_original === true && original !== undefined) {
    const { text, blocks } = acceptContent(workspace, body, 'response_url')
    keepVersion(original)
    Object.assign(original, { text, blocks })
    return
  }
  say(workspace, { body, channel, user, source: 'response_url' })
}

/** Shows what a bot answered to an ack or a response_url: to one person, or to the channel. */
export function say(
  workspace: Workspace,
  at: { body: Json; channel: string; user: string; source: 'ack' | 'response_url' },
): EphemeralRecord | undefined {
  const { body, channel, user, source } = at
  const { text, blocks } = acceptContent(workspace, body, source)
  const threadTs = textAt(body, 'thread_ts')
  const place = threadTs === undefined ? {} : { threadTs }
  if (body.response_type === 'in_channel') {
    workspace.post({ channel, user: botUser.id, text, blocks, ...place })
    return undefined
  }
  return workspace.addEphemeral({ channel, user, text, blocks, source, ...place })
}
