import { createTwoFilesPatch } from 'diff'
import { approvalsOf, type Request } from '../../../domain/request.ts'
import { describeSelection } from '../../../domain/scope.ts'
import type { Spec } from '../../../domain/spec.ts'
import { approversText, code, columns, count, cut, person, plain, when } from '../text.ts'
import { ACTIONS, cardBlockId } from './actions.ts'
import { type Block, button, context, divider, fields, header, type Message, pre, section } from './blocks.ts'
import { STATE_FACES } from './states.ts'

/** All blocks together stay below Slack's undocumented 13,200 characters (facts, section 2.3). */
const DIFFERENCE_LIMIT = 3500
const HSM_LIMIT = 2000

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
      `*Engine and bastion*\n${code(spec.engine)} on ${code(spec.bastion.name)} (${code(spec.bastion.instanceId)}, ${spec.bastion.region})`,
      `*Runs as*\nthe crypto officer in ${code(spec.bastion.credentials.id)} (${spec.bastion.credentials.source})`,
      `*Users*\n${scopeText(spec.scope.users, 'users')}`,
      `*Keys*\n${scopeText(spec.scope.keys, 'keys')}`,
    ]),
    pre(hsmText(spec), HSM_LIMIT),
    section('*Base config → merged config*'),
    pre(configDifference(spec), DIFFERENCE_LIMIT),
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

function scopeText(selection: Spec['scope']['users'] | Spec['scope']['keys'], noun: string): string {
  if (selection.kind === 'all') return noun === 'users' ? 'all users, crypto officers included' : `all ${noun}`
  if (selection.kind === 'none') return `no ${noun}`
  return `${count(selection.items.length, noun.slice(0, -1))}: ${code(describeSelection(selection), 600)}`
}

/** Which HSM stands behind which server number: the direction of everything that follows. */
export function hsmText({ source, destination }: Spec): string {
  const rows = [
    ['server', 'role', 'HSM', 'ENI IP'],
    ['0', 'source', source.hsm.hsmId, source.hsm.ip],
    ...destination.hsms.map((hsm, index) => [`${index + 1}`, 'destination', hsm.hsmId, hsm.ip]),
    ...destination.leftOut.map((hsm) => ['-', 'left out', hsm.hsmId, hsm.state]),
  ]
  return columns(rows)
}

/** A unified difference without its two file lines' noise. */
export function configDifference(spec: Spec): string {
  const patch = createTwoFilesPatch('base config', 'merged config', spec.baseConfig, spec.mergedConfig, '', '', {
    context: 8,
  })
  const lines = patch.split('\n').filter((line) => !line.startsWith('====') && !line.startsWith('\\ No newline'))
  return lines.join('\n').trim()
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
      return `*Stale:* what was approved is no longer what would run. Changed: ${plain(request.changed.join('; '))}.\nNothing has run.`
    case 'succeeded':
    case 'partial':
    case 'failed':
    case 'unknown':
      return `*${STATE_FACES[request.state].title}* ${when(request.finishedAt)}. ${request.outcome.wrote ? STATE_FACES[request.state].meaning : 'Nothing was changed.'} The thread has the result.`
    default:
      return request satisfies never
  }
}

function approvalText(request: Request): string {
  const approvals = approvalsOf(request)
  const given = approvals.map(({ by, at }) => `${person(by)} (${when(at)})`).join(', ')
  const counted = `*Approvals:* ${approvals.length} of ${request.rule.required}${given === '' ? '' : `: ${given}`}`
  if (request.state !== 'pending') return counted
  return `${counted}\n*May approve:* ${approversText(request.rule)}, but not ${person(request.requestedBy)}, who asked`
}

function expiryText(request: Request): string {
  return request.state === 'pending' ? `expires ${when(request.expiresAt)}` : request.spec.mode
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
            text: `The bot may then ${purpose(spec)}, exactly as this card shows (digest ${digest.slice(0, 12)}).`,
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
