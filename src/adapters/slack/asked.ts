import { parseRequestId } from '../../domain/ids.ts'
import { isRefusal, type Refusal, refuse } from '../../domain/refusal.ts'
import type { Request } from '../../domain/request.ts'
import type { Answer } from './clicks.ts'
import { explain } from './explain.ts'
import type { ListenerDeps } from './listeners.ts'
import { filedText } from './views/asked.ts'
import { CARD } from './views/thread.ts'

/** Says what became of an ask, by command, form or button. */
export async function answerAsked(deps: ListenerDeps, asked: Request | Refusal, answer: Answer): Promise<void> {
  await answer({ text: isRefusal(asked) ? explain(await withLink(deps, asked)) : filedText(asked) })
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
