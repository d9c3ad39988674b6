import { evidenceOf, type Statement } from '../domain/evidence.ts'
import { operationId, type RequestId } from '../domain/ids.ts'
import type { Spec } from '../domain/spec.ts'
import { isWrite, type Reading, type StopCode } from '../domain/step.ts'
import type { Engine } from '../engines/engine.ts'
import { assemble, assembleAsync, type Printed, statementOf } from '../engines/printed.ts'
import { atOnce, inSlices, type Slices } from '../engines/slices.ts'
import type { Clock } from './ports.ts'
import type { Finding, StepRecord } from './store.ts'

export interface Ran {
  readonly id: RequestId
  readonly spec: Spec
  readonly engine: Engine
}

/** What an ended step says, and what is proved of what it sent. Never throws on what a tool or a bastion printed. */
export async function findingOf(clock: Clock, run: Ran, step: StepRecord): Promise<Finding> {
  if (step.end?.kind !== 'printed') return found(run, step, unprinted(step))
  const reading = readPrinted(run, step, await assembleAsync(step.blocks))
  return found(run, step, await inSlices(reading, () => clock.sleep(0)))
}

/** The same at once: for steps of older versions, that were stored without it. */
export function findingAtOnce(run: Ran, step: StepRecord): Finding {
  if (step.end?.kind !== 'printed') return found(run, step, unprinted(step))
  return found(run, step, atOnce(readPrinted(run, step, assemble(step.blocks))))
}

function found(run: Ran, step: StepRecord, reading: Reading): Finding {
  const evidence = evidenceOf({ canWrite: isWrite(step.plan) }, statementFor(run, step))
  return { reading, evidence, seconds: step.blocks[0]?.seconds }
}

function statementFor({ id }: Ran, step: StepRecord): Statement | undefined {
  switch (step.end?.kind) {
    case 'refused':
      return { by: 'ssm' }
    case 'sealed':
      return { by: 'seal' }
    case 'printed': {
      const [block] = step.blocks
      return block && statementOf(block, operationId(id, step.n))
    }
    default:
      return undefined
  }
}

function* readPrinted({ spec, engine }: Ran, step: StepRecord, printed: Printed | undefined): Slices<Reading> {
  if (!printed) return nothing('lost', 'nothing was printed')
  if (printed.result === 'stopped-killed' && printed.mark === 'none')
    return nothing('not-executed', 'it was killed on the bastion before any login')
  return yield* engine.reading(spec, step.plan, printed)
}

function unprinted({ end }: StepRecord): Reading {
  switch (end?.kind) {
    case 'refused':
      return nothing('not-executed', `SSM did not take the command: ${end.status}`)
    case 'sealed':
      return nothing('not-executed', 'the bastion had not begun it, and will not any more')
    case 'lost':
      return nothing('lost', end.status)
    default:
      return nothing('lost', 'it has not ended')
  }
}

function nothing(code: StopCode, detail: string): Reading {
  return { kind: 'nothing', stop: { code, detail } }
}
