import { parseRequestId } from '../domain/ids.ts'
import { missingScope, mostNamed } from '../domain/missing-scope.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Request } from '../domain/request.ts'
import { MOST_LISTED, type Scope } from '../domain/scope.ts'
import { orUnreadable, type RequestView, viewRequest } from './list-requests.ts'
import type { Deps } from './ports.ts'
import { recordRefusedClick } from './refused-click.ts'
import { diffOf } from './run-view.ts'
import { Unreadable } from './store.ts'
import { type DeliveryOf, submitRequest } from './submit-request.ts'

/** What a finished comparison found missing, as the scope of a sync; or why no request can be made of it. */
export function foundMissing({ request, steps, unreadable }: RequestView): Scope | Refusal {
  const { id, state, spec } = request
  if (spec.mode !== 'plan' || state !== 'succeeded')
    return refuse({ code: 'not-open', request: id, state, wanted: 'ask for what it found' })
  if (unreadable !== undefined) return refuse({ code: 'unreadable-request', request: id })
  const diff = diffOf(spec, steps)
  if (!diff) return refuse({ code: 'nothing-to-ask', request: id, why: 'forgotten' })
  const scope = missingScope(diff)
  const found = mostNamed(scope)
  if (found === 0) return refuse({ code: 'nothing-to-ask', request: id, why: 'nothing-missing' })
  return found > MOST_LISTED ? refuse({ code: 'too-much-to-ask', request: id, found, most: MOST_LISTED }) : scope
}

/** Files a sync of exactly what a comparison found missing, by whoever clicked: they become the requester. */
export async function askExactly(
  deps: Deps,
  click: { readonly request: string; readonly by: string; readonly channel: string; readonly delivery: DeliveryOf },
): Promise<Request | Refusal> {
  const id = parseRequestId(click.request)
  const view = id && (await viewRequest(deps, id).catch(orUnreadable))
  const turnDown = async (refusal: Refusal): Promise<Refusal> => {
    const about = id ? { request: id } : {}
    await recordRefusedClick(deps, { by: click.by, button: 'request exactly this', ...about }, refusal)
    return refusal
  }
  if (!view) return turnDown(refuse({ code: 'no-such-request', text: click.request }))
  if (view instanceof Unreadable) return turnDown(refuse({ code: 'unreadable-request', request: id }))
  const scope = foundMissing(view)
  if (isRefusal(scope)) return turnDown(scope)
  const { source, destination } = view.request.spec
  return submitRequest(deps, {
    requestedBy: click.by,
    channel: click.channel,
    delivery: click.delivery,
    source: source.clusterId,
    destination: destination.clusterId,
    mode: 'sync',
    scope,
    reason: reasonFrom(view.request),
  })
}

/** The comparison is named, so that approvers find it, and its reason goes on, with the ticket in it. */
function reasonFrom({ id, reason }: Request): string {
  return `exactly what comparison ${id} found: ${reason}`
}
