import { randomBytes } from 'node:crypto'
import type { Json } from '../json.ts'
import type { SlackSpec, SlackUserSpec } from '../world/world-spec.ts'
import { ApiError } from './api-error.ts'
import type { ChannelRecord, EphemeralRecord, FileRecord, MessageRecord, ViewRecord } from './records.ts'

export const botUser = { id: 'U0SYNCBOT1', botId: 'B0SYNCBOT1', name: 'hsm-sync' } as const
export const appId = 'A0SYNCAPP1'

interface Trigger {
  readonly user: string
  readonly issuedAt: number
  used: boolean
}

interface ResponseUrl {
  readonly channel: string
  readonly user: string
  /** The ephemeral message or channel message it may replace. */
  readonly original?: EphemeralRecord | MessageRecord
  issuedAt: number
  uses: number
}

/** Everything that Slack remembers about one workspace. */
export class Workspace {
  readonly spec: SlackSpec
  readonly channels = new Map<string, ChannelRecord>()
  readonly userGroups = new Map<string, string[]>()
  readonly users = new Map<string, SlackUserSpec>()
  readonly ephemerals: EphemeralRecord[] = []
  /** What stands on each person's home tab. */
  readonly homes = new Map<string, Json>()
  readonly views: ViewRecord[] = []
  readonly uploads = new Map<string, { file: FileRecord; length: number; done: boolean }>()
  readonly triggers = new Map<string, Trigger>()
  readonly responseUrls = new Map<string, ResponseUrl>()
  readonly violations: string[] = []
  /** Of blocks: the ids they get, and the types that Slack has not brought to this workspace yet. */
  readonly blocks = { nextId: () => this.nextId('blk'), lacks: new Set<string>() }
  #count = 0

  constructor(spec: SlackSpec) {
    this.spec = spec
    for (const user of spec.users) this.users.set(user.id, user)
    for (const group of spec.userGroups) this.userGroups.set(group.id, [...group.users])
    for (const channel of spec.channels) {
      const people = channel.members ?? spec.users.map((user) => user.id)
      this.channels.set(channel.id, {
        id: channel.id,
        name: channel.name,
        isPrivate: channel.isPrivate === true,
        isArchived: channel.isArchived === true,
        isExtShared: channel.isExtShared === true,
        isPendingExtShared: channel.isPendingExtShared === true,
        isOrgShared: channel.isOrgShared === true,
        members: new Set(channel.bot === false ? people : [...people, botUser.id]),
        messages: [],
      })
    }
  }

  report(violation: string): void {
    this.violations.push(`slack: ${violation}`)
  }

  /** A time stamp no other message has. */
  nextTs(): string {
    this.#count++
    return `${Math.floor(Date.now() / 1000)}.${String(this.#count).padStart(6, '0')}`
  }

  nextId(prefix: string): string {
    this.#count++
    return `${prefix}${String(this.#count).padStart(4, '0')}${randomBytes(3).toString('hex').toUpperCase()}`
  }

  issueTrigger(user: string): string {
    const id = `${this.nextId('')}.${randomBytes(8).toString('hex')}`
    this.triggers.set(id, { user, issuedAt: Date.now(), used: false })
    return id
  }

  /** Takes a trigger id: three seconds, once (docs: handling user interaction). */
  useTrigger(id: string): string {
    const trigger = this.triggers.get(id)
    if (trigger === undefined) throw new ApiError('invalid_trigger_id')
    if (trigger.used) throw new ApiError('exchanged_trigger_id')
    if (Date.now() - trigger.issuedAt > 3000) throw new ApiError('expired_trigger_id')
    trigger.used = true
    return trigger.user
  }

  issueResponseUrl(channel: string, user: string, original?: EphemeralRecord | MessageRecord): string {
    const id = randomBytes(12).toString('hex')
    this.responseUrls.set(id, { channel, user, issuedAt: Date.now(), uses: 0, ...(original ? { original } : {}) })
    return id
  }

  /** A channel the bot may post in; of a person, the direct messages with them (chat.postMessage takes a user's id). */
  postable(id: string): ChannelRecord {
    const channel = this.users.has(id) ? this.directMessages(id) : this.visible(id)
    if (!channel.members.has(botUser.id)) throw new ApiError('not_in_channel')
    if (channel.isArchived) throw new ApiError('is_archived')
    return channel
  }

  /** The bot's direct messages with a person: made when first needed. */
  directMessages(user: string): ChannelRecord {
    const id = `D${user.slice(1)}`
    const known = this.channels.get(id)
    if (known !== undefined) return known
    const members = new Set([user, botUser.id])
    const states = { isArchived: false, isExtShared: false, isPendingExtShared: false, isOrgShared: false }
    const channel = { id, name: 'directmessage', isPrivate: true, isDirect: true, ...states, members, messages: [] }
    this.channels.set(id, channel)
    return channel
  }

  /** A channel the bot can see: a private one only as its member. */
  visible(id: string): ChannelRecord {
    const channel = this.channels.get(id)
    if (channel === undefined || (channel.isPrivate && !channel.members.has(botUser.id))) {
      throw new ApiError('channel_not_found')
    }
    return channel
  }

  /** A message that has not been deleted, at top level or in a thread. */
  message(channelId: string, ts: string): MessageRecord | undefined {
    const messages = this.channels.get(channelId)?.messages ?? []
    for (const message of messages) {
      const found = [message, ...message.thread].find((candidate) => candidate.ts === ts && !candidate.deleted)
      if (found !== undefined) return found
    }
    return undefined
  }

  post(
    message: Omit<MessageRecord, 'ts' | 'edits' | 'deleted' | 'thread' | 'files'> & { files?: FileRecord[] },
  ): MessageRecord {
    const record: MessageRecord = { files: [], ...message, ts: this.nextTs(), edits: [], deleted: false, thread: [] }
    const channel = this.channels.get(message.channel)
    if (message.threadTs === undefined) channel?.messages.push(record)
    else channel?.messages.find((parent) => parent.ts === message.threadTs)?.thread.push(record)
    return record
  }

  addEphemeral(ephemeral: Omit<EphemeralRecord, 'ts' | 'edits' | 'deleted'>): EphemeralRecord {
    const record: EphemeralRecord = { ...ephemeral, ts: this.nextTs(), edits: [], deleted: false }
    this.ephemerals.push(record)
    return record
  }
}

/** The current state of a message, kept before it changes. */
export function keepVersion(record: MessageRecord | EphemeralRecord): void {
  const metadata = 'metadata' in record ? record.metadata : undefined
  record.edits.push({ text: record.text, blocks: record.blocks, ...(metadata ? { metadata } : {}) })
}

/** A message as the Web API shows it. */
export function describeMessage(message: MessageRecord, withMetadata = true): Json {
  return {
    type: 'message',
    user: message.user,
    ...(message.user === botUser.id ? { bot_id: botUser.botId, app_id: appId } : {}),
    ts: message.ts,
    text: message.text,
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
    ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    ...(message.thread.length > 0 ? { thread_ts: message.ts, reply_count: message.thread.length } : {}),
    ...(message.edits.length > 0 ? { edited: { user: botUser.id, ts: message.ts } } : {}),
    ...(message.files.length > 0 ? { files: message.files.map(({ id, name, title }) => ({ id, name, title })) } : {}),
  }
}
