import { evidenceOf, type Statement } from '../domain/evidence.ts'
import { operationId, type RequestId } from '../domain/ids.ts'
import type { Spec } from '../domain/spec.ts'
import { isWrite, type Reading, type StopCode } from '../domain/step.ts'
import type { Engine } from '../engines/engine.ts'
import { assemble, statementOf } from '../engines/printed.ts'
import type { Finding, StepRecord } from './store.ts'

export interface Ran {
  readonly id: RequestId
  readonly spec: Spec
  readonly engine: Engine
}

/** What an ended step says, and what is proved of what it sent. Never throws on what a tool or a bastion printed. */
export function findingOf(run: Ran, step: StepRecord): Finding {
  const statement = statementFor(run, step)
  const evidence = evidenceOf({ canWrite: isWrite(step.plan) }, statement)
  return { reading: readingOf(run, step), evidence, seconds: step.blocks[0]?.seconds }
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

function readingOf({ spec, engine }: Ran, step: StepRecord): Reading {
  switch (step.end?.kind) {
    case 'refused':
      return nothing('not-executed', `SSM did not take the command: ${step.end.status}`)
    case 'sealed':
      return nothing('not-executed', 'the bastion had not begun it, and will not any more')
    case 'lost':
      return nothing('lost', step.end.status)
    default: {
      const printed = assemble(step.blocks)
      if (!printed) return nothing('lost', 'nothing was printed')
      if (printed.result === 'stopped-killed' && printed.mark === 'none')
        return nothing('not-executed', 'it was killed on the bastion before any login')
      return engine.read(spec, step.plan, printed)
    }
  }
}

function nothing(code: StopCode, detail: string): Reading {
  return { kind: 'nothing', stop: { code, detail } }
}
