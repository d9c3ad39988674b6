import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { StepRecord, StoredRequest } from '../../application/store.ts'
import { OPEN_STATES, type Request } from '../../domain/request.ts'
import { SHAPE, type Tables } from './schema.ts'

type RequestRow = Selectable<Tables['requests']>

/** What every stored request must have; the rest of the document is as this program wrote it, and its shape number says which program. */
const StoredDocument = z.looseObject({
  id: z.string(),
  state: z.enum([
    'pending',
    'approved',
    'running',
    'rejected',
    'withdrawn',
    'expired',
    'stale',
    'succeeded',
    'partial',
    'failed',
    'unknown',
  ]),
  spec: z.looseObject({ version: z.union([z.literal(1), z.literal(2)]) }),
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

/** Throws on a document of a shape this version does not know: better no answer than a wrong one. */
export function parseRequest(row: Pick<RequestRow, 'id' | 'version' | 'shape' | 'doc'>): StoredRequest {
  if (row.shape !== SHAPE)
    throw new Error(`request ${row.id} was stored in shape ${row.shape}, this version reads shape ${SHAPE}`)
  const document: unknown = JSON.parse(row.doc)
  StoredDocument.parse(document)
  // The one place where a checked document becomes the type it was written from.
  return { request: document as Request, version: row.version }
}

export function parseStep(row: Selectable<Tables['steps']>): StepRecord {
  if (row.shape !== SHAPE)
    throw new Error(
      `step ${row.request_id}.${row.n} was stored in shape ${row.shape}, this version reads shape ${SHAPE}`,
    )
  const document: unknown = JSON.parse(row.doc)
  StoredStep.parse(document)
  return document as StepRecord
}
