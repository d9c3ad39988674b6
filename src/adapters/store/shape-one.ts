import { z } from 'zod'

// Shape 1 said of a stop and of an outcome whether something was written, not what proves it; its steps hold what the bastion printed, not what that was found to say.

const OldOutcome = z.looseObject({
  state: z.string(),
  wrote: z.boolean(),
  stop: z.looseObject({ detail: z.string(), wrote: z.string() }).optional(),
  troubles: z.array(z.unknown()),
})
const OldRequest = z.looseObject({ outcome: OldOutcome.optional() })

/** A request of shape 1 as one of shape 2. */
export function newerRequest(document: unknown): unknown {
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

/** A step of shape 1 as one of shape 2. That it was never executed was SSM's word as often as the bastion's: it proves nothing any more. */
export function newerStep(document: unknown): unknown {
  const { blocks, end, ...step } = OldStep.parse(document)
  return {
    ...step,
    blocks: blocks.map(({ mark, ...block }) => ({ ...block, action: 'session', ...(mark === '' ? {} : { mark }) })),
    ...(end ? { end: end.kind === 'not-executed' ? { ...end, kind: 'lost' } : end } : {}),
  }
}
