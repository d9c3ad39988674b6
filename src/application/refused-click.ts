import type { RequestId } from '../domain/ids.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Deps } from './ports.ts'

export interface RefusedClick {
  readonly by: string
  /** What the button or form is for. */
  readonly button: string
  /** Absent where the click named none that can be one. */
  readonly request?: RequestId
  /** Of what the clicked card showed. */
  readonly digest?: string
}

/** Every refused click stands in the record, whichever button it was. */
export async function recordRefusedClick(
  deps: Pick<Deps, 'store' | 'clock' | 'log'>,
  { by, button, request, digest }: RefusedClick,
  { refused }: Refusal,
): Promise<void> {
  const facts = { verdict: button, rule: refused.code, ...(digest === undefined ? {} : { digest }) }
  const about = request === undefined ? {} : { request }
  await deps.store.audit({ at: deps.clock.now(), type: 'refused-click', actor: by, ...about, facts })
  deps.log.info({ requestId: request, by, verdict: button, rule: refused.code }, 'click refused')
}
