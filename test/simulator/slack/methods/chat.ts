import type { Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import { isSet, type Method, type MethodContext, optional, required } from '../method.ts'
import type { MessageRecord } from '../records.ts'
import { acceptContent } from '../rules/content.ts'
import { botUser, describeMessage, keepVersion, type Workspace } from '../workspace.ts'

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': { scope: 'chat:write', run: postMessage },
  'chat.update': { scope: 'chat:write', run: update },
  'chat.delete': { scope: 'chat:write', run: remove },
  'chat.postEphemeral': { scope: 'chat:write', run: postEphemeral },
  'chat.getPermalink': { run: getPermalink },
}

function postMessage(args: Json, { workspace }: MethodContext): Json {
  const channel = workspace.postable(required(args, 'channel'))
  const threadTs = threadOf(args, workspace, channel.id)
  const content = acceptContent(workspace, args, 'chat.postMessage')
  if (isSet(args, 'unfurl_links')) workspace.report('chat.postMessage: unfurl_links is on')
  const message = workspace.post({
    channel: channel.id,
    user: botUser.id,
    ...content,
    ...(threadTs === undefined ? {} : { threadTs }),
  })
  return { channel: channel.id, ts: message.ts, message: describeMessage(message) }
}

function update(args: Json, { workspace }: MethodContext): Json {
  const message = own(args, workspace, 'cant_update_message')
  const content = acceptContent(workspace, args, 'chat.update')
  keepVersion(message)
  message.text = content.text
  // Blocks and metadata that are left out stay as they were (chat.update reference).
  if (args.blocks !== undefined) message.blocks = content.blocks
  if (content.metadata !== undefined) message.metadata = content.metadata
  return { channel: message.channel, ts: message.ts, text: message.text, message: describeMessage(message) }
}

function remove(args: Json, { workspace }: MethodContext): Json {
  const message = own(args, workspace, 'cant_delete_message')
  message.deleted = true
  return { channel: message.channel, ts: message.ts }
}

function postEphemeral(args: Json, { workspace }: MethodContext): Json {
  const channel = workspace.postable(required(args, 'channel'))
  const user = required(args, 'user')
  if (!channel.members.has(user)) throw new ApiError('user_not_in_channel')
  const threadTs = threadOf(args, workspace, channel.id)
  const { text, blocks } = acceptContent(workspace, args, 'chat.postEphemeral')
  const ephemeral = workspace.addEphemeral({
    channel: channel.id,
    user,
    text,
    blocks,
    source: 'chat.postEphemeral',
    ...(threadTs === undefined ? {} : { threadTs }),
  })
  return { message_ts: ephemeral.ts }
}

function getPermalink(args: Json, { workspace }: MethodContext): Json {
  const channel = workspace.visible(required(args, 'channel'))
  const message = workspace.message(channel.id, required(args, 'message_ts'))
  if (message === undefined) throw new ApiError('message_not_found')
  const base = `https://${workspace.spec.team.domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}`
  const query = message.threadTs === undefined ? '' : `?thread_ts=${message.threadTs}&cid=${channel.id}`
  return { channel: channel.id, permalink: base + query }
}

function own(args: Json, workspace: Workspace, otherwise: string): MessageRecord {
  const channel = workspace.visible(required(args, 'channel'))
  if (channel.isArchived) throw new ApiError('is_archived')
  const message = workspace.message(channel.id, required(args, 'ts'))
  if (message === undefined) throw new ApiError('message_not_found')
  if (message.user !== botUser.id) throw new ApiError(otherwise)
  return message
}

function threadOf(args: Json, workspace: Workspace, channel: string): string | undefined {
  if (typeof args.thread_ts === 'number') workspace.report('thread_ts must be a string')
  const threadTs = optional(args, 'thread_ts')
  if (threadTs === undefined) return undefined
  const parent = workspace.message(channel, threadTs)
  if (parent === undefined) throw new ApiError('thread_not_found')
  if (parent.threadTs !== undefined) workspace.report(`thread_ts ${threadTs} is a reply, not its parent`)
  return parent.threadTs ?? parent.ts
}
