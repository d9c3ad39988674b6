import { parseArgs } from 'node:util'
import type { Clock } from '../application/ports.ts'
import { type Config, ConfigError, loadConfig } from '../config.ts'
import { type Finding, runChecks, wrong } from './doctor/finding.ts'
import { judgeSettings } from './doctor/settings.ts'

const USAGE = `usage: node dist/main.js doctor [--json]
It looks whether this installation is right: settings, Slack, AWS, the bastions, the database. It changes nothing.`

export interface DoctorWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  readonly clock: Clock
}

/**
 * `doctor`: is this installation right? Answers the exit code: 0 all is well, 1 something is wrong or not known, 2
 * wrong words.
 */
export async function doctorCommand(
  words: readonly string[],
  { env, workingDirectory, clock }: DoctorWorld,
  print: (line: string) => void,
): Promise<number> {
  const flags = parse(words)
  if (typeof flags === 'string') {
    print(`${flags}\n${USAGE}`)
    return 2
  }
  const { found, notes } = await examined(() => loadConfig(env, workingDirectory), clock)
  if (flags.json) print(JSON.stringify(found.map(plain), null, 2))
  else print([...found.map(lineOf), ...notes, summaryOf(found)].join('\n'))
  return found.every(isWell) ? 0 : 1
}

function parse(words: readonly string[]): { readonly json: boolean } | string {
  try {
    return parseArgs({ args: [...words], options: { json: { type: 'boolean', default: false } } }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function examined(load: () => Config, clock: Clock) {
  try {
    const config = load()
    // Only now what talks to Slack and AWS: a wrong setting is told before that is read.
    const { allChecks } = await import('./doctor/all-checks.ts')
    const found = [...judgeSettings(config), ...(await runChecks(await allChecks(config, clock), clock))]
    return { found, notes: config.slack.mode.kind === 'http' ? [HTTP_NOTE] : [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const found = error.problems.map((problem) => ({ check: 'settings', about: 'settings', ...wrong(problem) }))
    return { found, notes: [] }
  }
}

const HTTP_NOTE =
  'not checked: whether Slack reaches this bot. When it runs, type /hsm-help in Slack: an answer shows that it does.'

function isWell({ state }: Finding): boolean {
  return state === 'ok' || state === 'unwise'
}

/** As the JSON has it: in one order of the fields. */
function plain(finding: Finding): object {
  const { check, about, state } = finding
  return finding.state === 'ok'
    ? { check, about, state }
    : { check, about, state, problem: finding.problem, ...(finding.mend === undefined ? {} : { mend: finding.mend }) }
}

function lineOf(finding: Finding): string {
  const begin = `${finding.state.padEnd(8)}${finding.check}: ${finding.about}`
  if (finding.state === 'ok') return begin
  const problem = /[.!?]$/.test(finding.problem) ? finding.problem : `${finding.problem}.`
  return `${begin}: ${problem}${finding.mend === undefined ? '' : ` ${finding.mend}`}`
}

function summaryOf(found: readonly Finding[]): string {
  const count = (state: Finding['state']) => found.filter((finding) => finding.state === state).length
  const parts = (['wrong', 'unknown', 'unwise'] as const).flatMap((state) =>
    count(state) > 0 ? [`${count(state)} ${state}`] : [],
  )
  const rest = `${count('ok')} of ${found.length} ok`
  const verdict = found.every(isWell) ? 'All is well' : 'Not well'
  return `${verdict}: ${[...parts, rest].join(', ')}.`
}
