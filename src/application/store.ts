import type { Instant } from '../domain/brand.ts'
import type { Freeze } from '../domain/freeze.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Request, RequestState } from '../domain/request.ts'
import type { DoneStep, StepPlan } from '../domain/step.ts'
import type { Watch } from '../domain/watch.ts'
import type { OutputBlock } from '../engines/printed.ts'

/** What became of a request that was to be stored. */
export type Created =
  | { readonly kind: 'stored' }
  | { readonly kind: 'busy'; readonly by: RequestId }
  | { readonly kind: 'again'; readonly request: Request }

export interface StoredRequest {
  readonly request: Request
  /** Grows with every change of the request or its steps. */
  readonly version: number
}

/** How one SSM command of a run ended. */
export type StepEnd =
  | { readonly kind: 'printed' }
  /** SSM refused SendCommand in so many words. */
  | { readonly kind: 'refused'; readonly status: string }
  /** The bastion had not begun it, and never will. */
  | { readonly kind: 'sealed' }
  | { readonly kind: 'lost'; readonly status: string }

/** One step as stored: intent first, then the command id, then what it printed and what that says. */
export interface StepRecord {
  readonly n: number
  readonly plan: StepPlan
  readonly plannedAt: Instant
  readonly commandId?: string
  readonly sentAt?: Instant
  readonly blocks: readonly OutputBlock[]
  readonly end?: StepEnd
  readonly endedAt?: Instant
  /** As it was read when it ended; absent in steps of older versions. */
  readonly finding?: Finding
}

/** What a step was found to say. */
export type Finding = Pick<DoneStep, 'reading' | 'evidence' | 'seconds'>

/** Every type of a row that this version writes: the state that follows a change, or a word that says more. */
export type AuditType =
  | RequestState
  | 'requested'
  | 'reminded'
  | 'refused-ask'
  | 'refused-click'
  | 'abandoned'
  | 'held'
  | 'braked'
  | 'halted'
  | 'looked-for-joined'
  | 'ssm-intent'
  | 'ssm-read'
  | 'ssm-write'
  | 'settings'
  | 'frozen'
  | 'unfrozen'
  | 'watch-paused'
  | 'watch-resumed'

export interface AuditEntry {
  readonly at: Instant
  readonly type: AuditType
  readonly actor: string
  readonly request?: RequestId
  readonly facts: Readonly<Record<string, unknown>>
}

/** An audit row as stored: `hash` covers the row and the hash before it. */
export interface AuditRow extends Omit<AuditEntry, 'type'> {
  readonly seq: number
  /** Another version may have written it. */
  readonly type: string
  readonly hash: string
}

/** A message of a request as it stands in Slack. */
export interface PostedMessage {
  readonly slot: string
  /** `posting`: begun; Slack may or may not have it. */
  readonly status: 'posting' | 'posted'
  readonly ts?: string
  /** Of what was last shown there. */
  readonly hash: string
}

/** A watched route, as stored. */
export interface StoredWatch {
  readonly watch: Watch
  /** Grows with every change. */
  readonly version: number
}

/** The message of a watched route as it stands in Slack. */
export interface WatchMessage {
  readonly edition: number
  readonly status: 'posting' | 'posted'
  readonly ts?: string
  readonly hash: string
  readonly channel: string
  /** Since when it was being posted. */
  readonly since: Instant
}

export interface RequestFilter {
  /** Only what people asked for. */
  readonly byPeople?: boolean
  readonly states?: readonly Request['state'][]
  readonly requestedBy?: string
  readonly limit: number
}

export interface Listed {
  readonly requests: readonly Request[]
  readonly unreadable: readonly RequestId[]
}

/** Something that Slack delivered and got an acknowledgement for. */
export interface AcceptedDelivery {
  readonly key: string
  readonly doc: string
  readonly at: Instant
  /** How often it was taken up, this time included. */
  readonly tries: number
}

/** A run under a lease: its version as it was taken up, and how often in a row it was taken up in vain before. */
export interface Claim {
  readonly id: RequestId
  readonly version: number
  readonly tries: number
}

/**
 * The truth. Every change of a request is a compare-and-set on its version, with its audit row in the same transaction.
 */
export interface Store {
  /**
   * Stores a new request, unless another one for its destination is open: then that one's id; or unless the delivery
   * that asked for it has filed one already: then that one.
   */
  create(request: Request, audit: AuditEntry): Promise<Created>
  load(id: RequestId): Promise<StoredRequest | undefined>
  /** Applies a pure change to the newest version. `holder`: only while this process holds the request's lease. */
  change(
    id: RequestId,
    change: (request: Request) => Request | Refusal,
    audit: (after: Request, before: Request) => AuditEntry,
    holder?: string,
  ): Promise<StoredRequest | Refusal>
  /** Newest first. What this version cannot read is named, and holds up nothing else. */
  list(filter: RequestFilter): Promise<Listed>
  steps(id: RequestId): Promise<readonly StepRecord[]>
  /** Writes a step, new or changed, while `holder` holds the lease; throws LeaseLost otherwise. */
  saveStep(id: RequestId, step: StepRecord, holder: string, audit?: AuditEntry): Promise<void>
  /** Writes a new step as `saveStep` does, unless anything has changed since `version` was read: answers whether. */
  planStep(id: RequestId, step: StepRecord, holder: string, version: number): Promise<boolean>
  audit(entry: AuditEntry): Promise<void>
  /** Appends the entry unless the newest one of its type has the same digest in its facts. */
  auditChange(entry: AuditEntry & { readonly facts: { readonly digest: string } }): Promise<void>
  history(id: RequestId): Promise<readonly AuditRow[]>

  /** Takes a lease on one approved or running request that nobody holds and that is due. */
  claimRun(holder: string, now: Instant, until: Instant): Promise<Claim | undefined>
  /** `false`: the lease is someone else's now. */
  renewLease(id: RequestId, holder: string, until: Instant): Promise<boolean>
  /** Gives the lease back. `tries`, `after`: how often in a row it was taken up in vain, and when it may be again. */
  releaseRun(id: RequestId, holder: string, rest: { readonly tries: number; readonly after: Instant }): Promise<void>
  /** Grows with every change of the request or its steps; also of one that cannot be read. */
  versionOf(id: RequestId): Promise<number | undefined>
  /**
   * Ends an open request that this version cannot read: its destination is free, and it is named wherever requests are
   * listed. Answers whether it did.
   */
  abandon(id: RequestId, audit: AuditEntry): Promise<boolean>
  pastExpiry(now: Instant): Promise<readonly RequestId[]>

  /** Requests whose picture in Slack is older than they are, and are due. */
  unpainted(now: Instant, limit: number): Promise<readonly RequestId[]>
  /** Takes the right to paint this request, unless another process has it: two would post twice. */
  claimPaint(id: RequestId, holder: string, now: Instant, until: Instant): Promise<boolean>
  releasePaint(id: RequestId, holder: string): Promise<void>
  markPainted(id: RequestId, version: number): Promise<void>
  paintLater(id: RequestId, at: Instant): Promise<void>
  posted(id: RequestId): Promise<readonly PostedMessage[]>
  savePosted(id: RequestId, slot: PostedMessage): Promise<void>
  /** Forgets everything posted of a request in its channel: its card is gone. Slots `private:…` stay. */
  forgetPosted(id: RequestId): Promise<void>

  /** Removes steps and what they printed of requests that ended before `before`; the record stays. Answers how many. */
  forgetSteps(before: Instant): Promise<number>

  /**
   * Keeps a delivery before it is acknowledged, under a lease of `holder`. `false`: it came before; from the same
   * holder it is still the first.
   */
  acceptDelivery(
    delivery: { readonly key: string; readonly doc: string },
    holder: string,
    now: Instant,
    until: Instant,
  ): Promise<boolean>
  /** Takes a lease on one delivery that was accepted, is not done, and that nobody works on. */
  claimDelivery(holder: string, now: Instant, until: Instant): Promise<AcceptedDelivery | undefined>
  renewDelivery(key: string, holder: string, until: Instant): Promise<boolean>
  /** Somebody may take it up at once. */
  releaseDelivery(key: string, holder: string): Promise<void>
  /** It was answered: what it held is forgotten, that it came is not. */
  finishDelivery(key: string): Promise<void>
  /** It was not acknowledged after all: it may come again. */
  forgetDelivery(key: string, holder: string): Promise<void>
  /** The brake, where it is on. */
  frozen(): Promise<Freeze | undefined>
  /**
   * Puts the brake on, or takes it off, with its row in the record. Answers the freeze that was on before: where one
   * was to be put on, nothing has changed then; where one was to be taken off, it is off.
   */
  setFrozen(freeze: Freeze | undefined, audit: AuditEntry): Promise<Freeze | undefined>

  watch(route: string): Promise<StoredWatch | undefined>
  /**
   * Stores a watch, with its row in the record if there is one, unless somebody changed it since this version (0: there
   * was none). Answers whether it did.
   */
  saveWatch(watch: Watch, version: number, audit?: AuditEntry): Promise<boolean>
  /** The messages of a watched route, newest edition first. */
  watchMessages(route: string): Promise<readonly WatchMessage[]>
  saveWatchMessage(route: string, message: WatchMessage): Promise<void>
  /** Takes the right to write a route's message, unless another process has it. */
  claimWatch(route: string, holder: string, now: Instant, until: Instant): Promise<boolean>

  ready(): Promise<void>
  close(): Promise<void>
}

/** Another process drives this run now: this one must stop at once. */
export class LeaseLost extends Error {
  constructor(id: RequestId) {
    super(`the lease on request ${id} is no longer ours`)
    this.name = 'LeaseLost'
  }
}

/**
 * A stored row that this version cannot read, however often it tries. A failure of the database itself is not this: it
 * may pass.
 */
export class Unreadable extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'Unreadable'
  }
}
