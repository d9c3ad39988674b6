import { askWorkspace, refuseStranger } from '../../../application/ask-workspace.ts'
import { freeze, unfreeze } from '../../../application/brake.ts'
import { listMine, listOpen, showRequest } from '../../../application/list-requests.ts'
import { listStatus } from '../../../application/list-status.ts'
import { lookupHsms, lookupPair, withUneven } from '../../../application/lookup-hsms.ts'
import { submitRequest } from '../../../application/submit-request.ts'
import { LONGEST_FREEZE_REASON } from '../../../domain/freeze.ts'
import { isRefusal } from '../../../domain/refusal.ts'
import type { Request } from '../../../domain/request.ts'
import { explain } from '../views/explain.ts'
import { frozenText } from '../views/frozen-text.ts'
import { helpView } from '../views/help.ts'
import { hsmsView, pairView } from '../views/hsms.ts'
import { checkingText, usageText } from '../views/request-answers.ts'
import { historyView, REQUESTS_USAGE, requestsView } from '../views/requests.ts'
import { statusView } from '../views/status.ts'
import { code, person } from '../views/text.ts'
import { type Answer, answerRequest, type ListenerDeps, linkTo } from './answer.ts'
import { decideByCommand } from './decide-by-command.ts'
import type { Command } from './deliveries.ts'
import { parseSync } from './grammar.ts'
import type { Work } from './inbox.ts'
import { openForm } from './sync-form.ts'
import { plainTyping, plainWords } from './typing.ts'

/** Slack takes twenty such calls a minute (usergroups.users.list, tier 2). */
const MOST_GROUPS = 10

interface CommandHandler {
  /** What the ack says at once. */
  first(command: Command): string | undefined
  work(command: Command, answer: Answer, how: Work): Promise<void>
}

/** The slash commands, by name. */
export function commandHandlers(deps: ListenerDeps): Readonly<Record<string, CommandHandler>> {
  return {
    '/hsm-ips': {
      first: () => undefined,
      work: async (command, answer) => {
        const stranger = await refuseStranger(deps, command.user)
        if (stranger) return answer({ text: explain(stranger) })
        const [name, other, ...rest] = plainWords(command.text)
        if (name === undefined || rest.length > 0)
          return answer({
            text: `Name a cluster, or two to see whether they are clones: ${code('/hsm-ips <cluster> [<cluster>]')}. Known: ${aliases(deps)}.`,
          })
        if (other !== undefined) {
          const pair = await lookupPair(deps, { source: name, destination: other })
          return answer(isRefusal(pair) ? { text: explain(pair) } : pairView(pair))
        }
        const found = await lookupHsms(deps, name)
        await answer(isRefusal(found) ? { text: explain(found) } : hsmsView(await withUneven(deps, found), 'private'))
      },
    },
    '/hsm-sync': {
      first: (command) => {
        const words = parseSync(command.text)
        return 'problems' in words ? undefined : checkingText(words)
      },
      work: async (command, answer, how) => {
        if (command.text.trim() === '') return openForm(deps, command, answer)
        const words = parseSync(command.text)
        if ('problems' in words)
          return answer({ text: `You typed ${code(command.text)}.\n${usageText(words.problems)}` })
        const ask = { ...words, requestedBy: command.user, channel: command.channel, delivery: how }
        await answerRequest(deps, await submitRequest(deps, ask), answer)
      },
    },
    '/hsm-requests': {
      first: () => undefined,
      work: async (command, answer, how) => {
        const stranger = await refuseStranger(deps, command.user)
        if (stranger) return answer({ text: explain(stranger) })
        const words = plainWords(command.text)
        const [word = 'open', verb] = words.map((typed) => typed.toLowerCase())
        if (verb !== undefined) return decideByCommand(deps, command, { answer, how })
        if (word === 'open') {
          const open = await listOpen(deps)
          return answer(requestsView('Open requests', open, await aroundOf(deps, open.requests)))
        }
        if (word === 'mine') {
          const mine = await listMine(deps, command.user)
          return answer(requestsView('Your requests', mine, await aroundOf(deps, mine.requests.slice(0, 5))))
        }
        const shown = await showRequest(deps, word)
        if (isRefusal(shown)) return answer({ text: `${explain(shown)} ${REQUESTS_USAGE}` })
        await answer(historyView(shown, await linkTo(deps, shown.request)))
      },
    },
    '/hsm-status': {
      first: () => undefined,
      work: async (command, answer) => {
        const stranger = await refuseStranger(deps, command.user)
        if (stranger) return answer({ text: explain(stranger) })
        const [name, ...rest] = plainWords(command.text)
        const statuses = rest.length > 0 ? undefined : await listStatus(deps, name)
        if (!statuses)
          return answer({
            text: `Name one cluster, or none: ${code('/hsm-status [<cluster>]')}. Known: ${aliases(deps)}.`,
          })
        await answer(statusView(statuses, { freeze: await deps.store.frozen(), now: deps.clock.now() }))
      },
    },
    '/hsm-freeze': {
      first: () => undefined,
      work: async (command, answer) => {
        const reason = plainTyping(command.text).trim()
        if (reason === '' || reason.length > LONGEST_FREEZE_REASON)
          return answer({
            text: `Say why, in ${LONGEST_FREEZE_REASON} characters at the most: ${code('/hsm-freeze <reason>')}. Then nothing starts, and runs end between batches.`,
          })
        const frozen = await freeze(deps, { by: command.user, reason })
        if (isRefusal(frozen)) return answer({ text: explain(frozen) })
        await answer(
          {
            text: `🧊 No request starts any more, and runs end between batches; a batch that is on its way already goes to its end. ${frozenText(frozen)}.`,
          },
          'shared',
        )
      },
    },
    '/hsm-unfreeze': {
      first: () => undefined,
      work: async (command, answer) => {
        const lifted = await unfreeze(deps, { by: command.user })
        if (isRefusal(lifted)) return answer({ text: explain(lifted) })
        await answer(
          {
            text: `▶️ ${person(command.user)} has lifted the freeze: what is approved may start again. Before: ${frozenText(lifted)}.`,
          },
          'shared',
        )
      },
    },
    '/hsm-help': {
      first: () => undefined,
      work: async (_, answer) => answer(helpView(deps.landscape, await deadGroups(deps))),
    },
  }
}

/**
 * User groups of the routes whose members Slack does not show now: as approvers or requesters they count for nobody.
 */
async function deadGroups(deps: ListenerDeps): Promise<readonly string[]> {
  const named = deps.landscape.routes.flatMap(({ approvers, requesters }) => [
    ...approvers.userGroups,
    ...(requesters?.userGroups ?? []),
  ])
  const groups = [...new Set(named)].slice(0, MOST_GROUPS)
  const read = await Promise.all(groups.map((group) => askWorkspace(() => deps.workspace.membersOf(group))))
  return groups.filter((_, at) => {
    const members = read[at]
    return members !== undefined && isRefusal(members)
  })
}

/** What a list shows beside the requests: links to their cards, and whether anything may start. */
async function aroundOf(deps: ListenerDeps, requests: readonly Request[]) {
  const links = await Promise.all(requests.map(async (request) => [request.id, await linkTo(deps, request)] as const))
  return {
    links: new Map(links.flatMap(([id, link]) => (link ? [[id, link] as const] : []))),
    freeze: await deps.store.frozen(),
  }
}

function aliases({ landscape }: ListenerDeps): string {
  return landscape.clusters.map((cluster) => code(cluster.alias)).join(', ')
}
