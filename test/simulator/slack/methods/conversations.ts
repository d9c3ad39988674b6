import type { Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import { channelScope, isSet, type Method, type MethodContext, optional, required } from '../method.ts'
import type { MessageRecord } from '../records.ts'
import { botUser, describeMessage } from '../workspace.ts'

export const conversationMethods: Record<string, Method> = {
  'conversations.info': { run: info },
  'conversations.history': { run: history },
  'conversations.replies': { run: replies },
}

function info(args: Json, { workspace, need }: MethodContext): Json {
  const channel = workspace.visible(required(args, 'channel'))
  need(channelScope(channel, 'read'))
  return {
    channel: {
      id: channel.id,
      name: channel.name,
      is_channel: !channel.isPrivate,
      is_group: channel.isPrivate,
      is_private: channel.isPrivate,
      is_archived: channel.isArchived,
      is_member: channel.members.has(botUser.id),
      is_shared: channel.isExtShared || channel.isOrgShared,
      is_ext_shared: channel.isExtShared,
      is_pending_ext_shared: channel.isPendingExtShared,
      is_org_shared: channel.isOrgShared,
      num_members: channel.members.size,
    },
  }
}

function history(args: Json, context: MethodContext): Json {
  const channel = readable(args, context)
  // Newest first.
  return pageOf([...channel.messages].filter((message) => !message.deleted).reverse(), args)
}

function replies(args: Json, context: MethodContext): Json {
  const channel = readable(args, context)
  const parent = context.workspace.message(channel.id, required(args, 'ts'))
  if (parent === undefined) throw new ApiError('thread_not_found')
  // Oldest first, the parent included.
  return pageOf([parent, ...parent.thread.filter((message) => !message.deleted)], args)
}

function readable(args: Json, { workspace, need }: MethodContext) {
  const channel = workspace.visible(required(args, 'channel'))
  need(channelScope(channel, 'history'))
  if (!channel.members.has(botUser.id)) throw new ApiError('not_in_channel')
  return channel
}

function pageOf(all: readonly MessageRecord[], args: Json): Json {
  const limit = Number(args.limit ?? 100)
  if (!Number.isInteger(limit) || limit < 1 || limit > 999) throw new ApiError('invalid_limit')
  const oldest = optional(args, 'oldest') ?? '0'
  const latest = optional(args, 'latest') ?? '9999999999'
  const found = all.filter((message) => after(message.ts, oldest, args) && after(latest, message.ts, args))
  const start = startOf(optional(args, 'cursor'))
  const end = start + limit
  const hasMore = end < found.length
  return {
    messages: found.slice(start, end).map((message) => describeMessage(message, isSet(args, 'include_all_metadata'))),
    has_more: hasMore,
    ...(hasMore ? { response_metadata: { next_cursor: Buffer.from(`next:${end}`).toString('base64') } } : {}),
  }
}

function after(later: string, earlier: string, args: Json): boolean {
  return Number(later) > Number(earlier) || (later === earlier && isSet(args, 'inclusive'))
}

function startOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const found = Buffer.from(cursor, 'base64')
    .toString()
    .match(/^next:(\d+)$/)
  if (found === null) throw new ApiError('invalid_cursor')
  return Number(found[1])
}
