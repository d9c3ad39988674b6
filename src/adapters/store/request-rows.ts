import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type StepRecord, type StoredRequest, Unreadable } from '../../application/store.ts'
import { OPEN_STATES, type Request, type RequestState } from '../../domain/request.ts'
import { OLDEST, requestOfToday, stepOfToday } from './older-shapes.ts'
import { SHAPE, type Tables } from './schema.ts'

type RequestRow = Selectable<Tables['requests']>

/** Each state that is read: one that is missing here would make its requests unreadable. */
const STATES: Readonly<Record<RequestState, true>> = {
  pending: true,
  approved: true,
  running: true,
  rejected: true,
  withdrawn: true,
  expired: true,
  stale: true,
  succeeded: true,
  partial: true,
  failed: true,
  unknown: true,
}

/**
 * What every stored request must have; the rest of the document is as this program wrote it, and its shape number says
 * which program.
 */
const StoredDocument = z.looseObject({
  id: z.string(),
  state: z.enum(Object.keys(STATES)),
  spec: z.looseObject({ version: z.union([z.literal(1), z.literal(2), z.literal(3)]) }),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  decisions: z.array(z.looseObject({ by: z.string(), verdict: z.enum(['approve', 'reject']), at: z.number() })),
})

const StoredStep = z.looseObject({
  n: z.number(),
  plan: z.looseObject({ kind: z.string() }),
  plannedAt: z.number(),
  blocks: z.array(z.unknown()),
})

export function columnsOf(request: Request) {
  return {
    state: request.state,
    is_open: (OPEN_STATES as readonly string[]).includes(request.state) ? 1 : 0,
    expires_at: request.expiresAt,
    shape: SHAPE,
    doc: JSON.stringify(request),
  }
}

/** Throws Unreadable on a document of a shape this version does not know: better no answer than a wrong one. */
export function parseRequest(row: Pick<RequestRow, 'id' | 'version' | 'shape' | 'doc'>): StoredRequest {
  return legible(`request ${row.id}`, () => {
    const document = known(row)
    StoredDocument.parse(document)
    // The one place where a checked document becomes the type it was written from.
    return { request: requestOfToday(document, row.shape) as Request, version: row.version }
  })
}

/** Throws Unreadable, as parseRequest does. */
export function parseStep(row: Selectable<Tables['steps']>): StepRecord {
  return legible(`step ${row.request_id}.${row.n}`, () => {
    const document = known(row)
    StoredStep.parse(document)
    return stepOfToday(document, row.shape) as StepRecord
  })
}

/** What `read` makes of a stored text; throws Unreadable where it fails, so that nothing else is taken for that. */
export function legible<Value>(what: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw new Unreadable(what, error)
  }
}

function known({ shape, doc }: { readonly shape: number; readonly doc: string }): unknown {
  if (shape < OLDEST || shape > SHAPE)
    throw new Error(`stored in shape ${shape}, this version reads shapes ${OLDEST} to ${SHAPE}`)
  return JSON.parse(doc)
}
