import type { ServerNumber } from './ids.ts'
import type { HsmUser, Inventory, Role } from './inventory.ts'

/** What one SSM command of a run is for. Stored before it is sent. */
export type StepPlan =
  /** Who is connected, encrypted and behind which number; the users. Needs no login. */
  | { readonly kind: 'inspect' }
  /** Users and keys of every server. One login. */
  | { readonly kind: 'inventory'; readonly purpose: 'before' | 'after'; readonly users: readonly ServerUsers[] }
  | { readonly kind: 'sync-users'; readonly server: ServerNumber; readonly users: readonly UserToSync[] }
  /** `owners`: the crypto users of the destination HSM, to list what one key alone has changed; only for the canary. */
  | {
      readonly kind: 'sync-keys'
      readonly server: ServerNumber
      readonly handles: readonly number[]
      readonly canary?: ServerUsers
    }

export interface ServerUsers {
  readonly server: ServerNumber
  readonly users: readonly HsmUser[]
}

export interface UserToSync {
  /** Its id on the source HSM. */
  readonly id: number
  readonly name: string
  readonly role: Role
}

/** What the tool said to one command that writes. */
export interface Attempt<Item> {
  readonly item: Item
  /** `incomplete`: done on some HSMs only. `unclear`: no readable answer, so it may have happened. `untried`: proved not sent. */
  readonly verdict: 'success' | 'failure' | 'incomplete' | 'unclear' | 'untried'
  readonly said: string
}

/** Why a step did not do all it was for. */
export interface Stop {
  readonly code: StopCode
  /** Facts for the person, already redacted: a server, a text of the tool, a status of SSM. */
  readonly detail: string
  /** Could the step have changed an HSM? `no` is proved, never assumed. */
  readonly wrote: 'no' | 'maybe'
}

export type StopCode =
  | 'not-connected'
  | 'not-encrypted'
  | 'wrong-partition'
  | 'other-hsms'
  | 'login-failed'
  | 'login-risk'
  | 'login-unsure'
  | 'question'
  | 'no-answer'
  | 'unreadable'
  | 'users-changed'
  | 'inconsistent'
  | 'partial-view'
  | 'unknown-failure'
  | 'tool-refused'
  | 'canary-effect'
  | 'batch-failed'
  | 'bastion-refused'
  | 'not-configured'
  | 'bastion-busy'
  | 'credentials'
  | 'not-executed'
  | 'lost'
  | 'could-not-check'
  | 'not-approved'
  | 'interrupted'

/** What a step found, as its engine read it. */
export type Reading =
  | { readonly kind: 'nothing'; readonly stop: Stop }
  | {
      readonly kind: 'inspected'
      readonly servers: readonly ServerUsers[]
      /** Did the tool show that it is connected to as many HSMs as were approved? Absent where a stop would say that it is not. */
      readonly isCounted?: boolean
      readonly stop?: Stop
    }
  | { readonly kind: 'listed'; readonly inventories: readonly Inventory[] }
  | {
      readonly kind: 'users-synced'
      readonly attempts: readonly Attempt<UserToSync>[]
      /** Users of every server afterwards, where the listing could be read. */
      readonly after?: readonly ServerUsers[]
      readonly stop?: Stop
    }
  | {
      readonly kind: 'keys-synced'
      readonly attempts: readonly Attempt<number>[]
      /** The destination HSM afterwards; only for the canary. */
      readonly after?: Inventory
      readonly stop?: Stop
    }

export interface DoneStep {
  readonly plan: StepPlan
  readonly reading: Reading
  /** How long the tool ran on the bastion. */
  readonly seconds: number
}

export function stopOf(reading: Reading): Stop | undefined {
  return reading.kind === 'listed' ? undefined : reading.stop
}

export function isWrite(plan: StepPlan): boolean {
  return plan.kind === 'sync-users' || plan.kind === 'sync-keys'
}
