import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Stage, startStage } from '../harness/stage.ts'
import { toolSessions } from '../harness/tool-sessions.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import type { Hsm } from '../simulator/world/world-state.ts'
import { channels, hsm2mClusters, people, twoClusters } from '../simulator/worlds.ts'

const PRELOAD = new URL('../harness/kill-points.mjs', import.meta.url).pathname
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const LIMIT_MS = 300_000

export interface KillPlan {
  /** Where the first process dies, as `kill-points.mjs` names it: the n-th time that it comes there. */
  readonly at: RegExp
  readonly nth?: number
  readonly databaseUrl?: string
  readonly engine: EngineName
}

export interface KillReport {
  /** What each process but the last one died at. */
  readonly deaths: readonly string[]
  readonly state: string
  /** Whether the destination has every user and key of the source, and nothing else. */
  readonly isWhole: boolean
  /** Everything that is not as it must be. */
  readonly problems: readonly string[]
}

/**
 * One full sync, the bot killed as planned and started again each time, people trying again as people do; then
 * everything is looked at.
 */
export async function killRun(plan: KillPlan): Promise<KillReport> {
  const stage = await startStage({
    required: 1,
    world: smallWorld(plan.engine),
    env: {
      NODE_OPTIONS: `--import ${PRELOAD}`,
      LOG_LEVEL: 'warn',
      ...(plan.databaseUrl ? { DATABASE_URL: plan.databaseUrl } : {}),
    },
    envFor: (directory, process) => ({ KILL_LOG: join(directory, `boundaries-${process}`), ...killAt(plan, process) }),
  })
  try {
    let alive = true
    const keepAlive = (async () => {
      while (alive) {
        await stage.bot.exited
        if (alive) await stage.restart()
      }
    })()
    const card = await asPeopleDo(stage)
    const settled = await settle(stage, card)
    alive = false
    const problems = await lookAtEverything(stage, settled)
    await stage.bot.stop()
    await keepAlive.catch(() => undefined)
    const processes = await boundariesOf(stage.directory)
    const deaths = processes.slice(0, -1).map((lines) => lines.at(-1) ?? 'start')
    return { deaths, state: stateOf(settled), isWhole: isWhole(stage), problems }
  } finally {
    await stage.stop()
  }
}

function killAt({ at, nth = 1 }: KillPlan, process: number): Record<string, string> {
  return process === 0 ? { KILL_AT: at.source, KILL_NTH: String(nth) } : {}
}

/** What each process reached, in order. */
async function boundariesOf(directory: string): Promise<string[][]> {
  const names = (await readdir(directory)).filter((name) => name.startsWith('boundaries-'))
  const numbers = names.map((name) => Number(name.slice('boundaries-'.length))).sort((a, b) => a - b)
  return Promise.all(numbers.map((number) => linesOf(join(directory, `boundaries-${number}`))))
}

export type EngineName = 'cmu' | 'cloudhsm-cli'

/** One destination HSM: every kind of step once, and no more. */
function smallWorld(engine: EngineName) {
  const world =
    engine === 'cmu' ? twoClusters({ spreadMs: 0 }) : hsm2mClusters({ dialect: { cliInteractive: 'prompts' } })
  return {
    ...world,
    clusters: world.clusters.map((cluster) =>
      cluster.clusterId === 'cluster-7klmnopqrst' ? { ...cluster, hsms: cluster.hsms.slice(0, 1) } : cluster,
    ),
  }
}

/** Asks until there is a card, approves until it counts: a person whose click met a dead bot clicks again. */
async function asPeopleDo(stage: Stage): Promise<MessageRecord> {
  const { slack } = stage.simulator
  const cards = () => slack.messages(channels.route).filter((message) => !message.deleted)
  const deadline = Date.now() + LIMIT_MS
  while (Date.now() < deadline) {
    await slack
      .command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu kill me if you can')
      .catch(() => undefined)
    for (let look = 0; look < 60 && cards().length === 0; look++) await wait(100)
    const card = cards()[0]
    if (!card) continue
    while (Date.now() < deadline) {
      const [now] = cards()
      if (now && !now.text.includes('Waiting for approval')) return now
      await slack.click(people.approver, { channel: channels.route, ts: card.ts }, 'approve').catch(() => undefined)
      for (let look = 0; look < 20 && cards()[0]?.text.includes('Waiting for approval'); look++) await wait(100)
    }
  }
  throw new Error('nobody could get a request approved')
}

const ENDS = /Succeeded|Partly done|Failed|Unknown|Stale/

/** Waits until card and thread tell the end, and a little for what should not come any more. */
async function settle(stage: Stage, card: MessageRecord): Promise<MessageRecord> {
  const { slack } = stage.simulator
  const deadline = Date.now() + LIMIT_MS
  while (Date.now() < deadline) {
    const now = slack.messages(channels.route).find((message) => message.ts === card.ts)
    if (now && ENDS.test(now.text) && now.thread.some((reply) => slotOf(reply) === 'result')) {
      await wait(1_500)
      return now
    }
    await wait(100)
  }
  throw new Error(`no end in sight; the card says: ${card.text}\n${stage.bot.log().slice(-3000)}`)
}

async function lookAtEverything(stage: Stage, card: MessageRecord): Promise<string[]> {
  const { simulator } = stage
  const problems: string[] = simulator
    .violations()
    .filter((violation) => !/no (answer|ack)|reset|refused|dropped/i.test(violation))
  // Each operation ran at most once: sessions by the operation id in their command's Comment.
  const runs = new Map<string, number>()
  for (const session of toolSessions(simulator)) {
    const comment =
      simulator.aws.commands().find((command) => command.commandId === session.commandId)?.comment ?? 'unknown command'
    runs.set(comment, (runs.get(comment) ?? 0) + 1)
  }
  for (const [operation, times] of runs) if (times > 1) problems.push(`${operation} ran ${times} times`)
  // Nothing is shown twice.
  const slots = [card, ...card.thread].map((message) => slotOf(message) ?? message.files[0]?.name ?? 'unmarked')
  for (const slot of new Set(slots)) {
    const times = slots.filter((other) => other === slot).length
    if (times > 1) problems.push(`${slot} stands there ${times} times`)
  }
  const cards = simulator.slack.messages(channels.route).filter((message) => !message.deleted)
  if (cards.length !== 1) problems.push(`${cards.length} cards`)
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'audit', 'verify'], {
    env: { PATH: process.env.PATH, DATABASE_URL: stage.env.DATABASE_URL },
    cwd: stage.directory,
  }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? String(error) }))
  if (!stdout.startsWith('whole:')) problems.push(`audit: ${stdout}`)
  return problems
}

function slotOf(message: MessageRecord): string | undefined {
  const payload = message.metadata?.event_payload
  return typeof payload === 'object' && payload !== null && 'slot' in payload ? String(payload.slot) : undefined
}

function stateOf(card: MessageRecord): string {
  return ENDS.exec(card.text)?.[0] ?? 'none'
}

function isWhole(stage: Stage): boolean {
  const [source = [], destination = []] = stage.simulator.world.read().clusters.map(({ hsms }) => hsms.map(contentsOf))
  return destination.length > 0 && destination.every((hsm) => hsm === source[0])
}

function contentsOf({ users, keys }: Hsm): string {
  return JSON.stringify([
    users.map((user) => `${user.name} ${user.type}`).sort(),
    keys.map((key) => `${key.handle} ${key.owner} ${[...key.sharedWith].sort().join()}`).sort(),
  ])
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}
