import { describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from '../contract/postgres-server.ts'
import { type EngineName, type KillReport, killRun } from './kill-run.ts'

/**
 * The bot is killed with SIGKILL at its effect boundaries, one full sync for each, and started again, with either engine. Between two neighbouring effects nothing can be seen from outside, so the moment
 * after one and the moment before the next are the same point. KILL_EVERY=<n> takes every n-th point: 1 is all of them, which takes about half an hour.
 */
const EVERY = { sqlite: Number(process.env.KILL_EVERY ?? 27), postgres: Number(process.env.KILL_EVERY ?? 80) }
const AT_ONCE = 4
const LIMIT_MS = 1_500_000

describe.concurrent('killed at every point, and started again', () => {
  it.each(['cmu', 'cloudhsm-cli'] as const)(
    'does on SQLite what it would have done undisturbed: %s',
    { timeout: LIMIT_MS },
    (engine) => killEverywhere({ database: 'sqlite', engine }, async () => undefined),
  )

  it('does on PostgreSQL what it would have done undisturbed', { timeout: LIMIT_MS }, async () => {
    let server: PostgresServer | undefined
    try {
      const postgres = await startPostgres()
      server = postgres
      await killEverywhere({ database: 'postgres', engine: 'cmu' }, () => postgres.createDatabase())
    } finally {
      await server?.stop()
    }
  })
})

async function killEverywhere(
  { database, engine }: { readonly database: 'sqlite' | 'postgres'; readonly engine: EngineName },
  newDatabase: () => Promise<string | undefined>,
): Promise<void> {
  const place = async () => {
    const databaseUrl = await newDatabase()
    return { engine, ...(databaseUrl === undefined ? {} : { databaseUrl }) }
  }
  const undisturbed = await killRun(await place())
  expect(undisturbed).toMatchObject({ state: 'Succeeded', problems: [], deaths: [] })
  const points = undisturbed.boundaries
    .filter((line) => line.includes(' before '))
    .map((line) => Number.parseInt(line, 10))
  const chosen = points.filter((_, index) => index % EVERY[database] === 0)

  const wrong: string[] = []
  const died: string[] = []
  await eachAtOnce(chosen, async (point) => {
    const run = await killRun({ ...(await place()), first: point }).catch((error: unknown) => String(error))
    if (typeof run === 'string') wrong.push(`${point}: ${run}`)
    else {
      died.push(...run.deaths)
      wrong.push(...judge(point, run, undisturbed))
    }
  })
  console.log(
    `${engine} on ${database}: ${undisturbed.boundaries.length} effect boundaries, ${points.length} points between them, killed at ${died.length} of ${chosen.length} chosen`,
  )
  expect(wrong).toEqual([])
  // The last points are after the end of the story: a run may reach one or two fewer.
  expect(died.length).toBeGreaterThanOrEqual(chosen.length - 4)
}

/** What may never be: something else on the HSMs than undisturbed, unless the outcome says so; anything done or shown twice. */
function judge(point: number, run: KillReport, undisturbed: KillReport): string[] {
  const where = `${point} (${run.deaths.join('; ') || 'never reached'})`
  const isHonest = run.state === 'Unknown' || (run.state === 'Succeeded' && run.hsms === undisturbed.hsms)
  return [
    ...(isHonest ? [] : [`${where}: ${run.state}, HSMs ${run.hsms === undisturbed.hsms ? 'equal' : 'differ'}`]),
    ...run.problems.map((problem) => `${where}: ${problem}`),
  ]
}

async function eachAtOnce<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
