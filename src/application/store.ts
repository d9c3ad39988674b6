import type { Instant } from '../domain/brand.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Request } from '../domain/request.ts'
import type { StepPlan } from '../domain/step.ts'
import type { Block } from '../engines/printed.ts'

export interface StoredRequest {
  readonly request: Request
  /** Grows with every change of the request or its steps. */
  readonly version: number
}

/** How one SSM command of a run ended. */
export type StepEnd =
  | { readonly kind: 'printed' }
  | { readonly kind: 'not-executed'; readonly status: string }
  | { readonly kind: 'lost'; readonly status: string }

/** One step as stored: intent first, then the command id, then what it printed. */
export interface StepRecord {
  readonly n: number
  readonly plan: StepPlan
  readonly plannedAt: Instant
  readonly commandId?: string
  readonly sentAt?: Instant
  readonly blocks: readonly Block[]
  readonly end?: StepEnd
  readonly endedAt?: Instant
}

export interface AuditEntry {
  readonly at: Instant
  readonly type: string
  readonly actor: string
  readonly request?: RequestId
  readonly facts: Readonly<Record<string, unknown>>
}

/** An audit row as stored: `hash` covers the row and the hash before it. */
export interface AuditRow extends AuditEntry {
  readonly seq: number
  readonly hash: string
}

/** A message of a request as it stands in Slack. */
export interface PostedSlot {
  readonly slot: string
  /** `posting`: begun; Slack may or may not have it. */
  readonly status: 'posting' | 'posted'
  readonly ts?: string
  /** Of what was last shown there. */
  readonly hash: string
}

export interface RequestFilter {
  readonly states?: readonly Request['state'][]
  readonly requestedBy?: string
  readonly limit: number
}

/** The truth. Every change of a request is a compare-and-set on its version, with its audit row in the same transaction. */
export interface Store {
  /** Stores a new request, unless another one for its destination is open: then that one's id. */
  create(request: Request, audit: AuditEntry): Promise<{ readonly busy: RequestId } | StoredRequest>
  load(id: RequestId): Promise<StoredRequest | undefined>
  /** Applies a pure change to the newest version. `holder`: only while this process holds the request's lease. */
  change(
    id: RequestId,
    change: (request: Request) => Request | Refusal,
    audit: (after: Request, before: Request) => AuditEntry,
    holder?: string,
  ): Promise<StoredRequest | Refusal>
  list(filter: RequestFilter): Promise<readonly Request[]>
  steps(id: RequestId): Promise<readonly StepRecord[]>
  /** Writes a step, new or changed, while `holder` holds the lease; throws LeaseLost otherwise. */
  saveStep(id: RequestId, step: StepRecord, holder: string, audit?: AuditEntry): Promise<void>
  audit(entry: AuditEntry): Promise<void>
  /** Appends the entry unless the newest one of its type has the same digest in its facts. */
  auditChange(entry: AuditEntry & { readonly facts: { readonly digest: string } }): Promise<void>
  history(id: RequestId): Promise<readonly AuditRow[]>

  /** Takes a lease on one approved or running request that nobody holds. */
  claimRun(holder: string, now: Instant, until: Instant): Promise<RequestId | undefined>
  /** `false`: the lease is someone else's now. */
  renewLease(id: RequestId, holder: string, until: Instant): Promise<boolean>
  releaseLease(id: RequestId, holder: string): Promise<void>
  pastExpiry(now: Instant): Promise<readonly RequestId[]>

  /** Requests whose picture in Slack is older than they are, and are due. */
  unpainted(now: Instant, limit: number): Promise<readonly RequestId[]>
  /** Takes the right to paint this request, unless another process has it: two would post twice. */
  claimPaint(id: RequestId, holder: string, now: Instant, until: Instant): Promise<boolean>
  releasePaint(id: RequestId, holder: string): Promise<void>
  markPainted(id: RequestId, version: number): Promise<void>
  paintLater(id: RequestId, at: Instant): Promise<void>
  slots(id: RequestId): Promise<readonly PostedSlot[]>
  saveSlot(id: RequestId, slot: PostedSlot): Promise<void>
  /** Forgets everything posted of a request: its card is gone. */
  removeSlots(id: RequestId): Promise<void>

  /** `false`: this key was seen before. */
  firstSeen(key: string, now: Instant): Promise<boolean>
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
