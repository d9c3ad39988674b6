import type { Target } from './cluster.ts'
import { canonicalJson, sha256 } from './digest.ts'
import type { ClusterId, Digest, HsmId } from './ids.ts'
import type { Mode, Scope } from './scope.ts'

export type EngineName = 'cmu' | 'cloudhsm-cli'

/** Where the crypto officer's name and password live; never the values. */
export interface CredentialReference {
  readonly source: 'secretsmanager' | 'ssm-parameter'
  readonly id: string
}

/** Everything of a bastion that decides what runs, where and as whom. */
export interface BastionFacts {
  readonly name: string
  readonly instanceId: string
  readonly region: string
  readonly binary: string
  readonly configPath: string
  readonly stateDir: string
  readonly workDir: string
  readonly credentials: CredentialReference
}

export interface Side {
  /** The route's word for the cluster. */
  readonly alias: string
  readonly clusterId: ClusterId
  readonly region: string
}

/**
 * Everything an approval binds. Derived twice, when asked and right before the run; only equal digests run.
 * Stored: a changed shape needs a new `version`, and the version before must still be read (design, section 10).
 */
export interface Spec {
  readonly version: 1
  readonly engine: EngineName
  readonly mode: Mode
  readonly scope: Scope
  readonly source: Side & { readonly hsm: Target }
  readonly destination: Side & {
    readonly hsms: readonly Target[]
    readonly leftOut: readonly { readonly hsmId: HsmId; readonly state: string }[]
  }
  readonly bastion: BastionFacts
  /** The base config as read from the bastion, and what the run will use instead. */
  readonly baseConfig: string
  readonly mergedConfig: string
  /** SHA-256 of the bastion script's bytes. */
  readonly scriptDigest: Digest
}

/** SHA-256 over the spec's canonical JSON. */
export function digestOf(spec: Spec): Digest {
  return sha256(canonicalJson(spec))
}

/** Every HSM of the run at its server number: the source first, the destinations below. */
export function serversOf(spec: Spec): readonly Target[] {
  return [spec.source.hsm, ...spec.destination.hsms]
}

/** What differs between what was approved and what would run now, in the words of an approver; empty if nothing does. */
export function differences(approved: Spec, now: Spec): readonly string[] {
  const parts: readonly [string, (spec: Spec) => unknown][] = [
    ['the engine', (spec) => spec.engine],
    ['the source HSM or its ENI IP', (spec) => spec.source],
    ['the destination HSMs or their ENI IPs', (spec) => spec.destination],
    ['the bastion, its paths or its credential reference', (spec) => spec.bastion],
    ['the base config on the bastion', (spec) => spec.baseConfig],
    ['the bastion script', (spec) => spec.scriptDigest],
  ]
  const changed = parts.filter(([, part]) => canonicalJson(part(approved)) !== canonicalJson(part(now)))
  if (changed.length > 0) return changed.map(([name]) => name)
  return digestOf(approved) === digestOf(now) ? [] : ['the request itself']
}
