import type { SlashCommand } from '@slack/bolt'
import { refuseStranger } from '../../application/ask-workspace.ts'
import { listMine, listOpen, showRequest } from '../../application/list-requests.ts'
import { lookupHsms, lookupPair } from '../../application/lookup-hsms.ts'
import { submitRequest } from '../../application/submit-request.ts'
import { parseRequestId } from '../../domain/ids.ts'
import { isRefusal, type Refusal } from '../../domain/refusal.ts'
import type { Request } from '../../domain/request.ts'
import type { Answer } from './clicks.ts'
import { explain } from './explain.ts'
import { parseSync, SYNC_USAGE } from './grammar.ts'
import type { ListenerDeps } from './listeners.ts'
import { code } from './text.ts'
import { helpView } from './views/help.ts'
import { hsmsView, pairView } from './views/hsms.ts'
import { CARD } from './views/picture.ts'
import { historyView, requestsView } from './views/requests.ts'

interface CommandHandler {
  /** What the ack says at once. */
  first(command: SlashCommand): string | undefined
  work(command: SlashCommand, answer: Answer): Promise<void>
}

/** The slash commands, by name. */
export function commandHandlers(deps: ListenerDeps): Readonly<Record<string, CommandHandler>> {
  return {
    '/hsm-ips': {
      first: () => undefined,
      work: async (command, answer) => {
        const stranger = await refuseStranger(deps, command.user_id)
        if (stranger) return answer({ text: explain(stranger) })
        const [name, other, ...rest] = command.text.split(/\s+/).filter((word) => word !== '')
        if (name === undefined || rest.length > 0)
          return answer({
            text: `Name a cluster, or two to see whether they are clones: ${code('/hsm-ips <cluster> [<cluster>]')}. Known: ${aliases(deps)}.`,
          })
        if (other !== undefined) {
          const pair = await lookupPair(deps, { source: name, destination: other })
          return answer(isRefusal(pair) ? { text: explain(pair) } : pairView(pair))
        }
        const found = await lookupHsms(deps, name)
        await answer(isRefusal(found) ? { text: explain(found) } : hsmsView(found, 'private'))
      },
    },
    '/hsm-sync': {
      first: (command) => {
        const words = parseSync(command.text)
        return 'problems' in words
          ? undefined
          : `Checking ${code(words.source)} → ${code(words.destination)}. The card appears in the route's channel in a few seconds.`
      },
      work: async (command, answer) => {
        const words = parseSync(command.text)
        if ('problems' in words) {
          const sent = command.text.trim() === '' ? '' : `You typed ${code(command.text)}.\n`
          return answer({
            text: `${sent}${words.problems.map((problem) => `• ${problem}`).join('\n')}\nUsage: ${code(SYNC_USAGE)}`,
          })
        }
        const asked = await submitRequest(deps, { ...words, requestedBy: command.user_id, channel: command.channel_id })
        await answer({ text: isRefusal(asked) ? explain(await withLink(deps, asked)) : filedText(asked) })
      },
    },
    '/hsm-requests': {
      first: () => undefined,
      work: async (command, answer) => {
        const stranger = await refuseStranger(deps, command.user_id)
        if (stranger) return answer({ text: explain(stranger) })
        const word = command.text.trim().toLowerCase()
        if (word === '' || word === 'open') {
          const open = await listOpen(deps)
          return answer(requestsView('Open requests', open, await linksOf(deps, open)))
        }
        if (word === 'mine') {
          const mine = await listMine(deps, command.user_id)
          return answer(requestsView('Your requests', mine, await linksOf(deps, mine.slice(0, 5))))
        }
        const shown = await showRequest(deps, word)
        if (isRefusal(shown))
          return answer({ text: `${explain(shown)} Usage: ${code('/hsm-requests [open|mine|<id>]')}` })
        await answer(historyView(shown, await linkTo(deps, shown.request)))
      },
    },
    '/hsm-help': {
      first: () => undefined,
      work: (_, answer) => answer(helpView(deps.landscape)),
    },
  }
}

export function filedText(request: Request): string {
  return `Request ${code(request.id)} is filed: its card is in <#${request.channel}>, where ${request.rule.required === 1 ? 'one approval is' : `${request.rule.required} approvals are`} needed. ${code(`/hsm-requests ${request.id}`)} shows where it stands.`
}

/** A refusal that names an open request gets a link to its card. */
export async function withLink(deps: ListenerDeps, refusal: Refusal): Promise<Refusal> {
  const { refused } = refusal
  if (refused.code !== 'destination-busy') return refusal
  const stored = await deps.store.load(refused.request)
  const link = stored && (await linkTo(deps, stored.request))
  return link ? { refused: { ...refused, link } } : refusal
}

async function linksOf(deps: ListenerDeps, requests: readonly Request[]): Promise<ReadonlyMap<string, string>> {
  const links = await Promise.all(requests.map(async (request) => [request.id, await linkTo(deps, request)] as const))
  return new Map(links.flatMap(([id, link]) => (link ? [[id, link] as const] : [])))
}

async function linkTo({ store, web }: ListenerDeps, request: Request): Promise<string | undefined> {
  const id = parseRequestId(request.id)
  const card = id && (await store.slots(id)).find((slot) => slot.slot === CARD)
  return card?.ts ? web.permalink(request.channel, card.ts) : undefined
}

function aliases({ landscape }: ListenerDeps): string {
  return landscape.clusters.map((cluster) => code(cluster.alias)).join(', ')
}
