import type { OutcomeReport } from '../../../domain/outcome.ts'
import { approvalsOf, type Finished, isOpen, type Request } from '../../../domain/request.ts'
import type { Spec } from '../../../domain/spec.ts'
import { ACTIONS, cardBlockId } from './actions.ts'
import { type Block, button, context, divider, header, type Message, section } from './blocks.ts'
import { boundBlocks } from './bound.ts'
import { changeText, configurationBlocks } from './configuration.ts'
import { frozenText } from './frozen-text.ts'
import { holdText } from './hold-text.ts'
import { UNPROVEN_WARNING } from './lineage.ts'
import { scopeText } from './spec-text.ts'
import { changedText, meaningOf, STATE_FACES } from './states.ts'
import { approversText, code, count, cut, person, plain, when } from './text.ts'

type Tally = OutcomeReport['destinations'][number]['users']

/**
 * The one message of a request: its stored state, nothing else. What decides comes first, the buttons stand below it,
 * details below them; once decided it is a record of a few lines.
 */
export function cardView(request: Request): Message {
  const { spec, id, digest } = request
  const face = STATE_FACES[request.state]
  const title = `${face.icon} ${face.title}: ${spec.mode} ${spec.source.alias} → ${spec.destination.alias}`
  const ticket = spec.ticket === undefined ? '' : `\n*Ticket:* ${code(spec.ticket)}`
  const blocks: Block[] = [
    header(title),
    section(`${person(request.requestedBy)} asks to ${purpose(spec)}\n*Reason:* ${plain(request.reason)}${ticket}`),
    ...(isOpen(request) ? [section(changeText(spec))] : []),
    section(`${stateText(request)}\n${approvalText(request)}`),
    ...actions(request),
    context(
      `Request ${code(id)} · digest ${code(digest.slice(0, 12))} · asked ${when(request.requestedAt)}${isOpen(request) ? '' : ` · ${code(`/hsm-requests ${id}`)} has all of it`}`,
    ),
    ...(request.state === 'pending'
      ? [divider, ...boundBlocks(request), ...configurationBlocks(spec, CONFIGURATION_LIMIT)]
      : []),
  ]
  return { text: cut(`${title} (${id}), asked by ${person(request.requestedBy)}`, 3000), blocks }
}

/** All blocks together stay below Slack's undocumented 13,200 characters. */
const CONFIGURATION_LIMIT = 3500

function purpose(spec: Spec): string {
  const { mode, source, destination } = spec
  const from = `*${plain(source.alias)}* (${source.region})`
  const to = `*${plain(destination.alias)}* (${destination.region})`
  const what = `${scopeText(spec, 'users')} and ${scopeText(spec, 'keys')}`
  return mode === 'plan'
    ? `*compare* ${from} with ${to} and change nothing: ${what}`
    : `*copy* what is missing from ${from} to ${to}: ${what}`
}

function verb({ mode, source, destination }: Spec): string {
  return mode === 'plan'
    ? `compare ${source.alias} with ${destination.alias} and change nothing`
    : `copy what is missing from ${source.alias} to ${destination.alias}`
}

function stateText(request: Request): string {
  switch (request.state) {
    case 'pending':
      return `${doubt(request)}*Waiting for ${count(request.rule.required - approvalsOf(request).length, 'more approval')}* until ${when(request.expiresAt)}. Nothing has run.`
    case 'approved':
      return request.held
        ? `*Approved, and held.* ${holdText(request.held)} Nothing has run. It starts once nothing holds it, until ${when(request.expiresAt)}; after that it must be asked for again.`
        : '*Approved.* I am checking once more that what would run is exactly this.'
    case 'running':
      return request.stopAskedAt === undefined
        ? `*Running* since ${when(request.startedAt)}. The thread tells how far it is.`
        : `*Stopping* after the current batch, because ${request.frozen ? frozenText(request.frozen) : `${person(request.requestedBy)} withdrew it`}.`
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
      return `*${STATE_FACES[request.state].title}* ${when(request.finishedAt)}. ${meaningOf(request)} The thread has the result.${numbers(request)}`
    default:
      return request satisfies never
  }
}

function approvalText(request: Request): string {
  const approvals = approvalsOf(request)
  const given = approvals.map(({ by, at }) => `${person(by)} (${when(at)})`).join(', ')
  const counted = `*Approvals:* ${approvals.length} of ${request.rule.required}${given === '' ? '' : `: ${given}`}`
  if (request.state !== 'pending') return counted
  const dead = (request.deadGroups ?? []).map((group) => `<!subteam^${group}>`).join(', ')
  const unseen = dead === '' ? '' : `. Slack does not show me who is in ${dead}, so nobody of it can approve for now`
  return `${counted}\n*May approve:* ${approversText(request.rule)}, but not ${person(request.requestedBy)}, who asked${unseen}`
}

function doubt({ lineage }: Request): string {
  return lineage?.verdict === 'unproven'
    ? `⚠️ *Nothing proves that these clusters are clones.* ${UNPROVEN_WARNING}\n`
    : ''
}

/** Users and keys by destination, as the listings after the run count them. */
function numbers({ outcome, spec }: Finished): string {
  if (spec.mode === 'plan') return ''
  const lines = outcome.destinations.slice(0, SHOWN_DESTINATIONS).map(({ ip, cluster, users, keys }) => {
    return `\n• ${code(cluster?.alias ?? ip ?? '?')}: users ${tally(users)}; keys ${tally(keys)}`
  })
  const more = outcome.destinations.length - lines.length
  return `${lines.join('')}${more > 0 ? `\n… and ${more} more in the thread` : ''}`
}

const SHOWN_DESTINATIONS = 4

function tally({ synced, already, failed, untried, conflicts }: Tally): string {
  const parts: readonly (readonly [number, string])[] = [
    [synced, 'synced'],
    [already, 'already there'],
    [failed, 'failed'],
    [untried, 'not tried'],
    [conflicts, conflicts === 1 ? 'conflict' : 'conflicts'],
  ]
  const told = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`)
  return told.length === 0 ? 'none' : told.join(', ')
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
            text: `${request.lineage?.verdict === 'unproven' ? 'It is NOT proven that these clusters are clones. ' : ''}The bot may then ${verb(spec)}, exactly as this card shows (digest ${digest.slice(0, 12)}).`,
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
