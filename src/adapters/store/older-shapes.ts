import { z } from 'zod'
import { SHAPE } from './schema.ts'

// Shape 2 called the discrepancies of an outcome troubles, and the chunks of what a step printed pieces. Shape 1 said
// of a stop and of an outcome whether something was written, not what proves it; its steps hold what the bastion
// printed, not what that was found to say.

/** The oldest shape that is read. */
export const OLDEST = 1

/** A request of any shape that is read, as one of today's. */
export function requestOfToday(document: unknown, shape: number): unknown {
  if (shape === SHAPE) return document
  return fromShapeTwo(shape === 1 ? fromShapeOne(document) : document)
}

/** A step of any shape that is read, as one of today's. */
export function stepOfToday(document: unknown, shape: number): unknown {
  if (shape === SHAPE) return document
  return stepFromShapeTwo(shape === 1 ? stepFromShapeOne(document) : document)
}

const Outcome = z.looseObject({ troubles: z.array(z.unknown()) })
const RequestTwo = z.looseObject({ outcome: Outcome.optional() })

function fromShapeTwo(document: unknown): unknown {
  const { outcome, ...request } = RequestTwo.parse(document)
  if (!outcome) return request
  const { troubles, ...rest } = outcome
  return { ...request, outcome: { ...rest, discrepancies: troubles } }
}

const BlockTwo = z.looseObject({
  content: z.looseObject({ pieces: z.number(), piece: z.number() }).optional(),
})
const StepTwo = z.looseObject({ blocks: z.array(BlockTwo) })

function stepFromShapeTwo(document: unknown): unknown {
  const { blocks, ...step } = StepTwo.parse(document)
  return {
    ...step,
    blocks: blocks.map(({ content, ...block }) => {
      if (!content) return block
      const { pieces, piece, ...rest } = content
      return { ...block, content: { ...rest, chunks: pieces, chunk: piece } }
    }),
  }
}

const OldOutcome = z.looseObject({
  state: z.string(),
  wrote: z.boolean(),
  stop: z.looseObject({ detail: z.string(), wrote: z.string() }).optional(),
  troubles: z.array(z.unknown()),
})
const OldRequest = z.looseObject({ outcome: OldOutcome.optional() })

function fromShapeOne(document: unknown): unknown {
  const { outcome, ...request } = OldRequest.parse(document)
  if (!outcome) return request
  const { wrote, stop, troubles, ...rest } = outcome
  const { wrote: _, ...newStop } = stop ?? { detail: '', wrote: '' }
  const isUnnamed = outcome.state === 'partial' && troubles.length === 0
  return {
    ...request,
    outcome: {
      ...rest,
      evidence: wrote ? 'may-have-written' : 'only-reads-sent',
      ...(stop ? { stop: newStop } : {}),
      troubles: isUnnamed ? [{ kind: 'run', name: 'itself', problem: 'stopped', why: newStop.detail }] : troubles,
    },
  }
}

const OldBlock = z.looseObject({ mark: z.string() })
const OldStep = z.looseObject({
  blocks: z.array(OldBlock),
  end: z.looseObject({ kind: z.string(), status: z.string().optional() }).optional(),
})

/** That it was never executed was SSM's word as often as the bastion's: it proves nothing any more. */
function stepFromShapeOne(document: unknown): unknown {
  const { blocks, end, ...step } = OldStep.parse(document)
  return {
    ...step,
    blocks: blocks.map(({ mark, ...block }) => ({ ...block, action: 'session', ...(mark === '' ? {} : { mark }) })),
    ...(end ? { end: end.kind === 'not-executed' ? { ...end, kind: 'lost' } : end } : {}),
  }
}
