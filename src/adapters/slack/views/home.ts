import type { types } from '@slack/bolt'
import type { Home } from '../../../application/home.ts'
import { diffOf } from '../../../application/run-view.ts'
import { approvalsOf, type Request } from '../../../domain/request.ts'
import { type Block, context, divider, header, pre, section } from './blocks.ts'
import { frozenText } from './frozen-text.ts'
import { progressText } from './progress.ts'
import { STATE_FACES } from './states.ts'
import { statusLines } from './status.ts'
import { askerText, code, count, plain, when } from './text.ts'
import { unreadableBlocks } from './unreadable.ts'

/** So many lines of a part are shown. */
export const SHOWN = 10

/** The home tab: what waits for this person first. `links`: the cards' addresses, by request. */
export function homeView(
  home: Home,
  { links, now }: { readonly links: ReadonlyMap<string, string>; readonly now: number },
): types.HomeView {
  const { waiting, mine, running, moreRunning, ended, statuses, freeze, hasAllGroups, unreadable } = home
  const hasAllOpen = unreadable.open.length === 0
  const hasAllEnded = unreadable.ended.length === 0
  const line = (request: Request, more: string) => {
    const { source, destination, mode } = request.spec
    const link = links.get(request.id)
    const id = link ? `<${link}|${request.id}>` : code(request.id)
    return `${STATE_FACES[request.state].icon} ${id} · ${mode} ${code(source.alias)} → ${code(destination.alias)} · ${more}`
  }
  const missing = (request: Request) =>
    request.state === 'pending'
      ? `${approvalsOf(request).length} of ${count(request.rule.required, 'approval')}, expires ${when(request.expiresAt)}`
      : STATE_FACES[request.state].title
  const blocks: Block[] = [
    ...(freeze ? [section(`🧊 Nothing starts, because ${frozenText(freeze)}.`)] : []),
    ...unreadableBlocks([...unreadable.open, ...unreadable.ended]),
    header('Waiting for you'),
    ...list(
      waiting.map((request) =>
        line(request, `${missing(request)} · ${askerText(request)}: ${plain(request.reason, 80)}`),
      ),
      hasAllGroups && hasAllOpen ? 'Nothing that you may decide.' : 'Whether something waits for you is not known.',
    ),
    ...(hasAllGroups ? [] : [context('Slack does not show me every user group: there may be more.')]),
    header('Yours'),
    ...list(
      mine.map((request) => line(request, missing(request))),
      hasAllOpen ? 'Nothing that you asked for is open.' : 'Nothing that I can read.',
    ),
    header('Running now'),
    ...(running.length === 0 ? [section(hasAllOpen ? 'Nothing.' : 'Nothing that I can read.')] : []),
    ...running.flatMap((view): Block[] => {
      const diff = diffOf(view.request.spec, view.steps)
      const started = view.request.state === 'running' ? `since ${when(view.request.startedAt)}` : ''
      const text = section(line(view.request, `${askerText(view.request)} ${started}`))
      const progress = diff && progressText(diff, view)
      return progress ? [text, pre(progress, 400)] : [text]
    }),
    ...(moreRunning > 0 ? [context(moreText(moreRunning))] : []),
    header('Routes'),
    ...list(statusLines(statuses, { now, hasAll: hasAllEnded }), 'No routes.'),
    header('Last outcomes'),
    ...list(
      ended.map((request) => line(request, `${STATE_FACES[request.state].title} · ${askerText(request)}`)),
      hasAllEnded ? 'Nothing that people asked for has run lately.' : 'Nothing that I can read.',
    ),
    divider,
    context(`${code('/hsm-sync')} asks; ${code('/hsm-help')} lists the commands.`),
  ]
  return { type: 'home', blocks }
}

/** What somebody sees who may not use the bot. */
export function strangerHome(why: string): types.HomeView {
  return { type: 'home', blocks: [section(why)] }
}

function list(lines: readonly string[], none: string): Block[] {
  if (lines.length === 0) return [section(none)]
  const more = lines.length > SHOWN ? [context(moreText(lines.length - SHOWN))] : []
  return [...lines.slice(0, SHOWN).map(section), ...more]
}

function moreText(more: number): string {
  return `… and ${more} more: ${code('/hsm-requests')}`
}
