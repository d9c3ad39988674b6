import { parseRequestId } from '../domain/ids.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { isFinished, OPEN_STATES, type Request } from '../domain/request.ts'
import type { Deps } from './ports.ts'
import { type SeenStep, seenSteps } from './run-view.ts'
import { type AuditRow, type Listed, Unreadable } from './store.ts'

/** A request with everything that is known of it. */
export interface RequestView {
  readonly request: Request
  readonly version: number
  readonly steps: readonly SeenStep[]
  /** Absent where its steps are read; else why they cannot be. */
  readonly unreadable?: string
  /** The hash of the row of the record that holds its outcome, once it has one. */
  readonly anchor?: string
}

export interface RequestHistory extends RequestView {
  readonly history: readonly AuditRow[]
}

/** As many as a list shows. */
export const PAGE = 20

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
  const view = await viewRequest(deps, id).catch(orUnreadable)
  if (view instanceof Unreadable) {
    deps.log.error({ requestId: id, error: view }, 'a request cannot be read')
    return refuse({ code: 'unreadable-request', request: id })
  }
  if (!view) return refuse({ code: 'no-such-request', text })
  return { ...view, history: await deps.store.history(view.request.id) }
}

/** The stored request and its steps as they are now; `undefined` if there is none. */
export async function viewRequest(
  deps: Pick<Deps, 'store' | 'engines'>,
  id: Request['id'],
): Promise<RequestView | undefined> {
  // Read before the steps: a change between the two makes the picture newer than its version, and it is painted once
  // more.
  const stored = await deps.store.load(id)
  if (!stored) return undefined
  const { request, version } = stored
  const anchor = isFinished(request) ? await anchorOf(deps.store, request) : undefined
  return { request, version, ...(await stepsOf(deps, request)), ...(anchor === undefined ? {} : { anchor }) }
}

/** Every row of the record before it is bound by this hash. */
async function anchorOf(
  { history }: Pick<Deps['store'], 'history'>,
  { id, state }: Request,
): Promise<string | undefined> {
  return (await history(id)).findLast(({ type }) => type === state)?.hash
}

/**
 * Its steps, or why they cannot be read: the request itself is shown all the same, since whoever waits for its end must
 * hear of it.
 */
async function stepsOf(
  { store, engines }: Pick<Deps, 'store' | 'engines'>,
  request: Request,
): Promise<Pick<RequestView, 'steps' | 'unreadable'>> {
  const stored = await store.steps(request.id).catch(orUnreadable)
  if (stored instanceof Unreadable) return { steps: [], unreadable: stored.message }
  const engine = engines[request.spec.engine]
  try {
    return { steps: engine ? seenSteps(engine, request, stored) : [] }
  } catch (error) {
    return { steps: [], unreadable: error instanceof Error ? error.message : String(error) }
  }
}

/** Only what is proved to be unreadable is called so: a failure of the database may pass, and is asked again. */
export function orUnreadable(error: unknown): Unreadable {
  if (error instanceof Unreadable) return error
  throw error
}
