import type { Evidence } from './evidence.ts'
import type { ServerNumber } from './ids.ts'
import type { HsmUser, Inventory, KeyMarks, Role } from './inventory.ts'

/** What one SSM command of a run is for. Stored before it is sent. */
export type StepPlan =
  /** Who is connected, encrypted and behind which number; the users. Needs no login. */
  | { readonly kind: 'inspect' }
  /** Users and keys of every server, or of one part where all of them would take too long. One login. */
  | {
      readonly kind: 'inventory'
      readonly purpose: 'before' | 'after'
      readonly users: readonly ServerUsers[]
      readonly part?: ListingPart
    }
  | { readonly kind: 'sync-users'; readonly server: ServerNumber; readonly users: readonly UserToSync[] }
  /** `owners`: the crypto users of the destination HSM, to list what one key alone has changed; only for the canary. */
  | {
      readonly kind: 'sync-keys'
      readonly server: ServerNumber
      readonly handles: readonly number[]
      readonly canary?: ServerUsers
    }

/** Whose keys one of several steps lists. */
export interface ListingPart {
  /** From 1. */
  readonly n: number
  readonly of: number
  readonly owners: readonly { readonly server: ServerNumber; readonly names: readonly string[] }[]
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
  /**
   * `incomplete`: done on some HSMs only. `unclear`: no readable answer, so it may have happened. `untried`: proved not
   * sent.
   */
  readonly verdict: 'success' | 'failure' | 'incomplete' | 'unclear' | 'untried'
  readonly said: string
}

/** Why a step did not do all it was for. */
export interface Stop {
  readonly code: StopCode
  /** Facts for the person, already redacted: a server, a text of the tool, a status of SSM. */
  readonly detail: string
}

/** Every reason to stop a run. */
export const STOP_CODES = [
  'not-connected',
  'not-encrypted',
  'wrong-partition',
  'other-hsms',
  'login-failed',
  'login-risk',
  'login-unsure',
  'second-factor',
  'no-officer',
  'question',
  'no-answer',
  'unreadable',
  'users-changed',
  'inconsistent',
  'partial-view',
  'unknown-failure',
  'tool-refused',
  'canary-effect',
  'batch-failed',
  'bastion-refused',
  'not-configured',
  'bastion-busy',
  'credentials',
  'not-executed',
  'lost',
  'could-not-check',
  'not-approved',
  'interrupted',
  'broken',
] as const

export type StopCode = (typeof STOP_CODES)[number]

/** What a step found, as its engine read it. */
export type Reading =
  | { readonly kind: 'nothing'; readonly stop: Stop }
  | {
      readonly kind: 'inspected'
      readonly servers: readonly ServerUsers[]
      /**
       * Did the tool show that it is connected to as many HSMs as were approved? Absent where a stop would say that it
       * is not.
       */
      readonly isCounted?: boolean
      /** The names of the users that the bot logs in as, by the bastion's word: the officer first. Absent: not told. */
      readonly logins?: readonly string[]
      readonly stop?: Stop
    }
  | { readonly kind: 'listed'; readonly inventories: readonly Inventory[] }
  /** Where a tool lists keys user by user: what it marked for each, to be put together once all of them are listed. */
  | { readonly kind: 'marked'; readonly servers: readonly KeyMarks[] }
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
  readonly evidence: Evidence
  /** How long the tool ran on the bastion, where it said so. */
  readonly seconds: number | undefined
}

export function stopOf(reading: Reading): Stop | undefined {
  return reading.kind === 'listed' || reading.kind === 'marked' ? undefined : reading.stop
}

export function isWrite(plan: StepPlan): boolean {
  return plan.kind === 'sync-users' || plan.kind === 'sync-keys'
}
