import { parseRequestId } from '../domain/ids.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Request } from '../domain/request.ts'
import type { Deps } from './ports.ts'
import { recordRefusedClick } from './refused-click.ts'
import { type DeliveryOf, submitRequest } from './submit-request.ts'

/** Files a fresh request for what a stale one was for, by whoever clicked: they become the requester. */
export async function askAgain(
  deps: Deps,
  click: { readonly request: string; readonly by: string; readonly channel: string; readonly delivery: DeliveryOf },
): Promise<Request | Refusal> {
  const id = parseRequestId(click.request)
  const stored = id && (await deps.store.load(id))
  const turnDown = async (refusal: Refusal): Promise<Refusal> => {
    const about = id ? { request: id } : {}
    await recordRefusedClick(deps, { by: click.by, button: 'ask again', ...about }, refusal)
    return refusal
  }
  if (!stored) return turnDown(refuse({ code: 'no-such-request', text: click.request }))
  const { request } = stored
  if (request.state !== 'stale')
    return turnDown(refuse({ code: 'not-open', request: request.id, state: request.state, wanted: 'ask again' }))
  const { source, destination, mode, scope } = request.spec
  return submitRequest(deps, {
    requestedBy: click.by,
    channel: click.channel,
    delivery: click.delivery,
    source: source.clusterId,
    destination: destination.clusterId,
    mode,
    scope,
    reason: request.reason,
  })
}
