import type { Digest, OperationId } from '../domain/ids.ts'
import type { BaseConfigFlaw } from '../domain/refusal.ts'
import type { BastionFacts, EngineName, Spec } from '../domain/spec.ts'
import type { Reading, StepPlan } from '../domain/step.ts'
import type { Printed } from './printed.ts'

/** Lines for SSM's `commands`: the fixed script, with the data in a `set --` line in front. */
export type ScriptLines = readonly string[]

/** The tool that does the work on the bastion, as the run uses it: it writes steps down as scripts and reads what they printed. Pure. */
export interface Engine {
  readonly name: EngineName
  /** SHA-256 of the script's bytes. */
  readonly scriptDigest: Digest
  /** Prints the base config; changes nothing. */
  baseQuery(bastion: BastionFacts, operation: OperationId): ScriptLines
  /** What will run, made from the base config and the addresses in server order; or what is wrong with the base config. */
  merge(base: string, addresses: readonly string[]): { readonly merged: string } | BaseConfigFlaw
  /** Does the step, at most once for this operation id, whatever is sent. */
  write(spec: Spec, plan: StepPlan, operation: OperationId): ScriptLines
  /** Prints one piece of what an operation printed; changes no HSM. `seal`: an operation that never started never will. */
  fetch(bastion: BastionFacts, fetch: Fetch): ScriptLines
  /** What the step found. Never throws: what cannot be read is said so. */
  read(spec: Spec, plan: StepPlan, printed: Printed): Reading
  /** What was said between the bot and the tool, for people. */
  transcript(spec: Spec, plan: StepPlan, printed: Printed): string
}

export interface Fetch {
  readonly operation: OperationId
  /** From 1. */
  readonly piece: number
  readonly seal: boolean
}
