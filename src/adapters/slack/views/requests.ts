import { PAGE, type RequestHistory } from '../../../application/list-requests.ts'
import { diffOf } from '../../../application/run-view.ts'
import type { Listed } from '../../../application/store.ts'
import type { Freeze } from '../../../domain/freeze.ts'
import { approvalsOf, isFinished, type Request } from '../../../domain/request.ts'
import { chunks, context, type Message, pre, section } from './blocks.ts'
import { configurationBlocks } from './configuration.ts'
import { diffText } from './diff-view.ts'
import { frozenText } from './frozen-text.ts'
import { lineageText } from './lineage.ts'
import { progressText } from './progress.ts'
import { resultView } from './result.ts'
import { engineText, hsmText, loginText, scopeText } from './spec-text.ts'
import { meaningOf, STATE_FACES } from './states.ts'
import { stepLine } from './steps.ts'
import { approversText, askerText, code, count, person, plain, when } from './text.ts'
import { unreadableBlocks } from './unreadable.ts'

export const REQUESTS_USAGE = `Usage: ${code('/hsm-requests [open|mine|<id>]')} or ${code('/hsm-requests <id> approve <digest>|reject <reason>|withdraw')}.`

/** A list of requests, newest first. */
export function requestsView(
  title: string,
  { requests, unreadable }: Listed,
  { links, freeze }: { readonly links: ReadonlyMap<string, string>; readonly freeze: Freeze | undefined },
): Message {
  const lines = requests.map((request) => {
    const { icon, title: state } = STATE_FACES[request.state]
    const link = links.get(request.id)
    const id = link ? `<${link}|${request.id}>` : code(request.id)
    const { source, destination, mode } = request.spec
    return `${icon} ${id} · ${mode} ${source.alias} → ${destination.alias} · ${state} · ${askerText(request)} ${when(request.requestedAt)} · ${plain(request.reason, 80)}`
  })
  const none = unreadable.length === 0 ? 'none' : 'none that I can read'
  const isWhole = requests.length + unreadable.length < PAGE
  const text =
    requests.length === 0 ? `${title}: ${none}.` : `${title} (${isWhole ? '' : 'the newest '}${requests.length})`
  return {
    text,
    blocks: [
      section(`*${text}*`),
      ...(freeze ? [section(`🧊 Nothing starts, because ${frozenText(freeze)}.`)] : []),
      ...chunks(lines, 2800).map(section),
      ...unreadableBlocks(unreadable),
      context(`${code('/hsm-requests <id>')} shows one with its history.`),
    ],
  }
}

const SHOWN_STEPS = 8
const SHOWN_RECORDS = 25

/** One request with everything that is known of it: what every button could tell. */
export function historyView(
  { request, steps, history, unreadable }: RequestHistory,
  link: string | undefined,
): Message {
  const { spec } = request
  const face = STATE_FACES[request.state]
  const diff = diffOf(spec, steps)
  const progress = diff && progressText(diff, { request, steps })
  const result = isFinished(request) ? resultView(request).blocks : []
  const about = [
    `${face.icon} *${face.title}* · ${code(request.id)} · ${spec.mode} ${code(spec.source.alias)} → ${code(spec.destination.alias)}${link ? ` · <${link}|card>` : ''}`,
    `${meaningOf(request)} Asked by ${askerText(request)} ${when(request.requestedAt)}: ${plain(request.reason)}`,
    ...(spec.ticket === undefined ? [] : [`Ticket: ${code(spec.ticket)}`]),
    `Users: ${scopeText(spec, 'users')} · keys: ${scopeText(spec, 'keys')}`,
    `Engine and bastion: ${engineText(spec)}`,
    `Runs as ${loginText(spec)}`,
    request.isWatch
      ? 'Approved by the settings: it only compares'
      : `Approvals: ${approvalsOf(request).length} of ${request.rule.required} · may approve: ${approversText(request.rule)} · expires ${when(request.expiresAt)}`,
    `Digest ${code(request.digest)}`,
  ]
  const refused = history.filter(({ type }) => type === 'refused-click').length
  const told = history.filter(({ type }) => type !== 'refused-click' || refused <= 5)
  const lines = told.map(
    ({ at, type, actor, facts }) =>
      `${when(at)} · *${plain(type)}* · ${actor === 'bot' ? 'bot' : person(actor)}${factsText(facts)}`,
  )
  const parts = chunks(lines.slice(-SHOWN_RECORDS), 1800)
  const isCut = lines.length > SHOWN_RECORDS || parts.length > 2
  return {
    text: `Request ${request.id}: ${face.title}`,
    blocks: [
      section(about.join('\n')),
      pre(hsmText(spec), 1200),
      ...(request.lineage
        ? [section(lineageText(request.lineage, { source: spec.source.alias, destination: spec.destination.alias }))]
        : []),
      ...configurationBlocks(spec, 2500),
      // Below all that an approval binds.
      ...decisionText(request).map(section),
      ...(diff ? [section(diffText(spec, diff))] : []),
      ...(progress ? [pre(progress, 400)] : []),
      ...(steps.length > 0
        ? [
            ...(steps.length > SHOWN_STEPS
              ? [context(`The last ${SHOWN_STEPS} of ${count(steps.length, 'step')}:`)]
              : []),
            section(
              steps
                .slice(-SHOWN_STEPS)
                .map((step) => stepLine({ request, steps }, step))
                .join('\n'),
            ),
          ]
        : []),
      ...(unreadable === undefined ? [] : [context(`Its steps cannot be read: ${plain(unreadable, 200)}`)]),
      ...(unreadable === undefined &&
      steps.length === 0 &&
      isFinished(request) &&
      request.outcome.evidence !== 'nothing-sent'
        ? [context('What its steps printed was removed: its time is over. The history below stays.')]
        : []),
      ...result,
      section(
        `*History* (${count(history.length, 'record')}${isCut ? '; the newest are shown, the export has all' : ''}${refused > 5 ? `; ${refused} refused clicks are left out here, the export has them` : ''})`,
      ),
      ...parts.slice(-2).map(section),
    ],
  }
}

/** How to decide where there is no button to press. */
function decisionText({ state, id, digest, isWatch }: Request): readonly string[] {
  const form = (words: string) => code(`/hsm-requests ${id} ${words}`)
  if (isWatch) return []
  if (state === 'approved' || state === 'running')
    return [`Who asked can stop it without a button, too: ${form('withdraw')}.`]
  if (state !== 'pending') return []
  return [
    `To decide without a button, once you have read all of this: ${form(`approve ${digest.slice(0, 12)}`)}, ${form('reject <reason>')}; who asked: ${form('withdraw')}.`,
  ]
}

/** Short facts of a record; long ones are in the export. */
function factsText(facts: Readonly<Record<string, unknown>>): string {
  const shown = ['rule', 'verdict', 'reason', 'commandId', 'operation'].flatMap((name) => {
    const value = facts[name]
    return typeof value === 'string' ? [`${name} ${plain(value, 120)}`] : []
  })
  return shown.length > 0 ? ` · ${shown.join(' · ')}` : ''
}
