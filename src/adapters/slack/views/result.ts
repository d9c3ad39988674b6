import type { Discrepancy } from '../../../domain/discrepancy.ts'
import { provesUnchanged } from '../../../domain/evidence.ts'
import type { OutcomeReport } from '../../../domain/outcome.ts'
import { isRefusal, type Refusal, refuse } from '../../../domain/refusal.ts'
import type { Finished } from '../../../domain/request.ts'
import type { Scope } from '../../../domain/scope.ts'
import { type Spec, targetName } from '../../../domain/spec.ts'
import type { Stop } from '../../../domain/step.ts'
import { ACTIONS } from './actions.ts'
import { type Block, button, chunks, context, type Message, pre, section } from './blocks.ts'
import { explain } from './explain.ts'
import { frozenText } from './frozen-text.ts'
import { dataTable } from './newest-blocks.ts'
import { STATE_FACES } from './states.ts'
import { stopText } from './stop-text.ts'
import { askerText, code, columns, count, duration, plain } from './text.ts'

const SHOWN_DISCREPANCIES = 15

/** The result of a run: what happened, whether anything changed, what to do next. */
export function resultView(
  request: Finished,
  { missing, anchor }: { readonly missing?: Scope | Refusal | undefined; readonly anchor?: string | undefined } = {},
): Message {
  const { outcome, spec } = request
  const face = STATE_FACES[request.state]
  const took = duration(request.finishedAt - request.startedAt)
  const title = `${face.icon} *${headline(request)}* ${askerText(request)} · ${took}`
  const first = section(`${title}\n${changed(outcome)}`)
  const rows = outcome.destinations.length > 0 && spec.mode === 'sync' ? counts(outcome) : []
  const blocks: Block[] = []
  if (outcome.discrepancies.length > 0) blocks.push(...chunks(discrepancyLines(request), 2800).map(section))
  for (const text of [proofText(outcome), comparisonText(outcome)]) if (text) blocks.push(section(text))
  const next = nextText(request, missing)
  if (next) blocks.push(section(`*Next:* ${next}`))
  if (missing && isRefusal(missing) && missing.refused.code === 'too-much-to-ask')
    blocks.push(section(explain(missing)))
  if (missing && !isRefusal(missing)) blocks.push(exactlyThis(request, missing))
  if (anchor !== undefined) blocks.push(context(anchorText(anchor)))
  return {
    text: `${face.icon} ${face.title}: ${spec.source.alias} → ${spec.destination.alias} (${request.id}) ${askerText(request)}`,
    ...withCounts(first, rows, blocks),
  }
}

/** Characters of a hash that tell one row from all others. */
const ANCHOR_LENGTH = 16

function anchorText(anchor: string): string {
  const start = anchor.slice(0, ANCHOR_LENGTH)
  return `In the record this is the row ${code(start)}. Kept here, it shows later whether rows were cut off: ${code(`audit verify --anchor ${start}`)}.`
}

/** A comparison leads to a sync of exactly what it found, to be approved as any other. */
function exactlyThis({ id }: Finished, { users, keys }: Scope): Block {
  const counts = [
    users.kind === 'listed' ? count(users.items.length, 'user') : '',
    keys.kind === 'listed' ? count(keys.items.length, 'key') : '',
  ]
  const what = counts.filter((part) => part !== '').join(' and ')
  const confirm = {
    title: 'Ask for exactly this?',
    text: `A sync of ${what}, named one by one. It runs only once it is approved.`,
    yes: 'Ask',
    no: 'Not now',
  }
  return {
    type: 'actions',
    block_id: `exactly:${id}`,
    elements: [button({ action: ACTIONS.askExactly, label: `Request exactly this: ${what}`, value: id, confirm })],
  }
}

function headline({ state, outcome, spec }: Finished): string {
  if (state === 'succeeded' && spec.mode === 'plan') return 'Plan ready: compared, nothing changed.'
  if (state === 'succeeded' && provesUnchanged(outcome.evidence)) return 'Succeeded: nothing was missing.'
  return `${STATE_FACES[state].title}.`
}

function changed(outcome: OutcomeReport): string {
  const stopped = stopsOf(outcome)
    .map((stop) => `${stopText(stop).what}\n`)
    .join('')
  const because = outcome.because ? `${explain(refuse(outcome.because))}\n` : ''
  const withdrawn = outcome.withdrawn
    ? `It was ${outcome.state === 'succeeded' ? 'to be stopped' : 'stopped'} ${outcome.frozen ? `because ${frozenText(outcome.frozen)}.` : 'at the request of who asked for it.'}${outcome.state === 'succeeded' ? ' By then everything was done.' : ''}\n`
    : ''
  const lead = `${stopped}${because}${withdrawn}`
  if (provesUnchanged(outcome.evidence)) return `${lead}*Nothing was changed.*`
  if (outcome.state === 'unknown')
    return `${lead}*Users or keys may have been written*, and I could not list the HSMs afterwards. Nothing will be retried.`
  return `${lead}These numbers come from listing the HSMs again after the run, not from what the tool printed.`
}

const COUNTED = ['destination', 'at', 'what', 'already there', 'synced', 'failed', 'not tried', 'conflicts']

/** Users and keys of each destination, a row each. */
function counts({ destinations }: OutcomeReport): readonly (readonly string[])[] {
  return destinations.flatMap(({ hsmId, ip, cluster, users, keys }) => {
    const place = [hsmId ?? cluster?.alias ?? '', ip ?? count(cluster?.hsms ?? 0, 'HSM')]
    const row = (kind: string, { already, synced, failed, untried, conflicts }: typeof users) => [
      ...place,
      kind,
      ...[already, synced, failed, untried, conflicts].map(String),
    ]
    return [row('users', users), row('keys', keys)]
  })
}

/** The counts below the first block: as fixed-width text, and as a table where Slack takes one. */
function withCounts(
  first: Block,
  rows: readonly (readonly string[])[],
  rest: readonly Block[],
): Pick<Message, 'blocks' | 'newest'> {
  if (rows.length === 0) return { blocks: [first, ...rest] }
  const { block, more } = dataTable('Users and keys after the run', COUNTED, rows)
  const text = pre(columns([COUNTED, ...rows.map((row, at) => (at % 2 === 0 ? row : ['', '', ...row.slice(2)]))]), 2500)
  const blocks = [first, text, ...rest]
  return more > 0 ? { blocks } : { blocks, newest: [first, block, ...rest] }
}

export function discrepancyLine(spec: Spec, { kind, name, server, problem, why }: Discrepancy): string {
  const where = server === undefined ? '' : ` on ${targetName(spec, server)}`
  return `${kind} ${name}${where}: ${problem.replaceAll('-', ' ')} (${why})`
}

function discrepancyLines({ outcome: { discrepancies }, state, spec }: Finished): readonly string[] {
  const title = state === 'unknown' ? 'To be looked at' : 'Not where they should be'
  const lines = discrepancies
    .slice(0, SHOWN_DISCREPANCIES)
    .map((discrepancy) => `• ${plain(discrepancyLine(spec, discrepancy), 260)}`)
  const rest = discrepancies.length - SHOWN_DISCREPANCIES
  const more = rest > 0 ? [`… and ${rest} more, all of them in the file above.`] : []
  return [`*${title} (${discrepancies.length}):*`, ...lines, ...more]
}

/** All discrepancies, one a line, where the message cannot hold them. */
export function discrepancyFile(spec: Spec, discrepancies: readonly Discrepancy[]): string | undefined {
  return discrepancies.length > SHOWN_DISCREPANCIES
    ? `${discrepancies.map((discrepancy) => discrepancyLine(spec, discrepancy)).join('\n')}\n`
    : undefined
}

function proofText({ keyHashes }: OutcomeReport): string | undefined {
  const [source, ...others] = keyHashes
  if (source?.server !== 0 || others.length === 0) return undefined
  const equal = others.filter(({ hash }) => hash === source.hash)
  if (equal.length === 0) return undefined
  const servers = equal.map(({ server }) => `server ${server}`).join(', ')
  return `*Proof:* Key Hash ${code(`${source.hash.slice(0, 16)}…`)} is equal on the source and ${servers}: same owners and shares for all keys.`
}

/** What an administrator's listing cannot tell, where one was all there was. */
function comparisonText({ comparison, evidence }: OutcomeReport): string | undefined {
  if (!comparison) return undefined
  const { byMaterial, byLabel } = comparison
  if (byMaterial + byLabel === 0)
    return !provesUnchanged(evidence)
      ? undefined
      : "*No key was compared:* of the keys asked for, the administrator's listing shows none on both sides. Whether an administrator sees every key is not documented."
  const proven =
    byMaterial > 0
      ? [`*Proof:* ${count(byMaterial, 'key')} compared by owner, shares, label, type and check value: equal.`]
      : []
  const told =
    byLabel > 0
      ? [
          `${count(byLabel, 'key')} compared by reference and label only: an administrator's listing shows no more (whether it shows every key is not documented), and two keys with one reference and label would look the same. Owners listed under ${code('cryptoUsers')} of the bastion tell them apart.`,
        ]
      : []
  return [...proven, ...told].join('\n')
}

function nextText({ id, state, outcome, spec }: Finished, missing: Scope | Refusal | undefined): string | undefined {
  const nexts = new Set(stopsOf(outcome).map((stop) => stopText(stop).next))
  const afterStop = nexts.size > 0 ? [...nexts].join(' ') : undefined
  if (state === 'unknown') {
    const look = `a person must list users and keys on ${code(spec.destination.alias)}; ${code(`/hsm-requests ${id}`)} shows what is known.`
    return afterStop ? `${look} ${afterStop}` : look
  }
  if (afterStop) return afterStop
  if (outcome.discrepancies.some(({ problem }) => problem === 'unexpected')) {
    return `find out whose the unexpected users or keys are before you ask again: if nobody made them on ${code(spec.destination.alias)}, a comparison by handles does not hold.`
  }
  if (outcome.discrepancies.some(({ problem }) => problem === 'incomplete')) {
    return `what stands on some HSMs of ${code(spec.destination.alias)} only is not safe there yet. A user: repair it (CloudHSM CLI's ${code('user list')} shows ${code('cluster-coverage')}). A key: the service spreads it; compare again later with ${code('mode=plan')}.`
  }
  if (outcome.discrepancies.some(({ problem }) => problem === 'conflict')) {
    return 'conflicts are never written over: compare the named users and keys on both clusters by hand.'
  }
  if (outcome.discrepancies.some(({ problem }) => problem === 'blocked'))
    return 'ask again with the missing owners in scope.'
  if (outcome.discrepancies.some(({ problem }) => problem === 'not-spread'))
    return 'the service spreads keys between HSMs by itself; compare again later with `mode=plan`.'
  if (outcome.discrepancies.length > 0)
    return `look at the transcript, then ask again: only what is still missing on ${code(spec.destination.alias)} will be tried.`
  if (spec.mode !== 'plan' || state !== 'succeeded') return undefined
  if (!missing) return `ask for it with ${code('mode=sync')} if it should be done.`
  if (!isRefusal(missing)) return 'if it should be done, the button asks for exactly what stands above as missing.'
  return missing.refused.code === 'too-much-to-ask' ? explain(missing) : undefined
}

/** What stopped it, the most urgent first. */
function stopsOf({ stop, earlier }: OutcomeReport): readonly Stop[] {
  return [stop, earlier].flatMap((one) => one ?? [])
}
