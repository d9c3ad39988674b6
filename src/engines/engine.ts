import type { Instant } from '../domain/brand.ts'
import type { Reach } from '../domain/cluster.ts'
import type { Digest, OperationId } from '../domain/ids.ts'
import type { Platform } from '../domain/platform.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Bastion } from '../domain/route.ts'
import type { BastionFacts, EngineName, Spec } from '../domain/spec.ts'
import type { Reading, StepPlan } from '../domain/step.ts'
import type { Printed } from './printed.ts'
import type { Slices } from './slices.ts'

/** Lines for SSM's `commands`: the fixed script, with the data in one line in front. */
export type ScriptLines = readonly string[]

/** What a bastion is to do: a tool's script and its data; `lines` is both in one. */
export interface ScriptCall {
  readonly tool: EngineName
  readonly data: Readonly<Record<string, string>>
  readonly lines: ScriptLines
}

/**
 * The tool that does the work on the bastion, as the run uses it: it writes steps down as scripts and reads what they
 * printed. Pure.
 */
export interface Engine {
  readonly name: EngineName
  readonly reach: Reach
  /** The platforms of bastions that it has a script for. */
  readonly platforms: readonly Platform[]
  /** SHA-256 of the bytes of the script for this bastion. */
  scriptDigest(bastion: Pick<BastionFacts, 'platform'>): Digest
  /** SHA-256 of the program that decides what the tool is told. */
  readonly programDigest: Digest
  /** What of a bastion's settings this tool needs. */
  place(bastion: Bastion): BastionFacts
  /** Prints what the tool is, or would be, configured with; changes nothing and reaches no HSM. */
  baseQuery(draft: Draft, operation: OperationId): ScriptCall
  /** What will run, made from the answer to that and the HSMs; or why it cannot. */
  prepare(draft: Draft, answer: ConfigOutput): Prepared | Refusal
  /** Does the step, at most once for this operation id, whatever is sent; not at all after `until`. */
  write(spec: Spec, plan: StepPlan, order: Order): ScriptCall
  /**
   * Prints one chunk of what an operation printed; changes no HSM. `seal`: an operation that never started never will.
   */
  fetch(bastion: BastionFacts, fetch: Fetch): ScriptCall
  /** What the step found. Never throws: what cannot be read is said so. */
  read(spec: Spec, plan: StepPlan, printed: Printed): Reading
  /** The same in slices: a listing can be large. */
  reading(spec: Spec, plan: StepPlan, printed: Printed): Slices<Reading>
  /** What was said between the bot and the tool, for people: not redacted yet. */
  transcript(spec: Spec, plan: StepPlan, printed: Printed): string
}

/**
 * Which operation, and until when the bastion may begin it (by its own clock): what a step was planned from grows old.
 */
export interface Order {
  readonly operation: OperationId
  readonly until: Instant
}

/** What a spec is made of before the bastion was asked. */
export type Draft = Pick<Spec, 'source' | 'destination' | 'bastion'>

/** The bastion's answer to a `baseQuery`. */
export type ConfigOutput = Pick<Printed, 'result' | 'detail' | 'text'>

export type Prepared = Pick<Spec, 'baseConfig' | 'mergedConfig' | 'commands' | 'toolVersion'>

export interface Fetch {
  readonly operation: OperationId
  /** From 1. */
  readonly chunk: number
  readonly seal: boolean
}
