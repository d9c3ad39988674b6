import type { Deps } from '../../../application/ports.ts'
import { parseRequestId } from '../../../domain/ids.ts'
import { isRefusal, type Refusal, refuse } from '../../../domain/refusal.ts'
import type { Request } from '../../../domain/request.ts'
import type { Network } from '../../network.ts'
import type { Web } from '../api/web.ts'
import type { HomeTabs } from '../outgoing/home-tabs.ts'
import type { Block } from '../views/blocks.ts'
import { explain } from '../views/explain.ts'
import { filedText } from '../views/request-answers.ts'
import { CARD } from '../views/thread.ts'
import type { Tasks } from './tasks.ts'

export interface ListenerDeps extends Deps {
  readonly web: Web
  readonly network: Pick<Network, 'fetch'>
  readonly tasks: Tasks
  readonly homes: Pick<HomeTabs, 'opened'>
}

/** Says something to the person who typed or clicked; `shared`: to the whole channel. */
export type Answer = (
  message: { readonly text: string; readonly blocks?: Block[] },
  audience?: 'private' | 'shared',
) => Promise<void>

/** How long a look-up may hold up a form: Slack's trigger is good for three seconds. */
export const PREVIEW_MS = 1_500

/** Says what became of an ask, by command, form or button. */
export async function answerRequest(deps: ListenerDeps, asked: Request | Refusal, answer: Answer): Promise<void> {
  if (isRefusal(asked)) return answer({ text: explain(await withLink(deps, asked)) })
  // It is filed: what holds it is said where it is known.
  await answer({ text: filedText(asked, await deps.store.frozen().catch(() => undefined)) })
}

/** A refusal that names an open request gets a link to its card. */
async function withLink(deps: ListenerDeps, refusal: Refusal): Promise<Refusal> {
  const { refused } = refusal
  if (refused.code !== 'destination-busy') return refusal
  const stored = await deps.store.load(refused.request)
  const link = stored && (await linkTo(deps, stored.request))
  return link ? refuse({ ...refused, link }) : refusal
}

/** The address of a request's card, once it is posted. */
export async function linkTo({ store, web }: ListenerDeps, request: Request): Promise<string | undefined> {
  const id = parseRequestId(request.id)
  const card = id && (await store.posted(id)).find((slot) => slot.slot === CARD)
  return card?.ts ? web.permalink(request.channel, card.ts) : undefined
}
