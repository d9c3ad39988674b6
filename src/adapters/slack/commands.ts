import type { SlashCommand } from '@slack/bolt'
import { refuseStranger } from '../../application/ask-workspace.ts'
import { listMine, listOpen, showRequest } from '../../application/list-requests.ts'
import { lookupHsms, lookupPair } from '../../application/lookup-hsms.ts'
import { type Ask, submitRequest } from '../../application/submit-request.ts'
import { parseRequestId } from '../../domain/ids.ts'
import { isRefusal, type Refusal } from '../../domain/refusal.ts'
import type { Pending, Request } from '../../domain/request.ts'
import { describeError } from '../../log.ts'
import { type Answer, PREVIEW_MS } from './clicks.ts'
import { explain } from './explain.ts'
import { commandLine, parseSync, SYNC_USAGE, type SyncWords } from './grammar.ts'
import type { ListenerDeps } from './listeners.ts'
import { code } from './text.ts'
import { helpView } from './views/help.ts'
import { hsmsView, pairView } from './views/hsms.ts'
import { CARD } from './views/picture.ts'
import { historyView, requestsView } from './views/requests.ts'
import { syncForm } from './views/sync-form.ts'

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
        return 'problems' in words ? undefined : checkingText(words)
      },
      work: async (command, answer) => {
        if (command.text.trim() === '') return openForm(deps, command, answer)
        const words = parseSync(command.text)
        if ('problems' in words)
          return answer({ text: `You typed ${code(command.text)}.\n${usageText(words.problems)}` })
        await fileRequest(deps, { ...words, requestedBy: command.user_id, channel: command.channel_id }, answer)
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

/** `/hsm-sync` alone. Where Slack does not open the form in its three seconds, the command's usage is the answer. */
async function openForm(deps: ListenerDeps, command: SlashCommand, answer: Answer): Promise<void> {
  const stranger = await Promise.race([refuseStranger(deps, command.user_id), deps.clock.sleep(PREVIEW_MS)])
  if (stranger) return answer({ text: explain(stranger) })
  const memo = { channel: command.channel_id, respondTo: command.response_url, openedAt: deps.clock.now() }
  try {
    await deps.web.openView(command.trigger_id, syncForm(deps.landscape, memo))
  } catch (error) {
    deps.log.warn({ error: describeError(error) }, 'the form could not be opened')
    await answer({ text: usageText(['Slack did not open the form in time. The command asks for the same.']) })
  }
}

function usageText(problems: readonly string[]): string {
  return `${problems.map((problem) => `• ${problem}`).join('\n')}\nUsage: ${code(SYNC_USAGE)}`
}

function checkingText({ source, destination }: Pick<Ask, 'source' | 'destination'>): string {
  return `Checking ${code(source)} → ${code(destination)}. The card appears in the route's channel in a few seconds.`
}

/** Files a request and says what became of it. */
async function fileRequest(deps: ListenerDeps, ask: Ask, answer: Answer): Promise<Pending | Refusal> {
  const asked = await submitRequest(deps, ask)
  await answer({ text: isRefusal(asked) ? explain(await withLink(deps, asked)) : filedText(asked) })
  return asked
}

/** The form was sent, and is closed: what was typed comes back where it was refused. */
export async function formSubmitted(
  deps: ListenerDeps,
  words: SyncWords,
  { by, channel, answer }: { readonly by: string; readonly channel: string; readonly answer: Answer },
): Promise<void> {
  await answer({ text: checkingText(words) })
  const asked = await fileRequest(deps, { ...words, requestedBy: by, channel }, answer)
  if (isRefusal(asked)) await answer({ text: `To ask for the same again: ${code(commandLine(words), 2500)}` })
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
