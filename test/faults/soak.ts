import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestView } from '../../src/application/list-requests.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { disagreements, openRecords, settled } from './soak-checks.ts'
import { diceOf } from './soak-dice.ts'
import { crowdActs, type Deeds } from './soak-people.ts'
import { type Replicas, startReplicas } from './soak-replicas.ts'
import { badWeather, type Weather } from './soak-weather.ts'
import { pairsOf, soakConfig, soakWorld } from './soak-world.ts'

export interface SoakOptions {
  readonly requests: number
  /** A PostgreSQL database that nobody else uses. */
  readonly databaseUrl: string
  readonly seed: number
  /**
   * How long people ask, faults strike and replicas die, at most. What runs then may still take a minute to end: leases
   * must run out, commands be sent again.
   */
  readonly seconds: number
}

export interface SoakReport {
  /** Everything that does not agree. */
  readonly problems: readonly string[]
  /** Requests that were filed. */
  readonly filed: number
  readonly summary: string
  /** What the bots logged, for whoever looks for the cause. */
  readonly log: string
}

const MANIFEST = new URL('../../manifest.yml', import.meta.url).pathname
const REPLICAS = 2
/** A route is busy for half a minute or so with each request, when all goes wrong that may. */
const ASKS_PER_PAIR = 4
const FEWEST_PAIRS = 16
const MOST_PAIRS = 50
const SETTLE_MS = 120_000

/**
 * Two replicas on one PostgreSQL, many requests side by side, kills and faults by the seed's choice; afterwards
 * everybody's truth is compared.
 */
export async function soak({ requests, seed, seconds, databaseUrl }: SoakOptions): Promise<SoakReport> {
  const dice = diceOf(seed)
  const pairs = pairsOf(pairCount(requests))
  const undo: (() => Promise<unknown>)[] = []
  try {
    const simulator = await startSimulator({ seed, manifest: MANIFEST, world: soakWorld(pairs) })
    undo.push(() => simulator.stop())
    const directory = await mkdtemp(join(tmpdir(), 'hsm-sync-soak-'))
    undo.push(() => rm(directory, { recursive: true, force: true }))
    await writeFile(join(directory, 'config.yml'), soakConfig(simulator, pairs))
    const env = {
      ...simulator.environment(),
      DATABASE_URL: databaseUrl,
      BOT_CONFIG: join(directory, 'config.yml'),
      LOG_LEVEL: 'warn',
    }
    const before = simulator.world.read()
    const replicas = await startReplicas(REPLICAS, { env, directory }, dice)
    undo.push(() => replicas.stop())
    const records = await openRecords(databaseUrl)
    undo.push(() => records.store.close())

    const started = Date.now()
    const clock = () => (Date.now() - started) / 1000
    const weather = badWeather(simulator, dice)
    const harassed = replicas.harass()
    const until = started + seconds * 1000
    const deeds = await crowdActs({ simulator, dice, pairs, nextUrl: replicas.next, until }, requests)
    const acted = clock()
    weather.clear()
    await replicas.calm()
    await harassed
    const restless = await settled(records, Date.now() + SETTLE_MS)
    const calmed = clock()
    const { problems, views } = await disagreements({ simulator, pairs, before, records, databaseUrl })
    const codes = await replicas.stop()
    const all = [
      ...restless,
      ...problems,
      ...replicas.crashes,
      ...codes.filter((code) => code !== 0).map((code) => `a replica stopped with ${code}`),
      ...seriousViolations(simulator),
    ]
    const summary = summaryOf({ simulator, views, weather, replicas, deeds, problems: all }, [
      `soak: seed ${seed}, ${requests} requests on ${pairs.length} pairs, ${REPLICAS} replicas; all asked and answered after ${acted.toFixed(0)} s, quiet after ${calmed.toFixed(0)} s, compared after ${clock().toFixed(0)} s`,
    ])
    return { problems: all, filed: views.length, summary, log: replicas.log() }
  } finally {
    for (const step of undo.reverse()) await step()
  }
}

function pairCount(requests: number): number {
  const wanted = Math.ceil(requests / ASKS_PER_PAIR)
  return Math.min(requests, MOST_PAIRS, Math.max(FEWEST_PAIRS, wanted))
}

interface Story {
  readonly simulator: Simulator
  readonly views: readonly RequestView[]
  readonly weather: Weather
  readonly replicas: Replicas
  readonly deeds: Deeds
  readonly problems: readonly string[]
}

function summaryOf({ simulator, views, weather, replicas, deeds, problems }: Story, head: readonly string[]): string {
  const states = tally(views.map(({ request }) => request.state))
  const acks = [...deeds.acks].sort((a, b) => a - b)
  const struck = [...weather.struck].map(([name, times]) => `${name} ${times}`).sort()
  const total = [...weather.struck.values()].reduce((sum, times) => sum + times, 0)
  const kills = [...replicas.kills].map(([signal, times]) => `${signal} ${times}`).join(', ') || 'none'
  return [
    ...head,
    `  stored: ${views.length} requests: ${states}`,
    `  people: ${deeds.commands} commands, ${deeds.clicks} clicks, ${deeds.unanswered} met nobody, ${deeds.unheard.length} asks never got a card; acks: median ${Math.round(acks[Math.floor(acks.length / 2)] ?? 0)} ms, slowest ${Math.round(acks.at(-1) ?? 0)} ms, ${lateAcks(simulator)} above Slack's 3 s`,
    `  replicas: ${kills}; ${replicas.failedStarts.length} starts in vain`,
    `  faults: ${total}: ${struck.join(', ')}`,
    `  SSM commands ${simulator.aws.commands().length}, tool sessions ${simulator.sessions().length}, Slack calls ${simulator.slack.calls.length}`,
    problems.length === 0
      ? '  HSMs, store, audit record and Slack agree'
      : `  ${problems.length} PROBLEMS:\n${problems.map((problem) => `    - ${problem}`).join('\n')}`,
  ].join('\n')
}

function tally(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts]
    .map(([word, count]) => `${count} ${word}`)
    .sort()
    .join(', ')
}

const LATE = /was not acknowledged within/

/** On two cores with everything on them an ack may be late; that is counted, and measured by the benchmark. */
function lateAcks(simulator: Simulator): number {
  return simulator.violations().filter((violation) => LATE.test(violation)).length
}

/** A replica that is stopping says so with a 5xx. */
function seriousViolations(simulator: Simulator): string[] {
  return simulator
    .violations()
    .filter((violation) => !LATE.test(violation) && !/was answered with 50[0-9]/.test(violation))
}
