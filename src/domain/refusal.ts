import type { Ancestry } from './ancestry.ts'
import type { AwsProblem } from './aws-problem.ts'
import type { Freeze } from './freeze.ts'
import type { ClusterId, HsmId, RequestId } from './ids.ts'
import type { Platform } from './platform.ts'

/**
 * An expected "no", with the facts that the sentence about it needs. The sentences stand in
 * `adapters/slack/views/explain.ts`.
 */
export interface Refusal {
  /** Nothing else has this kind, so nothing else can be taken for a refusal, whatever fields it has. */
  readonly kind: 'refusal'
  readonly refused: RefusalFacts
}

/** Why a person does not count as a full member. */
export type MembershipFlaw = 'bot' | 'deactivated' | 'guest' | 'stranger' | 'other-workspace' | 'invited' | 'unsaid'

export type BaseConfigFlaw =
  | { readonly flaw: 'missing' | 'unreadable' | 'too-large' | 'no-server' }
  | { readonly flaw: 'not-json'; readonly detail: string }
  | { readonly flaw: 'field'; readonly field: string; readonly expected: string }

/** Why the tool's own program did not make the configuration that both clusters need. */
export type ToolConfigFlaw =
  | 'namespace'
  | 'configure'
  | 'other-clusters'
  | 'other-hosts'
  | 'unreadable'
  | 'folder-missing'

export type RefusalFacts =
  // asking
  | { readonly code: 'unknown-cluster'; readonly name: string; readonly aliases: readonly string[] }
  | { readonly code: 'same-cluster'; readonly name: string }
  | {
      readonly code: 'no-route'
      readonly source: string
      readonly destination: string
      readonly reverseExists: boolean
    }
  | {
      readonly code: 'cluster-not-found'
      readonly cluster: string
      readonly region: string
      /** The role by which it was looked for; absent: the bot's own. */
      readonly roleArn?: string
    }
  | { readonly code: 'cluster-not-active'; readonly cluster: ClusterId; readonly state: string }
  | { readonly code: 'no-active-hsm'; readonly cluster: ClusterId }
  | { readonly code: 'hsm-without-ip'; readonly cluster: ClusterId; readonly hsm: HsmId }
  | {
      readonly code: 'same-address'
      readonly source: ClusterId
      readonly destination: ClusterId
      readonly address: string
    }
  | { readonly code: 'hsm-not-active'; readonly cluster: ClusterId; readonly hsm: HsmId; readonly state: string }
  | { readonly code: 'wrong-hsm-type'; readonly cluster: ClusterId; readonly hsmType: string }
  | { readonly code: 'cluster-migrating'; readonly cluster: ClusterId; readonly state: string }
  | { readonly code: 'mixed-hsm-types'; readonly cluster: ClusterId; readonly types: readonly string[] }
  | {
      readonly code: 'type-direction'
      readonly source: ClusterId
      readonly destination: ClusterId
      readonly sourceType: string
      readonly destinationType: string
    }
  | {
      readonly code: 'not-clones'
      readonly source: string
      readonly destination: string
      readonly ancestry: Ancestry
    }
  | {
      readonly code: 'bastion-not-managed'
      readonly bastion: string
      readonly instanceId: string
      readonly region: string
    }
  | {
      readonly code: 'bastion-not-online'
      readonly bastion: string
      readonly instanceId: string
      readonly ping: string
    }
  /** `platform`: what SSM says; `expected`: what the settings say. */
  | {
      readonly code: 'bastion-platform'
      readonly bastion: string
      readonly platform: string
      readonly expected: Platform
    }
  | { readonly code: 'not-watched' }
  | { readonly code: 'not-paused' }
  | { readonly code: 'engine-platform'; readonly bastion: string }
  | {
      readonly code: 'document-wrong'
      readonly bastion: string
      readonly document: string
      readonly problem: 'missing' | 'differs'
    }
  | { readonly code: 'bastion-cannot'; readonly bastion: string; readonly problem: string }
  | { readonly code: 'base-config'; readonly bastion: string; readonly path: string; readonly problem: BaseConfigFlaw }
  | { readonly code: 'tool-missing'; readonly bastion: string; readonly tool: string }
  | { readonly code: 'tool-version'; readonly bastion: string; readonly found: string; readonly needed: string }
  | {
      readonly code: 'tool-config'
      readonly bastion: string
      readonly problem: ToolConfigFlaw
      readonly detail: string
    }
  | {
      readonly code: 'destination-busy'
      readonly destination: string
      readonly request: RequestId
      readonly link?: string
    }
  | { readonly code: 'channel-shared'; readonly channel: string }
  | { readonly code: 'channel-unknown'; readonly channel: string; readonly problem: string }
  | { readonly code: 'bot-not-in-channel'; readonly channel: string }
  | { readonly code: 'channel-archived'; readonly channel: string }
  | {
      readonly code: 'nobody-may-approve'
      readonly required: number
      /** How many could, besides who asks. */
      readonly found: number
      readonly source: string
      readonly destination: string
      /** User groups that Slack does not show: whether a member of theirs could is not known. */
      readonly deadGroups: readonly { readonly group: string; readonly problem: string }[]
    }
  | {
      readonly code: 'aws'
      readonly problem: AwsProblem
      readonly service: string
      readonly region: string
      readonly detail: string
    }
  // who may
  | { readonly code: 'not-a-member'; readonly flaw: MembershipFlaw }
  | { readonly code: 'identity-unknown'; readonly problem: string }
  | { readonly code: 'not-approver'; readonly users: readonly string[]; readonly userGroups: readonly string[] }
  | { readonly code: 'self-approval' }
  | { readonly code: 'already-decided'; readonly verdict: string; readonly at: number }
  | { readonly code: 'not-requester'; readonly requestedBy: string }
  | {
      readonly code: 'not-operator'
      readonly wanted: 'freeze' | 'unfreeze'
      readonly operators: { readonly users: readonly string[]; readonly userGroups: readonly string[] }
    }
  | { readonly code: 'frozen-already'; readonly freeze: Freeze }
  | { readonly code: 'not-frozen' }
  | { readonly code: 'not-current-card'; readonly request: RequestId }
  | { readonly code: 'route-gone'; readonly request: RequestId }
  | { readonly code: 'other-digest'; readonly request: RequestId; readonly typed: string }
  | {
      readonly code: 'may-not-ask'
      readonly source: string
      readonly destination: string
      readonly users: readonly string[]
      readonly userGroups: readonly string[]
    }
  | { readonly code: 'ticket-missing'; readonly source: string; readonly destination: string; readonly ticket: string }
  | { readonly code: 'nothing-to-ask'; readonly request: RequestId; readonly why: 'forgotten' | 'nothing-missing' }
  | { readonly code: 'too-much-to-ask'; readonly request: RequestId; readonly found: number; readonly most: number }
  // when
  | { readonly code: 'no-such-request'; readonly text: string }
  | { readonly code: 'unreadable-request'; readonly request: RequestId }
  | {
      readonly code: 'not-open'
      readonly request: RequestId
      readonly state: string
      readonly wanted: string
      readonly by?: string
    }
  | { readonly code: 'expired'; readonly request: RequestId; readonly expiresAt: number }

export function refuse(refused: RefusalFacts): Refusal {
  return { kind: 'refusal', refused }
}

export function isRefusal<Value>(value: Value | Refusal): value is Refusal {
  const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined
  return kind === 'refusal'
}
