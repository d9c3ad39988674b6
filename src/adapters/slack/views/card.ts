import { provesUnchanged } from '../../../domain/evidence.ts'
import { approvalsOf, type Request } from '../../../domain/request.ts'
import type { Spec } from '../../../domain/spec.ts'
import { approversText, code, count, cut, person, plain, when } from '../text.ts'
import { ACTIONS, cardBlockId } from './actions.ts'
import { type Block, button, context, divider, fields, header, type Message, pre, section } from './blocks.ts'
import { configurationBlocks } from './configuration.ts'
import { lineageText, UNPROVEN_WARNING } from './lineage.ts'
import { engineText, HSM_LIMIT, hsmText, loginText, scopeText, wholeText } from './spec-text.ts'
import { changedText, STATE_FACES } from './states.ts'

/** All blocks together stay below Slack's undocumented 13,200 characters (facts, section 2.3). */
const CONFIGURATION_LIMIT = 3500

/** The one message of a request: its stored state, nothing else. */
export function cardView(request: Request): Message {
  const { spec } = request
  const face = STATE_FACES[request.state]
  const title = `${face.icon} ${face.title}: ${spec.mode} ${spec.source.alias} → ${spec.destination.alias}`
  const blocks: Block[] = [
    header(title),
    section(`${person(request.requestedBy)} asks to *${purpose(spec)}*\n*Reason:* ${plain(request.reason)}`),
    fields([
      `*Source*\n${code(spec.source.alias)} · ${spec.source.region}\n${code(spec.source.clusterId)}`,
      `*Destination*\n${code(spec.destination.alias)} · ${spec.destination.region}\n${code(spec.destination.clusterId)}`,
      `*Engine and bastion*\n${engineText(spec)}`,
      `*Runs as*\n${loginText(spec)}`,
      `*Users*\n${scopeText(spec, 'users')}`,
      `*Keys*\n${scopeText(spec, 'keys')}`,
    ]),
    pre(hsmText(spec), HSM_LIMIT),
    ...(wholeText(spec) === undefined
      ? []
      : [context('More than fits here: the whole of it is in a file in the thread.')]),
    ...(request.lineage
      ? [section(lineageText(request.lineage, { source: spec.source.alias, destination: spec.destination.alias }))]
      : []),
    ...configurationBlocks(spec, CONFIGURATION_LIMIT),
    divider,
    section(`${face.icon} ${stateText(request)}`),
    section(approvalText(request)),
    context(
      `Request ${code(request.id)} · digest ${code(request.digest.slice(0, 12))} · asked ${when(request.requestedAt)} · ${expiryText(request)}`,
    ),
    ...actions(request),
  ]
  return { text: cut(`${title} (${request.id}), asked by ${person(request.requestedBy)}`, 3000), blocks }
}

function purpose({ mode, source, destination }: Spec): string {
  return mode === 'plan'
    ? `compare ${source.alias} with ${destination.alias} and change nothing`
    : `copy what is missing from ${source.alias} to ${destination.alias}`
}

function stateText(request: Request): string {
  switch (request.state) {
    case 'pending':
      return `*Waiting for ${count(request.rule.required - approvalsOf(request).length, 'more approval')}.* Nothing has run.`
    case 'approved':
      return '*Approved.* I am checking once more that what would run is exactly this.'
    case 'running':
      return request.stopAskedAt === undefined
        ? `*Running* since ${when(request.startedAt)}. The thread tells how far it is.`
        : `*Stopping* after the current batch, because ${person(request.requestedBy)} withdrew it.`
    case 'rejected':
      return `*Rejected* by ${person(request.by)} ${when(request.at)}: ${plain(request.because)}\nNothing has run.`
    case 'withdrawn':
      return `*Withdrawn* by ${person(request.by)} ${when(request.at)}. Nothing has run.`
    case 'expired':
      return `*Expired* ${when(request.expiresAt)} without enough approvals. Nothing has run.`
    case 'stale':
      return `*Stale:* what was approved is no longer what would run. ${changedText(request)}\nNothing has run.`
    case 'succeeded':
    case 'partial':
    case 'failed':
    case 'unknown':
      return `*${STATE_FACES[request.state].title}* ${when(request.finishedAt)}. ${provesUnchanged(request.outcome.evidence) ? 'Nothing was changed.' : STATE_FACES[request.state].meaning} The thread has the result.`
    default:
      return request satisfies never
  }
}

function approvalText(request: Request): string {
  const approvals = approvalsOf(request)
  const given = approvals.map(({ by, at }) => `${person(by)} (${when(at)})`).join(', ')
  const counted = `*Approvals:* ${approvals.length} of ${request.rule.required}${given === '' ? '' : `: ${given}`}`
  if (request.state !== 'pending') return counted
  const warning =
    request.lineage?.verdict === 'unproven'
      ? `⚠️ Nothing proves that these clusters are clones. ${UNPROVEN_WARNING}\n`
      : ''
  return `${warning}${counted}\n*May approve:* ${approversText(request.rule)}, but not ${person(request.requestedBy)}, who asked`
}

function expiryText(request: Request): string {
  return request.state === 'pending' ? `expires ${when(request.expiresAt)}` : request.spec.mode
}

function doubt({ lineage }: Request): string {
  return lineage?.verdict === 'unproven' ? 'It is NOT proven that these clusters are clones. ' : ''
}

function actions(request: Request): Block[] {
  const { id, digest, spec } = request
  const value = id
  const viewConfig = button({ action: ACTIONS.viewConfig, label: 'View config', value })
  const withdraw = button({
    action: ACTIONS.withdraw,
    label: request.state === 'running' ? 'Stop' : 'Withdraw',
    value,
    confirm: {
      title: request.state === 'running' ? 'Stop this run?' : 'Withdraw this request?',
      text:
        request.state === 'running'
          ? 'It stops after the current batch. What is done stays done.'
          : 'Nothing will run.',
      yes: request.state === 'running' ? 'Stop' : 'Withdraw',
      no: 'Keep it',
    },
  })
  const block = (elements: ReturnType<typeof button>[]): Block[] => [
    { type: 'actions', block_id: cardBlockId({ id, digest }), elements },
  ]
  switch (request.state) {
    case 'pending':
      return block([
        button({
          action: ACTIONS.approve,
          label: 'Approve',
          value,
          style: 'primary',
          confirm: {
            title: `Approve ${id}?`,
            text: `${doubt(request)}The bot may then ${purpose(spec)}, exactly as this card shows (digest ${digest.slice(0, 12)}).`,
            yes: 'Approve',
            no: 'Not now',
          },
        }),
        button({ action: ACTIONS.reject, label: 'Reject…', value }),
        withdraw,
        viewConfig,
      ])
    case 'approved':
      return block([withdraw, viewConfig])
    case 'running':
      return block(request.stopAskedAt === undefined ? [withdraw, viewConfig] : [viewConfig])
    case 'stale':
      return block([
        button({ action: ACTIONS.askAgain, label: 'Ask again with what is there now', value, style: 'primary' }),
      ])
    default:
      return []
  }
}
