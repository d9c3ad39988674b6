import type { Json } from '../json.ts'
import { ApiError } from './api-error.ts'
import type { ChannelRecord } from './records.ts'
import type { Workspace } from './workspace.ts'

export interface MethodContext {
  readonly workspace: Workspace
  /** `http://127.0.0.1:…` of the fake Slack itself. */
  readonly origin: string
  /** Throws `missing_scope` unless the app has it. */
  need(scope: string): void
  /** Makes a one-time address for a Socket Mode connection. */
  openSocket(): string
}

/** One Web API method: what it answers beside `ok`. */
export interface Method {
  /** Scope the bot token must have; undefined: none. */
  readonly scope?: string
  /** The token it takes. */
  readonly token?: 'app'
  run(args: Json, context: MethodContext): Json
}

/** A required string argument. */
export function required(args: Json, name: string): string {
  const value = args[name]
  if (value === undefined || value === '') throw new ApiError('invalid_arguments', `missing required field: ${name}`)
  if (typeof value !== 'string') throw new ApiError('invalid_arguments', `${name} must be a string`)
  return value
}

/** A string argument that may be left out. */
export function optional(args: Json, name: string): string | undefined {
  const value = args[name]
  return value === undefined || value === '' ? undefined : required(args, name)
}

/** A boolean argument: JSON or form. */
export function isSet(args: Json, name: string): boolean {
  return args[name] === true || args[name] === 'true' || args[name] === '1' || args[name] === 1
}

/** The scope family of a channel: `channels:…` for public ones, `groups:…` for private ones. */
export function channelScope(channel: ChannelRecord, right: 'read' | 'history'): string {
  if (channel.isDirect) return `im:${right}`
  return `${channel.isPrivate ? 'groups' : 'channels'}:${right}`
}
