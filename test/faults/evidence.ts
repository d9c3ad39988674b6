import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { DatabaseSync } from '@photostructure/sqlite'
import pg from 'pg'
import { z } from 'zod'
import type { Stage } from '../harness/stage.ts'
import type { SessionRecord } from '../simulator/bastion/sessions.ts'
import type { Simulator } from '../simulator/index.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import type { Hsm } from '../simulator/world/world-state.ts'
import { channels } from '../simulator/worlds.ts'

// What the fault tests look at afterwards: the bastions' sessions, the HSMs, the store, the audit record and the
// thread, each from its own source.

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname

let last: Promise<unknown> = Promise.resolve()

/**
 * Starts one after the other what tests want to start at the same time: many bots that start at once on a small machine
 * are not ready in time.
 */
export function inTurn<Started>(start: () => Promise<Started>): Promise<Started> {
  const started = last.then(start)
  last = started.catch(() => undefined)
  return started
}

/** The CMU sessions of each operation id, by the Comment of the command that started them. */
export function sessionsByOperation(simulator: Simulator): ReadonlyMap<string, readonly SessionRecord[]> {
  const found = new Map<string, SessionRecord[]>()
  for (const session of simulator.sessions()) {
    const operation = operationOf(simulator, session)
    found.set(operation, [...(found.get(operation) ?? []), session])
  }
  return found
}

function operationOf(simulator: Simulator, session: SessionRecord): string {
  const command = simulator.aws.commands().find(({ commandId }) => commandId === session.commandId)
  return command?.comment.split(' ')[1] ?? `a command that SSM does not know: ${session.commandId}`
}

/** Operation ids that had more than one session: there may never be one. */
export function ranTwice(simulator: Simulator): string[] {
  return [...sessionsByOperation(simulator)]
    .filter(([, sessions]) => sessions.length > 1)
    .map(([operation]) => operation)
}

/** How often a crypto officer logged in, all sessions together. */
export function logins(simulator: Simulator): number {
  return simulator.sessions().flatMap(({ commands }) => commands.filter((line) => line.startsWith('loginHSM'))).length
}

export interface HsmContents {
  readonly hsmId: string
  readonly users: readonly string[]
  readonly keys: readonly number[]
}

/** Users and keys as they are on the HSMs of a cluster. */
export function contentsOf(simulator: Simulator, clusterId: string): readonly HsmContents[] {
  const cluster = simulator.world.read().clusters.find((one) => one.clusterId === clusterId)
  return (cluster?.hsms ?? []).map((hsm: Hsm) => ({
    hsmId: hsm.hsmId,
    users: hsm.users.map(({ name, type }) => `${name} ${type}`).sort(),
    keys: hsm.keys.map(({ handle }) => handle).sort((a, b) => a - b),
  }))
}

export const SOURCE = 'cluster-2abcdefghij'
export const DESTINATION = 'cluster-7klmnopqrst'

const Tally = z.object({ synced: z.number() })
const Stored = z.object({
  id: z.string(),
  state: z.string(),
  decisions: z.array(z.object({ by: z.string(), verdict: z.string() })),
  outcome: z
    .object({
      state: z.string(),
      proof: z.string(),
      evidence: z.enum(['nothing-sent', 'only-reads-sent', 'may-have-written']),
      stop: z.object({ code: z.string() }).optional(),
      destinations: z.array(z.object({ hsmId: z.string(), users: Tally, keys: Tally })),
    })
    .optional(),
})
export type Stored = z.infer<typeof Stored>

/** Rows of the bot's database, read beside it. */
export async function rows(databaseUrl: string, query: string): Promise<readonly Record<string, unknown>[]> {
  if (databaseUrl.startsWith('sqlite:')) {
    const db = new DatabaseSync(databaseUrl.slice('sqlite:'.length), { readOnly: true, timeout: 5_000 })
    try {
      return z.array(z.record(z.string(), z.unknown())).parse(db.prepare(query).all())
    } finally {
      db.close()
    }
  }
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return z.array(z.record(z.string(), z.unknown())).parse((await client.query(query)).rows)
  } finally {
    await client.end()
  }
}

/** The newest request as stored. */
export async function storedRequest(databaseUrl: string): Promise<Stored> {
  const [row] = await rows(databaseUrl, 'select doc from requests order by requested_at desc limit 1')
  return Stored.parse(JSON.parse(String(row?.doc)))
}

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `node dist/main.js …` to its end. */
export async function botCommand(words: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const ended = promisify(execFile)(process.execPath, [MAIN, ...words], {
    env: { PATH: process.env.PATH, ...env },
    timeout: 20_000,
  })
  return ended.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({
      code: error.code ?? -1,
      out: error.stdout ?? '',
      err: error.stderr ?? '',
    }),
  )
}

const AuditLine = z.object({
  seq: z.number(),
  at: z.number(),
  type: z.string(),
  actor: z.string(),
  request_id: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
  hash: z.string(),
})
export type AuditLine = z.infer<typeof AuditLine>

/** The audit record, as `audit export` prints it. */
export async function auditLines(databaseUrl: string, ...options: string[]): Promise<readonly AuditLine[]> {
  const { out } = await botCommand(['audit', 'export', ...options], { DATABASE_URL: databaseUrl })
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => AuditLine.parse(JSON.parse(line)))
}

/**
 * What is wrong with the audit record and with what Slack shows: one card, every part of it once, in the order of
 * `SLOTS`.
 */
export async function problemsShown(stage: Stage): Promise<string[]> {
  const { out, err } = await botCommand(['audit', 'verify'], { DATABASE_URL: stage.env.DATABASE_URL ?? '' })
  const cards = stage.simulator.slack.messages(channels.route)
  return [
    ...(out.startsWith('whole:') ? [] : [`audit: ${out}${err}`]),
    ...(cards.length === 1 ? [] : [`${cards.length} cards`]),
    ...cards.flatMap(problemsOfThread),
    ...ranTwice(stage.simulator).map((operation) => `${operation} ran twice`),
  ]
}

/** Nothing stands in a thread twice. */
function problemsOfThread(card: MessageRecord): string[] {
  const slots = [card, ...card.thread.filter(({ deleted }) => !deleted)].map(slotOf)
  return [...new Set(slots)].flatMap((slot) => {
    const times = slots.filter((other) => other === slot).length
    return times > 1 ? [`${slot} stands there ${times} times`] : []
  })
}

/** The place in a request's thread that a message is for. */
export function slotOf(message: MessageRecord): string {
  const payload = message.metadata?.event_payload
  const mark = typeof payload === 'object' && payload !== null && 'slot' in payload ? String(payload.slot) : undefined
  return mark ?? message.files[0]?.name ?? 'unmarked'
}
