import { execFile } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Database, openBeside } from '../../src/adapters/store/open-database.ts'
import { requestStore } from '../../src/adapters/store/request-store.ts'
import { type RequestView, viewRequest } from '../../src/application/list-requests.ts'
import { runTranscript } from '../../src/application/run-transcript.ts'
import type { Store } from '../../src/application/store.ts'
import { isOpen } from '../../src/domain/request.ts'
import { allEngines } from '../../src/engines/index.ts'
import { toolSessions } from '../harness/tool-sessions.ts'
import type { Simulator } from '../simulator/index.ts'
import type { WorldState } from '../simulator/world/world-state.ts'
import { channels, people } from '../simulator/worlds.ts'
import { shownDifferences } from './soak-shown.ts'
import { hsmContradictions } from './soak-truth.ts'
import type { Pair } from './soak-world.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const APPROVERS: readonly string[] = [people.approver, people.secondApprover, people.groupApprover]

export interface Records {
  readonly database: Database
  readonly store: Store
}

export async function openRecords(url: string): Promise<Records> {
  const database = await openBeside(url)
  return { database, store: requestStore(database) }
}

/** Waits until nothing runs and Slack has been told everything, or until then. Answers what is still going on. */
export async function settled({ database }: Records, until: number): Promise<readonly string[]> {
  for (;;) {
    const rows = await database.db
      .selectFrom('requests')
      .select(['id', 'state', 'version', 'painted_version', 'lease_holder', 'paint_after'])
      .execute()
    const restless = rows.filter(
      (row) => row.state === 'approved' || row.state === 'running' || row.painted_version < row.version,
    )
    if (restless.length === 0) return []
    if (Date.now() > until)
      return restless.map(
        ({ id, state, version, painted_version, lease_holder, paint_after }) =>
          `${id} is still ${state}, version ${version}, shown ${painted_version}, driven by ${lease_holder}, painted in ${paint_after - Date.now()} ms`,
      )
    await wait(500)
  }
}

/** Everything that must agree once all is quiet. Answers what does not, and the requests as stored. */
export async function disagreements(scene: {
  readonly simulator: Simulator
  readonly pairs: readonly Pair[]
  readonly before: WorldState
  readonly records: Records
  readonly databaseUrl: string
}): Promise<{ readonly problems: string[]; readonly views: readonly RequestView[] }> {
  const { simulator, records, pairs, before } = scene
  const engines = allEngines()
  const { store } = records
  const { requests } = await store.list({ limit: 100_000 })
  const views: RequestView[] = []
  const problems: string[] = []
  for (const { id } of requests) {
    const view = await viewRequest({ store, engines }, id)
    if (!view) continue
    views.push(view)
    const transcript = await runTranscript({ store, engines }, view)
    problems.push(...shownDifferences(view, transcript, simulator.slack.messages(channels.route)))
    problems.push(...(await recordFlaws(store, view)))
  }
  problems.push(...hsmContradictions(pairs, { before, after: simulator.world.read() }, views))
  problems.push(...(await operationFlaws(simulator, records)))
  problems.push(...(await auditFlaws(scene.databaseUrl)))
  return { problems, views }
}

/** Does the audit record tell the same end as the request, and was everything that ran agreed to? */
async function recordFlaws(store: Store, { request }: RequestView): Promise<string[]> {
  const problems: string[] = []
  const history = (await store.history(request.id)).filter(
    ({ type }) => type !== 'refused-click' && type !== 'reminded',
  )
  const last = history.findLast(({ type }) => !type.startsWith('ssm-'))?.type
  if (!isOpen(request) && last !== request.state)
    problems.push(`${request.id} is ${request.state}, its record ends with ${last}`)
  if ('approvedAt' in request) {
    const approvers = new Set(request.decisions.filter(({ verdict }) => verdict === 'approve').map(({ by }) => by))
    const isAgreed = approvers.size >= request.rule.required && [...approvers].every((by) => APPROVERS.includes(by))
    if (!isAgreed) problems.push(`${request.id} ran with the approval of ${[...approvers].join(', ') || 'nobody'}`)
  }
  if (request.state === 'expired' && request.at < request.expiresAt) problems.push(`${request.id} expired too early`)
  return problems
}

/** Each operation ran at most once, and each one that ran is on record. */
async function operationFlaws(simulator: Simulator, { database }: Records): Promise<string[]> {
  const comments = new Map(simulator.aws.commands().map((command) => [command.commandId, command.comment]))
  const runs = new Map<string, number>()
  for (const { commandId } of toolSessions(simulator)) {
    const operation = comments.get(commandId) ?? `unknown command ${commandId}`
    runs.set(operation, (runs.get(operation) ?? 0) + 1)
  }
  const rows = await database.db
    .selectFrom('audit')
    .select('facts')
    .where('type', 'in', ['ssm-read', 'ssm-write'])
    .execute()
  const recorded = new Set(rows.map(({ facts }) => String(JSON.parse(facts).operation)))
  return [...runs].flatMap(([comment, times]) => {
    const operation = comment.split(' ')[1] ?? ''
    return [
      ...(times > 1 ? [`${comment} ran ${times} times`] : []),
      ...(recorded.has(operation) ? [] : [`${comment} ran, and no audit row says so`]),
    ]
  })
}

async function auditFlaws(databaseUrl: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'audit', 'verify'], {
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
  }).catch((error: { stdout?: string }) => ({ stdout: error.stdout || String(error) }))
  return stdout.startsWith('whole:') ? [] : [`audit: ${stdout}`]
}
