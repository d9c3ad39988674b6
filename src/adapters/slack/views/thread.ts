import { foundMissing } from '../../../application/ask-exactly.ts'
import type { RequestView } from '../../../application/list-requests.ts'
import { diffOf } from '../../../application/run-view.ts'
import { approvalsOf, type Finished, isFinished, type Request } from '../../../domain/request.ts'
import { type Message, section } from './blocks.ts'
import { boundBlocks } from './bound.ts'
import { cardView } from './card.ts'
import { checklistView } from './checklist.ts'
import { configurationFile } from './configuration.ts'
import { diffView } from './diff-view.ts'
import { discrepancyFile, resultView } from './result.ts'
import { wholeText } from './spec-text.ts'
import { changedText } from './states.ts'
import { approversText, code, person, plain, when } from './text.ts'

/**
 * One place in a request's thread and what belongs there. Posted once under its name, then updated when it changes;
 * files never change.
 */
export type ThreadMessage =
  | { readonly slot: string; readonly kind: 'message'; readonly message: Message }
  | { readonly slot: string; readonly kind: 'file'; readonly file: ThreadFile }

export interface ThreadFile {
  readonly name: string
  readonly title: string
  readonly content: string
}

export const CARD = 'card'

/**
 * Everything Slack should show of a request, in order: the card, then its thread. A function of what is stored, so it
 * can be painted again at any time.
 */
export function threadOf(view: RequestView, transcript: string | undefined): readonly ThreadMessage[] {
  const { request } = view
  return [
    { slot: CARD, kind: 'message', message: cardView(request) },
    { slot: 'digest', kind: 'message', message: boundMessage(request) },
    file('config', {
      name: `merged-${request.id}.cfg`,
      title: request.spec.commands ? 'Configuration that these commands made on the bastion' : 'Merged config, whole',
      content: configurationFile(request.spec),
    }),
    ...whole(request),
    ...decisions(request),
    ...reminders(request),
    ...ending(request),
    ...run(view),
    ...(view.unreadable === undefined ? [] : [message('unreadable', unreadableText(view.unreadable))]),
    ...(isFinished(request) ? result(view, request, transcript) : []),
  ]
}

function unreadableText(why: string): string {
  return `⚠️ What the steps of this run printed is stored in a way that I cannot read (${plain(why, 200)}). The operator must look.`
}

function boundMessage(request: Request): Message {
  const text = digestText(request)
  return { text, blocks: [section(text), ...boundBlocks(request)] }
}

function digestText(request: Request): string {
  const { spec } = request
  return [
    `*What an approval binds*, as one SHA-256: ${code(request.digest)}`,
    `It covers mode, scope${spec.ticket === undefined ? '' : ', ticket'}, engine, HSM ids and ENI IPs, ${spec.commands ? 'the commands that make the configuration below, the version of the tool' : 'the merged config below'}, the bastion, the credential references, the bastion script (${code(spec.scriptDigest.slice(0, 12))}${documentText(spec)})${spec.programDigest ? ` and the program that decides what the tool is told (${code(spec.programDigest.slice(0, 12))})` : ''}.`,
    'Right before the run I derive it all again; if the digest differs, nothing runs.',
  ].join('\n')
}

function documentText({ bastion: { document } }: Request['spec']): string {
  return document ? `, locked in the SSM document ${code(document.name)}, ${code(document.hash.slice(0, 12))}` : ''
}

/** What is approved and the card had to cut. */
function whole({ id, spec }: Request): ThreadMessage[] {
  const content = wholeText(spec)
  return content === undefined
    ? []
    : [file('whole', { name: `request-${id}.txt`, title: 'HSMs, logins, users and keys, whole', content })]
}

function decisions(request: Request): ThreadMessage[] {
  return request.decisions.map(({ by, verdict, at, reason }, index) => {
    if (verdict === 'reject')
      return message(`decision:${index + 1}`, `⛔ ${person(by)} rejected it ${when(at)}: ${plain(reason ?? '')}`)
    const sofar = approvalsOf(request).findIndex((decision) => decision.by === by) + 1
    return message(
      `decision:${index + 1}`,
      `👍 ${person(by)} approved it ${when(at)} (${sofar} of ${request.rule.required})`,
    )
  })
}

function reminders(request: Request): ThreadMessage[] {
  return (request.reminders ?? []).map(({ at, undecided }, index) => {
    const people = approversText({ users: undecided, userGroups: request.rule.userGroups })
    return message(
      `reminder:${index + 1}`,
      `⏰ ${when(at)}: still waiting for ${request.rule.required} approvals in all; it expires ${when(request.expiresAt)}. Not decided yet: ${people}`,
    )
  })
}

function ending(request: Request): ThreadMessage[] {
  const asker = person(request.requestedBy)
  switch (request.state) {
    case 'rejected':
      return [message('end', `${asker}: your request was rejected. Nothing has run.`)]
    case 'withdrawn':
      return [message('end', `⚪ Withdrawn by ${person(request.by)}. Nothing has run.`)]
    case 'expired':
      return [
        message(
          'end',
          `${asker}: your request expired with ${approvalsOf(request).length} of ${request.rule.required} approvals. Nothing has run. Ask again if it is still needed.`,
        ),
      ]
    case 'stale':
      return [
        message(
          'end',
          `🟠 ${asker}: it was approved, but when I checked again it was no longer what would run. ${changedText(request)} *Nothing has run.* The button on the card files a fresh request.`,
        ),
      ]
    default:
      return []
  }
}

/** From the moment it runs, so that the list is never left as it stood before the end. */
function run(view: RequestView): ThreadMessage[] {
  const { request, steps } = view
  if (request.state !== 'running' && !isFinished(request)) return []
  if (!hasSteps(view)) return [message('checklist', 'What the steps of this run did cannot be shown.')]
  const diff = diffOf(request.spec, steps)
  return [
    { slot: 'checklist', kind: 'message', message: checklistView({ request, steps }) },
    ...(diff ? [{ slot: 'diff', kind: 'message' as const, message: diffView(request.spec, diff) }] : []),
  ]
}

/** Steps that cannot be read, or are kept no longer, were taken all the same: without them nothing is said of them. */
function hasSteps({ request, steps, unreadable }: RequestView): boolean {
  if (unreadable !== undefined) return false
  return steps.length > 0 || !isFinished(request) || request.outcome.evidence === 'nothing-sent'
}

function result(view: RequestView, request: Finished, transcript: string | undefined): ThreadMessage[] {
  const discrepancies = discrepancyFile(request.spec, request.outcome.discrepancies)
  return [
    ...(transcript
      ? [
          file('transcript', {
            name: `transcript-${request.id}.txt`,
            title: 'Transcript, redacted',
            content: transcript,
          }),
        ]
      : []),
    ...(discrepancies
      ? [
          file('discrepancies', {
            name: `not-synced-${request.id}.txt`,
            title: 'Everything that is not where it should be',
            content: discrepancies,
          }),
        ]
      : []),
    {
      slot: 'result',
      kind: 'message',
      message: resultView(request, {
        missing: request.spec.mode === 'plan' ? foundMissing(view) : undefined,
        anchor: view.anchor,
      }),
    },
  ]
}

function message(slot: string, text: string): ThreadMessage {
  return { slot, kind: 'message', message: { text, blocks: [section(text)] } }
}

function file(slot: string, content: ThreadFile): ThreadMessage {
  return { slot, kind: 'file', file: content }
}
