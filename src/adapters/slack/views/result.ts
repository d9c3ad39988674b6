import type { OutcomeReport, Trouble } from '../../../domain/outcome.ts'
import type { Finished } from '../../../domain/request.ts'
import { explain } from '../explain.ts'
import { code, columns, duration, person, plain } from '../text.ts'
import { type Block, type Message, pre, section } from './blocks.ts'
import { STATE_FACES } from './states.ts'
import { stopText } from './stop-text.ts'

const SHOWN_TROUBLES = 15

/** The result of a run: what happened, whether anything changed, what to do next. */
export function resultView(request: Finished): Message {
  const { outcome, spec } = request
  const face = STATE_FACES[request.state]
  const took = duration(request.finishedAt - request.startedAt)
  const title = `${face.icon} *${headline(request)}* ${person(request.requestedBy)} · ${took}`
  const blocks: Block[] = [section(`${title}\n${changed(outcome, spec.mode)}`)]
  if (outcome.destinations.length > 0 && spec.mode === 'sync') blocks.push(pre(table(outcome), 2500))
  if (outcome.troubles.length > 0) blocks.push(section(troubleText(outcome.troubles, request.state)))
  const proof = proofText(outcome)
  if (proof) blocks.push(section(proof))
  const next = nextText(request)
  if (next) blocks.push(section(`*Next:* ${next}`))
  return {
    text: `${face.icon} ${face.title}: ${spec.source.alias} → ${spec.destination.alias} (${request.id}) ${person(request.requestedBy)}`,
    blocks,
  }
}

function headline({ state, outcome, spec }: Finished): string {
  if (state === 'succeeded' && spec.mode === 'plan') return 'Plan ready: compared, nothing changed.'
  if (state === 'succeeded' && !outcome.wrote) return 'Succeeded: nothing was missing.'
  return `${STATE_FACES[state].title}.`
}

function changed(outcome: OutcomeReport, mode: string): string {
  const stopped = outcome.stop ? `${stopText(outcome.stop).what}\n` : ''
  const because = outcome.because ? `${explain({ refused: outcome.because })}\n` : ''
  const withdrawn = outcome.withdrawn ? 'It was stopped at the request of who asked for it.\n' : ''
  const lead = `${stopped}${because}${withdrawn}`
  if (mode === 'plan' || !outcome.wrote) return `${lead}*Nothing was changed.*`
  if (outcome.state === 'unknown')
    return `${lead}*Users or keys may have been written*, and I could not list the HSMs afterwards. Nothing will be retried.`
  return `${lead}These numbers come from listing the HSMs again after the run, not from what the tool printed.`
}

function table({ destinations }: OutcomeReport): string {
  const head = ['destination HSM', 'ENI IP', '', 'already there', 'synced', 'failed', 'not tried', 'conflicts']
  const rows = destinations.flatMap(({ hsmId, ip, users, keys }) => [
    [
      hsmId,
      ip,
      'users',
      `${users.already}`,
      `${users.synced}`,
      `${users.failed}`,
      `${users.untried}`,
      `${users.conflicts}`,
    ],
    ['', '', 'keys', `${keys.already}`, `${keys.synced}`, `${keys.failed}`, `${keys.untried}`, `${keys.conflicts}`],
  ])
  return columns([head, ...rows])
}

export function troubleLine({ kind, name, server, problem, why }: Trouble): string {
  const where = server === undefined ? '' : ` on server ${server}`
  return `${kind} ${name}${where}: ${problem.replaceAll('-', ' ')} (${why})`
}

function troubleText(troubles: readonly Trouble[], state: Finished['state']): string {
  const title = state === 'unknown' ? 'To be looked at' : 'Not where they should be'
  const lines = troubles.slice(0, SHOWN_TROUBLES).map((trouble) => `• ${plain(troubleLine(trouble), 180)}`)
  const rest = troubles.length - SHOWN_TROUBLES
  const more = rest > 0 ? `\n… and ${rest} more, all of them in the file above.` : ''
  return `*${title} (${troubles.length}):*\n${lines.join('\n')}${more}`
}

/** All troubles, one a line, where the message cannot hold them. */
export function troubleFile(troubles: readonly Trouble[]): string | undefined {
  return troubles.length > SHOWN_TROUBLES ? `${troubles.map(troubleLine).join('\n')}\n` : undefined
}

function proofText({ keyHashes }: OutcomeReport): string | undefined {
  const [source, ...others] = keyHashes
  if (source?.server !== 0 || others.length === 0) return undefined
  const equal = others.filter(({ hash }) => hash === source.hash)
  if (equal.length === 0) return undefined
  const servers = equal.map(({ server }) => `server ${server}`).join(', ')
  return `*Proof:* Key Hash ${code(`${source.hash.slice(0, 16)}…`)} is equal on the source and ${servers}: same owners and shares for all keys.`
}

function nextText({ id, state, outcome, spec }: Finished): string | undefined {
  const afterStop = outcome.stop ? stopText(outcome.stop).next : undefined
  if (state === 'unknown') {
    const look = `a person must list users and keys on ${code(spec.destination.alias)}; ${code(`/hsm-requests ${id}`)} shows what is known.`
    return afterStop ? `${look} ${afterStop}` : look
  }
  if (afterStop) return afterStop
  if (outcome.troubles.some(({ problem }) => problem === 'unexpected')) {
    return `find out whose the unexpected users or keys are before you ask again: if nobody made them on ${code(spec.destination.alias)}, a comparison by handles does not hold.`
  }
  if (outcome.troubles.some(({ problem }) => problem === 'conflict')) {
    return 'conflicts are never written over: compare the named users and keys on both clusters by hand.'
  }
  if (outcome.troubles.some(({ problem }) => problem === 'blocked'))
    return 'ask again with the missing owners in scope.'
  if (outcome.troubles.some(({ problem }) => problem === 'not-spread'))
    return 'the service spreads keys between HSMs by itself; compare again later with `mode=plan`.'
  if (outcome.troubles.length > 0)
    return `look at the transcript, then ask again: only what is still missing on ${code(spec.destination.alias)} will be tried.`
  return spec.mode === 'plan' && state === 'succeeded'
    ? `ask for it with ${code('mode=sync')} if it should be done.`
    : undefined
}
