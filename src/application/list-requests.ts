import { parseRequestId } from '../domain/ids.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { OPEN_STATES, type Request } from '../domain/request.ts'
import type { Deps } from './ports.ts'
import { type SeenStep, seenSteps } from './run-view.ts'
import type { AuditRow, Listed } from './store.ts'

/** A request with everything that is known of it. */
export interface RequestView {
  readonly request: Request
  readonly version: number
  readonly steps: readonly SeenStep[]
  /** Absent where its steps are read; else why they cannot be. */
  readonly unreadable?: string
}

export interface RequestHistory extends RequestView {
  readonly history: readonly AuditRow[]
}

const PAGE = 20

export function listOpen(deps: Pick<Deps, 'store'>): Promise<Listed> {
  return deps.store.list({ states: OPEN_STATES, limit: PAGE })
}

export function listMine(deps: Pick<Deps, 'store'>, userId: string): Promise<Listed> {
  return deps.store.list({ requestedBy: userId, limit: PAGE })
}

/** One request by the id people type. */
export async function showRequest(
  deps: Pick<Deps, 'store' | 'engines' | 'log'>,
  text: string,
): Promise<RequestHistory | Refusal> {
  const id = parseRequestId(text)
  if (!id || (await deps.store.versionOf(id)) === undefined) return refuse({ code: 'no-such-request', text })
  const view = await viewRequest(deps, id).catch((error: unknown) => {
    deps.log.error({ requestId: id, error }, 'a request cannot be read')
    return undefined
  })
  if (!view) return refuse({ code: 'unreadable-request', request: id })
  return { ...view, history: await deps.store.history(view.request.id) }
}

/** The stored request and its steps as they are now; `undefined` if there is none. */
export async function viewRequest(
  deps: Pick<Deps, 'store' | 'engines'>,
  id: Request['id'],
): Promise<RequestView | undefined> {
  // Read before the steps: a change between the two makes the picture newer than its version, and it is painted once more.
  const stored = await deps.store.load(id)
  if (!stored) return undefined
  const { request, version } = stored
  const engine = deps.engines[request.spec.engine]
  try {
    const steps = await deps.store.steps(id)
    return { request, version, steps: engine ? seenSteps(engine, request, steps) : [] }
  } catch (error) {
    // The request itself is shown all the same: whoever waits for its end must hear of it.
    return { request, version, steps: [], unreadable: error instanceof Error ? error.message : String(error) }
  }
}
