import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { describe, it } from 'vitest'
import { type BotProcess, freePort, startBotProcess } from '../harness/bot-process.ts'
import { newPostgres } from '../harness/shared-postgres.ts'
import { type Stage, type StageOptions, startStage, until } from '../harness/stage.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'
import {
  auditLines,
  contentsOf,
  DESTINATION,
  inTurn,
  problemsShown,
  rows,
  SOURCE,
  sessionsByOperation,
} from './evidence.ts'

/** Two bots on one PostgreSQL server. Whatever happens to one of them: one card, one run, no second effect. */
const LEASE_MS = 15_000
/** Above the lease: the other one looks for work every few seconds, and this machine is small. */
const PATIENCE_MS = LEASE_MS + 10_000

interface Pair {
  readonly stage: Stage
  readonly databaseUrl: string
  readonly bots: readonly [BotProcess, BotProcess]
  /** The one that drives the run, and the other; once there is one that does. */
  drivers(): Promise<{ readonly driver: BotProcess; readonly other: BotProcess }>
  deliverTo(bot: BotProcess): void
}

async function onPair(options: StageOptions, work: (pair: Pair) => Promise<void>): Promise<void> {
  const databaseUrl = await newPostgres()
  const env = { DATABASE_URL: databaseUrl, PGAPPNAME: 'one', ...options.env }
  const stage = await inTurn(() => startStage({ world: slowWorld(), ...options, env }))
  const port = String(await freePort())
  const second = await inTurn(() =>
    startBotProcess({ ...stage.env, PGAPPNAME: 'two', PORT: port }, stage.directory),
  ).catch(async (error: unknown) => {
    await stage.stop()
    throw error
  })
  const bots = [stage.bot, second] as const
  const pair: Pair = {
    stage,
    databaseUrl,
    bots,
    drivers: async () => {
      const holder = await holderOf(databaseUrl)
      const [driver, other] = holder === bots[0].pid ? bots : [bots[1], bots[0]]
      if (driver.pid !== holder) throw new Error(`an unknown process drives: ${holder}`)
      return { driver, other }
    },
    deliverTo: (bot) => stage.simulator.slack.connectTo(`${bot.url}/slack/events`),
  }
  try {
    await work(pair)
  } finally {
    // A stopped process takes no SIGTERM before it goes on.
    for (const { pid } of bots) continueIt(pid)
    await second.stop()
    await stage.stop()
  }
}

describe('two bots on one database', { timeout: 300_000, concurrent: true }, () => {
  it('have one card and one run, whichever of them hears of it', async ({ expect }) => {
    await onPair({ world: twoClusters() }, async ({ stage, databaseUrl, bots: [one, two], deliverTo }) => {
      const { slack } = stage.simulator
      deliverTo(two)
      const card = await stage.ask()
      deliverTo(one)
      const first = await slack.click(people.approver, card, 'approve')
      // The same click once more, to the other one.
      deliverTo(two)
      await slack.replay(first)
      await slack.click(people.outsider, card, 'approve')
      await slack.click(people.groupApprover, card, 'approve')
      const end = await stage.finished(card)
      expect(end.text).toContain('Succeeded')
      expect(await problemsShown(stage)).toEqual([])
      const audit = await auditLines(databaseUrl)
      const times = (type: string) => audit.filter((row) => row.type === type).length
      expect([
        times('settings'),
        times('requested'),
        times('approved'),
        times('refused-click'),
        times('running'),
      ]).toEqual([1, 1, 2, 1, 1])
      runIsWhole(stage, expect)
    })
  })

  it('file one request when two people ask at the same moment', async ({ expect }) => {
    await onPair({ world: twoClusters() }, async ({ stage, bots, deliverTo }) => {
      const { slack } = stage.simulator
      const asked = [people.requester, people.outsider, people.requester, people.secondApprover].map((person, at) => {
        deliverTo(bots[at % 2] ?? bots[0])
        return slack.command(person, channels.route, '/hsm-sync', `prod-us prod-eu asked by number ${at}`)
      })
      await Promise.all(asked)
      const refused = await until(() => {
        const found = slack.ephemerals().filter(({ text }) => text.includes('is still open'))
        return found.length >= 3 ? found : undefined
      }, 'three refusals')
      expect(refused).toHaveLength(3)
      await until(() => slack.messages(channels.route)[0], 'a card')
      await wait(3_500)
      expect(await problemsShown(stage)).toEqual([])
    })
  })

  it('one stands still for longer than its lease: the other ends it, and the first writes nothing any more', async ({
    expect,
  }) => {
    await onPair({}, async ({ stage, databaseUrl, drivers, deliverTo }) => {
      await noteWriters(databaseUrl)
      const card = await stage.ask()
      await stage.approve(card, people.approver, people.groupApprover)
      await commandOf(stage, 'sync-users')
      const { driver, other } = await drivers()
      process.kill(driver.pid, 'SIGSTOP')
      deliverTo(other)
      await untilTrue(async () => (await holderOf(databaseUrl)) === other.pid, 'the other to take over', PATIENCE_MS)
      const [at] = await rows(databaseUrl, 'select coalesce(max(n), 0) as n from writers')
      continueIt(driver.pid)
      const end = await stage.finished(card)
      expect(end.text).toContain('Succeeded')
      await wait(5_000)

      const name = driver === stage.bot ? 'one' : 'two'
      const late = await rows(databaseUrl, `select by, what from writers where n > ${at?.n} and by = '${name}'`)
      expect(late).toEqual([])
      const [others] = await rows(databaseUrl, `select count(*)::int as n from writers where n > ${at?.n}`)
      expect(others?.n).toBeGreaterThan(5)
      // No step was sent to SSM by both.
      const comments = stage.simulator.aws.commands().map(({ comment }) => comment)
      const steps = comments.filter((comment) => / (inspect|inventory|sync-\w+)$/.test(comment))
      expect(new Set(steps).size).toBe(steps.length)
      expect(await problemsShown(stage)).toEqual([])
      runIsWhole(stage, expect)
      // It is none the worse for it.
      expect((await fetch(`${driver.url}/readyz`)).status).toBe(200)
    })
  })

  it('one stands still in the middle of a transaction: its locks hold nobody up for long', async ({ expect }) => {
    const preload = new URL('./freeze.mjs', import.meta.url).pathname
    const freeze = { NODE_OPTIONS: `--import ${preload}` }
    await onPair(
      { env: freeze, envFor: (directory) => ({ FREEZE_AT: join(directory, 'freeze') }) },
      async ({ stage, drivers, deliverTo }) => {
        const { aws } = stage.simulator
        const card = await stage.ask()
        await stage.approve(card, people.approver, people.groupApprover)
        await commandOf(stage, 'sync-users')
        const { driver, other } = await drivers()
        deliverTo(other)
        await writeFile(join(stage.directory, 'freeze'), '')
        await untilTrue(async () => isStopped(driver.pid), 'the driver to stand still', 20_000)
        const stoodAt = Date.now()
        // The lease runs out, and the database gives up on the transaction that never ends.
        await until(() => aws.calls.find(({ at }) => at > stoodAt + 500), 'the other to go on', 2 * PATIENCE_MS)
        continueIt(driver.pid)
        const end = await stage.finished(card)
        expect(end.text).toContain('Succeeded')
        expect(await problemsShown(stage)).toEqual([])
        runIsWhole(stage, expect)
      },
    )
  })

  it('lose every connection to the database in mid-run, five times, and go on', async ({ expect }) => {
    await onPair({}, async ({ stage, databaseUrl, bots }) => {
      const card = await stage.ask()
      await stage.approve(card, people.approver, people.groupApprover)
      await commandOf(stage, 'inspect')
      for (let time = 0; time < 5; time++) {
        await rows(
          databaseUrl,
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name in ('one', 'two') and datname = current_database()`,
        )
        await wait(1_300)
      }
      const end = await stage.finished(card)
      expect(end.text).toContain('Succeeded')
      expect(await problemsShown(stage)).toEqual([])
      runIsWhole(stage, expect)
      for (const bot of bots) {
        const ready = await fetch(`${bot.url}/readyz`).catch(() => undefined)
        expect(ready?.status, bot.log().slice(-2_000)).toBe(200)
      }
    })
  })

  it('in Socket Mode: one card, one run, and one killed in mid-run', async ({ expect }) => {
    await onPair({ socketMode: true }, async ({ stage, drivers }) => {
      const { aws, slack } = stage.simulator
      // A bot is ready a moment before its connection stands.
      await until(() => slack.sockets.connections === 2 || undefined, 'two connections')
      const card = await stage.ask()
      await stage.approve(card, people.approver, people.outsider, people.groupApprover)
      await commandOf(stage, 'sync-users')
      const { driver } = await drivers()
      await driver.stop('SIGKILL')
      const killedAt = Date.now()
      const next = await until(() => aws.calls.find(({ at }) => at > killedAt + 500), 'the other to go on', PATIENCE_MS)
      expect(next.at - killedAt).toBeLessThan(PATIENCE_MS)
      const end = await stage.finished(card)
      expect(end.text).toContain('Succeeded')
      expect(slack.sockets.connections).toBe(1)
      // The one that is left hears everything.
      const before = slack.ephemerals(people.requester).length
      await slack.command(people.requester, channels.route, '/hsm-requests', 'mine')
      await until(() => slack.ephemerals(people.requester)[before], 'an answer')
      expect(await problemsShown(stage)).toEqual([])
      runIsWhole(stage, expect)
    })
  })
})

/** Long enough a run to do something to it. */
function slowWorld() {
  return twoClusters({ latencyMs: { syncUser: 400, syncKey: 400, loginHSM: 300 } })
}

type Expect = (value: unknown) => { toEqual(other: unknown): void }

/** Everything arrived, in the sessions that one undisturbed run has: seven, each of its own operation. */
function runIsWhole({ simulator }: Stage, expect: Expect): void {
  const [source] = contentsOf(simulator, SOURCE)
  for (const hsm of contentsOf(simulator, DESTINATION)) expect({ ...hsm, hsmId: '' }).toEqual({ ...source, hsmId: '' })
  expect(sessionsByOperation(simulator).size).toEqual(7)
  expect(simulator.violations()).toEqual([])
}

function commandOf({ simulator }: Stage, kind: string) {
  return until(() => simulator.aws.commands().find(({ comment }) => comment.endsWith(` ${kind}`)), kind, 60_000)
}

/** The process id in the lease of the one open request; 0: nobody has it. */
async function holderOf(databaseUrl: string): Promise<number> {
  const [row] = await rows(databaseUrl, 'select lease_holder from requests where is_open = 1')
  return Number(String(row?.lease_holder ?? '').split(':')[1] ?? 0)
}

/** From now on the database notes who writes steps and the audit record. */
async function noteWriters(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(`
    create table writers (n serial, by text, what text);
    create function note_writer() returns trigger language plpgsql as $$
      begin insert into writers (by, what) values (current_setting('application_name'), tg_table_name); return new; end $$;
    create trigger note_steps after insert or update on steps for each row execute function note_writer();
    create trigger note_audit after insert on audit for each row execute function note_writer();
  `)
  await client.end()
}

async function untilTrue(look: () => Promise<boolean>, what: string, ms: number): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain for ${what}`)
    await wait(200)
  }
}

async function isStopped(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
}

function continueIt(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // It has ended.
  }
}
