import { startPostgres } from '../contract/postgres-server.ts'
import { type BotProcess, freePort, startBotProcess } from '../harness/bot-process.ts'
import { channels, people } from '../simulator/worlds.ts'
import { below, type Figure, median } from './figures.ts'
import { onStage } from './stage-run.ts'

const COMMANDS = 400
const AT_ONCE = 40

/** A steady stream of commands to one and to two replicas on one PostgreSQL, each taking every n-th. */
export async function benchReplicas(): Promise<readonly Figure[]> {
  const postgres = await startPostgres()
  try {
    const figures: Figure[] = []
    for (const count of [1, 2]) figures.push(...(await load(count, await postgres.createDatabase())))
    return figures
  } finally {
    await postgres.stop()
  }
}

async function load(count: number, databaseUrl: string): Promise<readonly Figure[]> {
  const env = { DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn' }
  return onStage(60_000, { env }, async (stage) => {
    const { slack } = stage.simulator
    const others: BotProcess[] = []
    try {
      while (others.length < count - 1)
        others.push(await startBotProcess({ ...stage.env, PORT: String(await freePort()) }, stage.directory))
      const urls = [stage.bot, ...others].map(({ url }) => `${url}/slack/events`)
      const times: number[] = []
      let sent = 0
      const person = async () => {
        for (let at = sent++; at < COMMANDS; at = sent++) {
          slack.connectTo(urls[at % urls.length] ?? '')
          times.push((await slack.command(people.requester, channels.route, '/hsm-requests', 'open')).ackMs)
        }
      }
      const started = performance.now()
      await Promise.all(Array.from({ length: AT_ONCE }, person))
      const seconds = (performance.now() - started) / 1000
      const name = `${count} ${count === 1 ? 'replica' : 'replicas'}, ${AT_ONCE} people typing: ack`
      return [
        below(1_000, { name: `${name}, slowest`, value: Math.max(...times), unit: 'ms' }),
        { name: `${name}, median`, value: median(times), unit: 'ms' },
        { name: `${name}s a second`, value: COMMANDS / seconds, unit: '1/s' },
      ]
    } finally {
      await Promise.all(others.map((bot) => bot.stop()))
    }
  })
}
