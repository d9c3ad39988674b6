import type { Reach, Target } from './cluster.ts'
import { canonicalJson, sha256 } from './digest.ts'
import { type ClusterId, type Digest, type HsmId, type ServerNumber, serverNumber } from './ids.ts'
import type { Platform } from './platform.ts'
import type { Mode, Scope } from './scope.ts'

export type EngineName = 'cmu' | 'cloudhsm-cli'

/** Where a login's name and password live; never the values. */
export interface CredentialReference {
  readonly source: 'secretsmanager' | 'ssm-parameter'
  readonly id: string
}

/** Everything of a bastion that decides what runs, where and as whom. */
export interface BastionFacts {
  readonly name: string
  readonly instanceId: string
  readonly region: string
  /** Absent: linux. */
  readonly platform?: Platform
  readonly binary: string
  readonly configPath: string
  readonly stateDir: string
  readonly workDir: string
  readonly credentials: CredentialReference
  /** The program that makes the tool's configuration, where the tool has one. */
  readonly configure?: string
  /** Crypto users whose own listings may be used to tell keys apart. */
  readonly cryptoUsers?: readonly (CredentialReference & { readonly user: string })[]
  /** The SSM document that the script is sent in, and its SHA-256 as SSM has it; absent: AWS's own for scripts. */
  readonly document?: { readonly name: string; readonly hash: string }
}

export interface Side {
  /** The route's word for the cluster. */
  readonly alias: string
  readonly clusterId: ClusterId
  readonly region: string
}

/**
 * Everything an approval binds. Derived twice, when asked and right before the run; only equal digests run.
 * Stored: a changed shape needs a new `version`, and the version before must still be read.
 */
export interface Spec {
  /** 2 and 3 know what is marked so below; without these it reads as 1. */
  readonly version: 1 | 2 | 3
  readonly engine: EngineName
  /** 2: who chose the engine, and the version of the tool on the bastion. */
  readonly engineBy?: 'route' | 'hsm-types'
  readonly toolVersion?: string
  /** 2: absent means `hsm`. */
  readonly reach?: Reach
  readonly mode: Mode
  readonly scope: Scope
  /** The ticket that the route asks for, as found in the reason. */
  readonly ticket?: string
  readonly source: Side & {
    readonly hsm: Target
    /** 2: every HSM of the source, where the engine works on whole clusters. */
    readonly hsms?: readonly Target[]
    readonly hsmType?: string
  }
  readonly destination: Side & {
    readonly hsms: readonly Target[]
    readonly leftOut: readonly { readonly hsmId: HsmId; readonly state: string }[]
    readonly hsmType?: string
  }
  readonly bastion: BastionFacts
  /** The base config as read from the bastion, and what the run will use instead. */
  readonly baseConfig: string
  readonly mergedConfig: string
  /** 2: the commands that make the merged config on the bastion, where the tool itself must make it. */
  readonly commands?: readonly string[]
  /** SHA-256 of the bastion script's bytes. */
  readonly scriptDigest: Digest
  /** 3: SHA-256 of the program that decides what the tool is told, and in which order. */
  readonly programDigest?: Digest
}

/** SHA-256 over the spec's canonical JSON. */
export function digestOf(spec: Spec): Digest {
  return sha256(canonicalJson(spec))
}

/** Every HSM of the run at its server number: the source first, the destinations below. */
export function serversOf(spec: Spec): readonly Target[] {
  return [spec.source.hsm, ...spec.destination.hsms]
}

/** What a run lists and writes under one number: an HSM, or a cluster with all its HSMs. */
export interface RunTarget {
  readonly server: ServerNumber
  readonly alias: string
  readonly hsms: readonly Target[]
}

/** The places of a run by number: the source is 0. */
export function targetsOf(spec: Spec): readonly RunTarget[] {
  const { source, destination } = spec
  if (spec.reach === 'cluster') {
    return [
      { server: serverNumber(0), alias: source.alias, hsms: source.hsms ?? [source.hsm] },
      { server: serverNumber(1), alias: destination.alias, hsms: destination.hsms },
    ]
  }
  return serversOf(spec).map((hsm, number) => ({
    server: serverNumber(number),
    alias: number === 0 ? source.alias : destination.alias,
    hsms: [hsm],
  }))
}

/** A place in words: `server 1`, or the cluster's alias. */
export function targetName(spec: Spec, server: ServerNumber): string {
  return spec.reach === 'cluster' ? (targetsOf(spec)[server]?.alias ?? '?') : `server ${server}`
}

/**
 * A key as its tool writes it: CMU's handle, or CloudHSM CLI's key reference of 16 hexadecimal digits (user guide, key
 * list).
 */
export function keyName({ reach }: Pick<Spec, 'reach'>, handle: number): string {
  return reach === 'cluster' ? `0x${handle.toString(16).padStart(16, '0')}` : `${handle}`
}

/**
 * What differs between what was approved and what would run now, in the words of an approver; empty if nothing does.
 */
export function differences(approved: Spec, now: Spec): readonly string[] {
  if (approved.version !== now.version) return ['the bot itself: it was updated']
  const parts: readonly [string, (spec: Spec) => unknown][] = [
    ['the engine', (spec) => [spec.engine, spec.engineBy ?? null]],
    ['the version of the tool on the bastion', (spec) => spec.toolVersion ?? null],
    ['the type of the HSMs', (spec) => [spec.source.hsmType ?? null, spec.destination.hsmType ?? null]],
    ['the source HSM or its ENI IP', (spec) => ({ ...spec.source, hsmType: null })],
    ['the destination HSMs or their ENI IPs', (spec) => ({ ...spec.destination, hsmType: null })],
    ['the bastion, its paths, its document or its credential reference', (spec) => spec.bastion],
    ['the base config on the bastion', (spec) => spec.baseConfig],
    [
      'the configuration that the tool makes there',
      (spec) => (spec.commands ? [spec.commands, spec.mergedConfig] : null),
    ],
    ['the bastion script', (spec) => spec.scriptDigest],
    ['the program that decides what the tool is told: the bot was updated', (spec) => spec.programDigest ?? null],
  ]
  const changed = parts.filter(([, part]) => canonicalJson(part(approved)) !== canonicalJson(part(now)))
  if (changed.length > 0) return changed.map(([name]) => name)
  return digestOf(approved) === digestOf(now) ? [] : ['the request itself']
}
