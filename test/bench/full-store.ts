import { setTimeout as wait } from 'node:timers/promises'
import type { Stage } from '../harness/stage.ts'
import { channels, people } from '../simulator/worlds.ts'
import { databaseBytes, databaseFile } from './database-size.ts'
import { below, type Figure } from './figures.ts'
import { insertFinished } from './finished-rows.ts'
import { onStage } from './stage-run.ts'

const PAGE = 40
const FULL = 100_000
const STARTS = 4
const ANSWERS = 25
const LISTS = ['open', 'mine'] as const

interface Measured {
  readonly start: number
  readonly open: number
  readonly mine: number
}

/**
 * Does a store of many years make the bot slower? The same bot, empty, with a page of requests, and with all of them;
 * the fastest of several, as ratios of what else the machine does tell nothing.
 */
export async function benchFullStore(): Promise<readonly Figure[]> {
  return onStage(300_000, { env: { LOG_LEVEL: 'warn' } }, async (stage) => {
    const empty = await measure(stage)
    const page = await measure(stage, () => insertFinished(databaseFile(stage), { from: 0, to: PAGE }))
    const full = await measure(stage, () => insertFinished(databaseFile(stage), { from: PAGE, to: FULL }))
    const many = `${FULL.toLocaleString('en-US')} requests`
    return [
      { name: 'start to ready, empty store', value: empty.start, unit: 'ms' },
      { name: `start to ready, ${many}`, value: full.start, unit: 'ms' },
      below(1.5, { name: 'ratio', value: full.start / empty.start, unit: '×', digits: 2 }),
      ...LISTS.flatMap((list): Figure[] => [
        { name: `/hsm-requests ${list}, empty store`, value: empty[list], unit: 'ms', digits: 1 },
        { name: `/hsm-requests ${list}, ${PAGE} requests`, value: page[list], unit: 'ms', digits: 1 },
        { name: `/hsm-requests ${list}, ${many}`, value: full[list], unit: 'ms', digits: 1 },
        // An empty list has no lines and no links to ask Slack for: a page of them is the fair comparison.
        below(1.5, { name: `ratio to ${PAGE} requests`, value: full[list] / page[list], unit: '×', digits: 2 }),
      ]),
      { name: `size of the store with ${many}`, value: databaseBytes(stage) / 1024 / 1024, unit: 'MB' },
    ]
  })
}

/** Changes the store while no bot runs, then starts it a few times and asks it a few times. */
async function measure(stage: Stage, change: () => void = () => undefined): Promise<Measured> {
  await stage.bot.stop()
  change()
  const starts: number[] = []
  for (let time = 0; time < STARTS; time++) {
    if (time > 0) await stage.bot.stop()
    await stage.restart()
    starts.push(stage.bot.startMs)
  }
  return { start: Math.min(...starts), open: await answerMs(stage, 'open'), mine: await answerMs(stage, 'mine') }
}

/** From the command to the answer that the person sees. */
async function answerMs({ simulator }: Stage, list: (typeof LISTS)[number]): Promise<number> {
  const times: number[] = []
  for (let time = 0; time < ANSWERS; time++) {
    const before = simulator.slack.ephemerals(people.requester).length
    const started = performance.now()
    await simulator.slack.command(people.requester, channels.route, '/hsm-requests', list)
    while (simulator.slack.ephemerals(people.requester).length === before) {
      if (performance.now() - started > 10_000) throw new Error(`/hsm-requests ${list} was not answered in 10 s`)
      await wait(1)
    }
    times.push(performance.now() - started)
  }
  return Math.min(...times)
}
