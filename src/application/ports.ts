import type { Person } from '../domain/approval-policy.ts'
import type { Instant } from '../domain/brand.ts'
import type { Cluster } from '../domain/cluster.ts'
import type { ClusterId, RequestId } from '../domain/ids.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Landscape } from '../domain/route.ts'
import type { BastionFacts, EngineName } from '../domain/spec.ts'
import type { Engine, ScriptCall } from '../engines/engine.ts'
import type { Log, WarnOnce } from '../log.ts'
import type { Store } from './store.ts'

export interface Clock {
  now(): Instant
  /** Resolves after `ms`, or at once when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** CloudHSM V2, read only. */
export interface HsmDirectory {
  describe(clusterId: ClusterId, region: string, signal?: AbortSignal): Promise<Cluster | Refusal>
  /** `undefined`: AWS shows no such backup there (any more). */
  backup(backupId: string, region: string, signal?: AbortSignal): Promise<Backup | undefined | Refusal>
}

/** A backup, as far as it tells where a cluster comes from. */
export interface Backup {
  readonly region: string
  readonly clusterId?: string
  /** What it is a copy of, in another Region. */
  readonly original?: { readonly backupId: string; readonly clusterId?: string; readonly region: string }
}

/** An instance that SSM manages. */
export type Instance = Pick<BastionFacts, 'name' | 'instanceId' | 'region' | 'document' | 'platform'>

export type Sent =
  | { readonly kind: 'sent'; readonly commandId: string }
  /**
   * SSM said no in so many words, or there was nothing to sign it with: the command does not exist. `again`: it may be
   * taken a little later.
   */
  | { readonly kind: 'refused'; readonly problem: string; readonly again: boolean }
  /** No answer that tells: the command may exist. */
  | { readonly kind: 'unsure'; readonly problem: string }

export type Invocation =
  | { readonly kind: 'waiting'; readonly status: string }
  /** Not visible (yet): SSM shows a new command only after a moment. */
  | { readonly kind: 'invisible' }
  /**
   * Whatever the status says: whether it ran, and how far, only the bastion knows. `complaint`: the beginning of its
   * standard error.
   */
  | { readonly kind: 'ended'; readonly status: string; readonly output: string; readonly complaint: string }
  | { readonly kind: 'unreachable'; readonly problem: string }

export interface CommandToSend {
  readonly call: ScriptCall
  /** How the command is found again: unique for each. At most 100 characters (SSM API). */
  readonly comment: string
  readonly executionSeconds: number
}

/** An instance as SSM knows it. `agent`: the version of its SSM Agent. */
export interface Presence {
  readonly ping: string
  readonly platform: string
  readonly agent?: string
}

/** SSM Run Command, towards one bastion. Nothing in here retries SendCommand: it has no idempotency token. */
export interface Bastions {
  presence(bastion: Instance): Promise<Presence | undefined | Refusal>
  send(bastion: Instance, command: CommandToSend): Promise<Sent>
  look(bastion: Instance, commandId: string): Promise<Invocation>
  /** An SSM document as it is now: what it holds, and the hash that a command can name. */
  document(
    bastion: Instance,
    name: string,
  ): Promise<{ readonly content: string; readonly hash: string } | undefined | Refusal>
  /**
   * The command with this comment, among those sent since; `undefined`: there is none to be seen. Throws when it could
   * not look.
   */
  find(bastion: Instance, comment: string, since: Instant): Promise<string | undefined>
}

export interface ChannelFacts {
  readonly id: string
  readonly name: string
  readonly botIsMember: boolean
  /** Shared, or about to be, with another company. */
  readonly isExternal: boolean
  readonly isArchived: boolean
}

/**
 * Who and where, as Slack says now. All throw where Slack does not tell: the message is a sentence for people, without
 * its full stop.
 */
export interface Workspace {
  person(userId: string): Promise<Person>
  membersOf(userGroup: string): Promise<readonly string[]>
  /** `undefined`: the bot cannot see it. */
  channel(id: string): Promise<ChannelFacts | undefined>
}

/** SSM Change Calendar. */
export interface Calendars {
  /** `calendar`: a name beside this bastion, or an ARN. `changesAt`: when it opens or closes next, as it says. */
  state(
    calendar: string,
    bastion: Pick<Instance, 'region' | 'instanceId'>,
    signal: AbortSignal,
  ): Promise<{ readonly isOpen: boolean; readonly changesAt?: Instant } | Refusal>
}

/** Everything a use case may need; each takes the part it uses. */
export interface Deps {
  readonly clock: Clock
  readonly newRequestId: () => RequestId
  readonly landscape: Landscape
  readonly engines: Readonly<Record<EngineName, Engine>>
  readonly directory: HsmDirectory
  readonly bastions: Bastions
  readonly calendars: Calendars
  readonly workspace: Workspace
  readonly store: Store
  /** Names this process in leases. */
  readonly holder: string
  /** Something about a request changed: show it, drive it. Never throws, never waits. */
  readonly changed: (id: RequestId) => void
  readonly log: Log
  readonly warnOnce: WarnOnce
}
