import type { Json } from '../json.ts'

export interface FileRecord {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly content: string
  readonly snippetType?: string
}

/** One state of a message. */
export interface MessageVersion {
  readonly text: string
  readonly blocks: Json[]
  readonly metadata?: Json
}

export interface MessageRecord {
  readonly channel: string
  readonly ts: string
  readonly threadTs?: string
  readonly user: string
  text: string
  blocks: Json[]
  metadata?: Json
  /** Earlier versions, oldest first. */
  readonly edits: MessageVersion[]
  deleted: boolean
  readonly thread: MessageRecord[]
  readonly files: FileRecord[]
}

export interface EphemeralRecord {
  readonly channel: string
  /** Who sees it. */
  readonly user: string
  readonly ts: string
  readonly threadTs?: string
  text: string
  blocks: Json[]
  readonly source: 'ack' | 'response_url' | 'chat.postEphemeral'
  readonly edits: MessageVersion[]
  deleted: boolean
}

export interface ViewRecord {
  readonly id: string
  readonly user: string
  /** The view as the bot last sent it. */
  view: Json
  hash: string
  state: 'open' | 'submitted' | 'closed'
  /** Errors by block_id that the last submission was answered with. */
  errors?: Record<string, string>
  /** Earlier versions. */
  readonly edits: Json[]
}

export interface ChannelRecord {
  readonly id: string
  readonly name: string
  isPrivate: boolean
  /** The bot's direct messages with one person. */
  readonly isDirect?: boolean
  isArchived: boolean
  isExtShared: boolean
  isPendingExtShared: boolean
  isOrgShared: boolean
  readonly members: Set<string>
  readonly messages: MessageRecord[]
}

/** One call of the Web API. */
export interface ApiCall {
  readonly method: string
  readonly token: string
  readonly arguments: Json
  /** Absent while there is none, or where it was lost on the way. */
  response?: Json
  readonly at: number
}

/** Something that Slack sent to the bot, and how the bot answered. */
export interface Delivery {
  readonly kind: 'command' | 'interaction' | 'event'
  /** The request as sent: body and headers, or the Socket Mode envelope. */
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Json
  readonly transport: 'http' | 'socket'
  /** HTTP status; 200 for an acknowledged envelope. */
  readonly status: number
  readonly answer: string
  readonly ackMs: number
}
