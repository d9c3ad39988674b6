import type { Stage } from '../harness/stage.ts'
import { toolSessions } from '../harness/tool-sessions.ts'
import type { Simulator } from '../simulator/index.ts'
import { isJson, textAt } from '../simulator/json.ts'
import { hsmOf } from '../simulator/world/world.ts'
import { channels, plantedCryptoUserPassword, plantedPassword, plantedPreCoPassword } from '../simulator/worlds.ts'
import { behind, wrapped } from './layout.ts'
import { holdsSecret } from './secret-search.ts'
import { type Line, line, span } from './span.ts'
import type { Told } from './story.ts'

export interface Verdict {
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** What is not as it must be. */
  readonly problems: readonly string[]
}

/** What the demo shows at its end, and everything that went wrong. */
export function judge(stage: Stage, { card, seconds, approvalToResultSeconds }: Told): Verdict {
  const { simulator, bot } = stage
  const commands = simulator.aws.commands()
  const sessions = toolSessions(simulator)
  const logins = simulator.logins().length
  const violations = simulator.violations()
  const searched = searchedTexts(stage)
  const finds = searched.flatMap(({ where, texts }) =>
    [plantedPassword, plantedPreCoPassword, plantedCryptoUserPassword].some((secret) =>
      texts.some((text) => holdsSecret(text, secret)),
    )
      ? [where]
      : [],
  )
  const lacking = missingOnDestination(simulator)
  const problems = [
    ...(card.text.includes('Succeeded') ? [] : [`the request ended otherwise: ${card.text}`]),
    ...violations.map((violation) => `the simulator objects: ${violation}`),
    ...finds.map((where) => `a planted password stands in ${where}`),
    ...lacking.map((what) => `not on the destination: ${what}`),
  ]
  const places = searched.map(({ where, texts }) => `${texts.length} ${where}`).join(', ')
  return {
    facts: [
      [
        'result',
        `${card.text.split(':')[0] ?? ''}; both clusters hold the same users and keys: ${lacking.length === 0 ? 'yes' : 'NO'}`,
      ],
      [
        'took',
        `${seconds.toFixed(1)} s from the question to the result, ${approvalToResultSeconds.toFixed(1)} s of it after the last approval`,
      ],
      ['bot', `ready ${Math.round(bot.startMs)} ms after its start`],
      ['SSM', `${commands.length} commands: ${kindsOf(commands.map(({ comment }) => comment))}`],
      [
        sessions[0]?.tool === 'cmu' ? 'CMU' : 'CLI',
        `${sessions.length} sessions, ${logins} logins to ${sessions[0]?.tool === 'cmu' ? 'HSMs' : 'clusters'}`,
      ],
      ['simulator', violations.length === 0 ? 'nothing to object to' : `${violations.length} violations`],
      ['passwords', `${finds.length === 0 ? 'found nowhere' : 'FOUND'} (searched ${places})`],
    ],
    problems,
  }
}

export function verdictLines({ facts, problems }: Verdict, screenWidth: number): Line[] {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2
  const isGood = problems.length === 0
  return [
    line(''),
    ...facts.flatMap(([name, value]) =>
      behind(
        span(' '.repeat(width + 2)),
        wrapped([span(value)], screenWidth - width - 2),
        span(`  ${name.padEnd(width)}`, 'dim'),
      ),
    ),
    line(''),
    ...(isGood ? [line(span('  All as it should be.', 'good', 'bold'))] : []),
    ...problems.flatMap((problem) =>
      behind(span('    '), wrapped([span(problem, 'bad')], screenWidth - 4), span('  ✗ ', 'bad')),
    ),
  ]
}

function kindsOf(comments: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const comment of comments) {
    const kind = comment.split(' ')[2] ?? comment
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts].map(([kind, count]) => (count === 1 ? kind : `${kind} ×${count}`)).join(', ')
}

function searchedTexts({ simulator, bot }: Stage): { readonly where: string; readonly texts: readonly string[] }[] {
  const { slack, aws } = simulator
  const replies = Object.values(channels).flatMap((channel) => slack.messages(channel).flatMap(({ thread }) => thread))
  const files = replies.flatMap((reply) => reply.files.map((file) => file.content))
  return [
    { where: 'Slack calls', texts: slack.calls.map((call) => JSON.stringify(call.arguments)) },
    { where: 'private answers', texts: slack.ephemerals().map(({ text, blocks }) => JSON.stringify({ text, blocks })) },
    { where: 'files in threads', texts: files },
    { where: 'AWS requests', texts: aws.calls.map((call) => JSON.stringify(call.input)) },
    { where: 'SSM outputs', texts: aws.commands().map(({ stdout, stderr }) => `${stdout}\n${stderr}`) },
    { where: 'lines of the bot’s log', texts: bot.log().split('\n') },
  ]
}

/** Users and keys that one of the destination's HSMs lacks. */
function missingOnDestination(simulator: Simulator): string[] {
  const state = simulator.world.read()
  const [source, destination] = state.clusters
  const first = source?.hsms[0]
  if (!first || !destination) return ['a cluster is gone']
  return destination.hsms.flatMap(({ hsmId }) => {
    const hsm = hsmOf(state, hsmId)
    const users = new Set(hsm.users.map((user) => user.name))
    const keys = new Set(hsm.keys.map((key) => key.handle))
    return [
      ...first.users.filter(({ name }) => !users.has(name)).map(({ name }) => `user ${name} (${hsmId})`),
      ...first.keys.filter(({ handle }) => !keys.has(handle)).map(({ handle }) => `key ${handle} (${hsmId})`),
    ]
  })
}

/** The last sentences of a bot's JSON log, one a line. */
export function logTail(log: string, count: number): string[] {
  const lines = log.trimEnd().split('\n').slice(-count)
  return lines.map((text) => {
    const entry = parsed(text)
    if (!isJson(entry)) return text
    const { level: _, time, msg, ...fields } = entry
    const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields).slice(0, 300)}` : ''
    return `${String(time ?? '').slice(11, 23)} ${textAt(entry, 'msg') ?? String(msg)}${rest}`
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
