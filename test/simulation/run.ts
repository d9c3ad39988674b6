import type { Route } from '../../src/domain/route.ts'
import { planBrake } from './brake.ts'
import { Crowd } from './crowd.ts'
import { Deliveries } from './deliveries.ts'
import { planMishaps } from './mishaps.ts'
import { judgeOpenHomes } from './oracle/homes.ts'
import { judge } from './oracle/judge.ts'
import { requestsOf } from './oracle/records.ts'
import { Processes } from './processes.ts'
import { ASKERS } from './slack/people.ts'
import { Stage } from './stage.ts'
import { MINUTE, SECOND, START } from './time.ts'
import { Visitors } from './visitors.ts'

export interface Verdict {
  readonly seed: number
  /** What was claimed and is not true; empty if all of it holds. */
  readonly violations: readonly string[]
  readonly story: readonly string[]
  readonly figures: Figures
}

export interface Figures {
  readonly minutes: number
  readonly states: Readonly<Record<string, number>>
  readonly calls: Readonly<Record<string, number>>
}

/**
 * After the last fault everything must end within this time. Above a step that SSM shows as running for ever, a sealed
 * one, and a request's expiry.
 */
const LONGEST_END_MS = 75 * MINUTE

/** One run, from its seed alone. */
export async function simulate(seed: number, isTraced: boolean): Promise<Verdict> {
  const stage = await Stage.make(seed, isTraced)
  const processes = new Processes(stage)
  const deliveries = new Deliveries(stage)
  const crowd = new Crowd(stage, deliveries, () => processes.any())
  const visitors = new Visitors(stage, crowd, deliveries, () => processes.any())
  const violations: string[] = []
  stage.tell(
    'simulation',
    `seed ${seed}: ${stage.engine}, ${stage.isPair ? 'two processes' : 'one process'}, faults until +${Math.round((stage.weather.clearFrom - START) / 1000)} s: ${[...stage.weather.faults].map(([fault, strength]) => `${fault} ×${strength}`).join(', ') || 'none'}`,
  )
  await processes.startAll()
  crowd.plan()
  visitors.plan()
  planMishaps(stage)
  planBrake(stage, () => processes.any())
  for (const moment of stage.weather.moments('crash', 0.5)) stage.time.at(moment, () => void processes.restart())
  let isOver = false
  void end(stage, { crowd, visitors, processes }, violations).then(() => {
    isOver = true
  })
  await stage.time.run(() => isOver || stage.calls.runaway !== undefined)
  if (stage.calls.runaway !== undefined) violations.push(stage.calls.runaway)
  else if (!isOver) violations.push('the run came to nothing: nothing is planned any more')
  violations.push(...(await judge(stage, { crowd, visitors })))
  const figures = figuresOf(stage)
  stage.database.raw.close()
  return { seed, violations, story: stage.story, figures }
}

interface All {
  readonly crowd: Crowd
  readonly visitors: Visitors
  readonly processes: Processes
}

/** Waits until everything has ended, then sees whether every destination is free. */
async function end(stage: Stage, all: All, violations: string[]): Promise<void> {
  const { time, weather } = stage
  const { visitors, processes } = all
  await time.sleep(weather.clearFrom + 90 * SECOND - time.now)
  const isQuiet = quietness(stage)
  while (!isQuiet()) {
    if (time.now > Math.max(weather.clearFrom, processes.lastStart) + LONGEST_END_MS) {
      violations.push(`not at its end ${LONGEST_END_MS / MINUTE} minutes after the last fault: ${openOnes(stage)}`)
      return
    }
    await time.sleep(5 * SECOND)
  }
  stage.people.returnAll()
  // Homes ask once a minute who is who.
  if (visitors.haveHomesOpen) await time.sleep(MINUTE)
  for (const route of stage.landscape.routes) violations.push(...(await askOnceMore(stage, all, route)))
  if (!visitors.haveHomesOpen) return
  await time.sleep(HOME_WITHIN_MS)
  violations.push(...judgeOpenHomes(stage, requestsOf(stage)))
}

/** How soon after a change an open home tab shows it. */
const HOME_WITHIN_MS = 10 * SECOND

/** Every destination is free at the end, and the bot is there. */
async function askOnceMore(
  stage: Stage,
  { crowd, visitors, processes }: All,
  route: Route,
): Promise<readonly string[]> {
  const { time } = stage
  for (let waited = 0; waited < 90 && !processes.any(); waited++) await time.sleep(MINUTE)
  const process = processes.any()
  if (!process) return ['no process is there at the end']
  const everything = { kind: 'all' } as const
  const ask = { by: ASKERS[0], route, mode: 'plan', scope: { users: everything, keys: everything } } as const
  for (let tries = 1; ; tries++) {
    visitors.openHomes(process)
    const answer = await crowd.submit(process, {
      ...ask,
      reason: `last-${route.destination.alias}-${tries}`,
      at: time.now,
    })
    if (!('refused' in answer)) return []
    // Somebody's ask of before may be filed only now: that one ends first.
    const most = route.watch ? 40 : 3
    if (answer.refused !== 'destination-busy' || tries === most)
      return [`${route.destination.alias} is not free at the end: a new ask is refused with ${answer.refused}`]
    // A look of the watch is over soon, and the next one may come as soon: not always in the same rhythm.
    await time.sleep(route.watch ? (31 + 5 * (tries % 9)) * SECOND : LONGEST_END_MS)
  }
}

/** Everything has ended, and all of it is shown. */
function quietness({ database }: Stage): () => boolean {
  const left = database.raw.prepare(
    'select (select count(*) from requests where is_open = 1 or painted_version < version) + (select count(*) from inbox where doc is not null) as count',
  )
  return () => Object(left.get()).count === 0
}

function openOnes({ database }: Stage): string {
  const rows = database.raw
    .prepare(
      'select id, state, version, painted_version, lease_until, paint_after from requests where is_open = 1 or painted_version < version',
    )
    .all()
  return JSON.stringify(rows)
}

function figuresOf(stage: Stage): Figures {
  const states: Record<string, number> = {}
  for (const { state, outcome } of requestsOf(stage)) {
    const name = outcome?.stop ? `${state}: ${outcome.stop.code}` : state
    states[name] = (states[name] ?? 0) + 1
  }
  const calls = Object.fromEntries([...stage.calls.most].map(([name, { count }]) => [name, count]))
  return { minutes: (stage.time.now - START) / MINUTE, states, calls }
}
