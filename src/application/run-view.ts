import type { Request } from '../domain/request.ts'
import type { DoneStep, Reading, StepPlan } from '../domain/step.ts'
import { isWrite } from '../domain/step.ts'
import type { Engine } from '../engines/engine.ts'
import { assemble } from '../engines/printed.ts'
import type { StepRecord } from './store.ts'

/** A step as people see it: what was planned, and what it found once it ended. */
export interface SeenStep {
  readonly n: number
  readonly plan: StepPlan
  readonly commandId?: string
  readonly reading?: Reading
  readonly seconds: number
  readonly endedAt?: number
}

const cache = new WeakMap<StepRecord, Reading>()

/** What an ended step found. */
export function readStep(engine: Engine, request: Request, step: StepRecord): Reading {
  const known = cache.get(step)
  if (known) return known
  const reading = read(engine, request, step)
  cache.set(step, reading)
  return reading
}

export function doneSteps(engine: Engine, request: Request, steps: readonly StepRecord[]): readonly DoneStep[] {
  return steps
    .filter((step) => step.end)
    .map((step) => ({
      plan: step.plan,
      reading: readStep(engine, request, step),
      seconds: step.blocks[0]?.seconds ?? 0,
    }))
}

export function seenSteps(engine: Engine, request: Request, steps: readonly StepRecord[]): readonly SeenStep[] {
  return steps.map((step) => ({
    n: step.n,
    plan: step.plan,
    seconds: step.blocks[0]?.seconds ?? 0,
    ...(step.commandId ? { commandId: step.commandId } : {}),
    ...(step.endedAt === undefined ? {} : { endedAt: step.endedAt }),
    ...(step.end ? { reading: readStep(engine, request, step) } : {}),
  }))
}

function read(engine: Engine, request: Request, step: StepRecord): Reading {
  const wrote = isWrite(step.plan) ? 'maybe' : 'no'
  if (step.end?.kind === 'not-executed')
    return { kind: 'nothing', stop: { code: 'not-executed', detail: step.end.status, wrote: 'no' } }
  const printed = assemble(step.blocks)
  if (!printed)
    return {
      kind: 'nothing',
      stop: { code: 'lost', detail: step.end?.kind === 'lost' ? step.end.status : 'nothing was printed', wrote },
    }
  return engine.read(request.spec, step.plan, printed)
}
