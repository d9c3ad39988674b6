import { type Diff, diffOnce } from '../domain/diff.ts'
import type { Inventory } from '../domain/inventory.ts'
import { roundsOf } from '../domain/listing.ts'
import type { Request } from '../domain/request.ts'
import { withoutResent } from '../domain/run-facts.ts'
import type { Spec } from '../domain/spec.ts'
import type { DoneStep, Reading, StepPlan } from '../domain/step.ts'
import type { Engine } from '../engines/engine.ts'
import { findingAtOnce } from './finding.ts'
import type { Finding, StepRecord } from './store.ts'

/** A step as people see it: what was planned, and what it found once it ended. */
export interface SeenStep {
  readonly n: number
  readonly plan: StepPlan
  readonly commandId?: string
  readonly reading?: Reading
  readonly evidence?: DoneStep['evidence']
  readonly seconds: number | undefined
}

const cache = new WeakMap<StepRecord, Finding>()

/** What an ended step was found to say: as it was read then; one of an older version is read now. */
function finding(engine: Engine, request: Request, step: StepRecord): Finding {
  const known = step.finding ?? cache.get(step) ?? findingAtOnce({ id: request.id, spec: request.spec, engine }, step)
  cache.set(step, known)
  return known
}

export function doneSteps(engine: Engine, request: Request, steps: readonly StepRecord[]): readonly DoneStep[] {
  return steps.filter((step) => step.end).map((step) => ({ plan: step.plan, ...finding(engine, request, step) }))
}

export function seenSteps(engine: Engine, request: Request, steps: readonly StepRecord[]): readonly SeenStep[] {
  return steps.map((step) => {
    const found = step.end && finding(engine, request, step)
    return {
      n: step.n,
      plan: step.plan,
      seconds: found?.seconds,
      ...(step.commandId ? { commandId: step.commandId } : {}),
      ...(found ? { reading: found.reading, evidence: found.evidence } : {}),
    }
  })
}

/** The listings at the start of the run. */
export function listedBefore(steps: readonly SeenStep[]): readonly Inventory[] | undefined {
  return roundsOf(withoutResent(steps.flatMap(toDone)), 'before')[0]?.inventories
}

function toDone({ plan, reading, evidence, seconds }: SeenStep): DoneStep[] {
  return reading && evidence ? [{ plan, reading, evidence, seconds }] : []
}

/** The comparison, once both sides are listed. */
export function diffOf(spec: Spec, steps: readonly SeenStep[]): Diff | undefined {
  const listed = listedBefore(steps)
  return listed && diffOnce(listed, spec.scope)
}
