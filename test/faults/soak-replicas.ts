import { setTimeout as wait } from 'node:timers/promises'
import { type BotProcess, freePort, startBotProcess } from '../harness/bot-process.ts'
import type { Dice } from './soak-dice.ts'

export interface Replicas {
  /** Where a load balancer would send the next delivery; a dead one may still be in its list. */
  next(): string
  /** Ends one of them by the seed's choice now and then, and starts it again, until told to stop. */
  harass(): Promise<void>
  /** No more kills; everybody is up when this resolves. */
  calm(): Promise<void>
  /** SIGTERM to all; resolves with their exit codes. */
  stop(): Promise<readonly (number | null)[]>
  readonly kills: ReadonlyMap<string, number>
  /** Starts that failed (Slack or the database did not answer), and ends that nobody asked for. */
  readonly failedStarts: readonly string[]
  readonly crashes: readonly string[]
  log(): string
}

const SHORTEST_PEACE_MS = 2_500
const LONGEST_PEACE_MS = 9_000
const LONGEST_DOWN_MS = 2_500
/** Of the deliveries to a dead replica, this share is sent all the same. */
const STALE_SHARE = 0.1

/** Bot processes on one database, each started again whenever it ends. */
export async function startReplicas(
  count: number,
  place: { readonly env: Readonly<Record<string, string>>; readonly directory: string },
  dice: Dice,
): Promise<Replicas> {
  const failedStarts: string[] = []
  const crashes: string[] = []
  const kills = new Map<string, number>()
  const logs: string[] = []
  const asked = new WeakSet<BotProcess>()
  let isCalm = false

  const start = async (port: number): Promise<BotProcess> => {
    for (;;) {
      try {
        const bot = await startBotProcess({ ...place.env, PORT: String(port) }, place.directory)
        void bot.exited.then((code) => {
          if (asked.has(bot)) return
          crashes.push(`a replica ended by itself with ${code}: ${bot.log().slice(-1500)}`)
        })
        return bot
      } catch (error) {
        failedStarts.push(error instanceof Error ? error.message.slice(0, 300) : String(error))
        if (failedStarts.length > 60) throw error
      }
    }
  }
  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const bots = await Promise.all(ports.map(start))
  const end = (bot: BotProcess, signal: NodeJS.Signals) => {
    asked.add(bot)
    return bot.stop(signal)
  }

  const roll = dice.rolls('replica')
  const route = dice.rolls('load balancer')
  const urlOf = (at: number) => `http://127.0.0.1:${ports[at]}/slack/events`
  // A load balancer looks after them too, but notices a death only after a moment.
  const lives = ports.map(() => true)
  const next = () => {
    const wanted = Math.floor(route() * count)
    const living = lives.indexOf(true)
    return urlOf(lives[wanted] || living < 0 || route() < STALE_SHARE ? wanted : living)
  }
  let harassed: Promise<void> = Promise.resolve()
  const busy = new AbortController()

  const harass = async () => {
    while (!isCalm) {
      const peace = SHORTEST_PEACE_MS + roll() * (LONGEST_PEACE_MS - SHORTEST_PEACE_MS)
      await wait(peace, undefined, { signal: busy.signal }).catch(() => undefined)
      if (isCalm) return
      const at = Math.floor(roll() * count)
      const signal = roll() < 0.8 ? 'SIGKILL' : 'SIGTERM'
      const down = roll() * LONGEST_DOWN_MS
      const bot = bots[at]
      if (!bot) continue
      kills.set(signal, (kills.get(signal) ?? 0) + 1)
      await end(bot, signal)
      lives[at] = false
      logs.push(bot.log())
      await wait(down)
      bots[at] = await start(ports[at] ?? 0)
      lives[at] = true
    }
  }

  return {
    next,
    harass: () => {
      harassed = harass()
      return harassed
    },
    calm: async () => {
      isCalm = true
      busy.abort()
      await harassed
    },
    stop: () => Promise.all(bots.map((bot) => end(bot, 'SIGTERM'))),
    kills,
    failedStarts,
    crashes,
    log: () => [...logs, ...bots.map((bot) => bot.log())].join('\n'),
  }
}
