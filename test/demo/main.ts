import { fileURLToPath } from 'node:url'
import { setup as bundleTools } from '../harness/bundled-tools.ts'
import { type Stage, startStage } from '../harness/stage.ts'
import { POWERSHELL } from '../simulator/bastion/powershell.ts'
import type { Simulator } from '../simulator/index.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'
import { hsm2mClusters, twoClusters } from '../simulator/worlds.ts'
import type { Theatre } from './deeds.ts'
import { type Feed, startFeed } from './feed.ts'
import { wrapped } from './layout.ts'
import type { Names } from './markup.ts'
import { type DemoEngine, type DemoPlatform, ENGINES, type Options, parseOptions } from './options.ts'
import { runPrompt } from './prompt.ts'
import { createScreen } from './screen.ts'
import { type Line, line, span } from './span.ts'
import { playStory } from './story.ts'
import { actLines } from './telling.ts'
import { judge, logTail, verdictLines } from './verdict.ts'

const START_MS = 40_000
const STORY_MS = 150_000
const STOP_MS = 8_000
// 128 and the number of SIGINT, as shells count.
const INTERRUPTED = 130
const LOG_LINES = 20
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** The clusters that only this tool works with; CloudHSM CLI shows its prompts on a pipe here. */
const WORLDS: Readonly<Record<DemoEngine, () => WorldSpec>> = {
  cmu: () => twoClusters(),
  'cloudhsm-cli': () => hsm2mClusters({ dialect: { cliInteractive: 'prompts' } }),
}

let starting: Promise<Stage> | undefined
let removeTools: (() => void) | undefined
let stage: Stage | undefined
let feed: Feed | undefined
const stopping = new AbortController()
const screen = createScreen(process.stdout, process.env, () => [
  [stage?.directory ?? '', '(bot’s folder)'],
  [stage?.simulator.directory ?? '', '(simulator’s folder)'],
  [REPOSITORY, ''],
])

process.exitCode = await main(process.argv.slice(2))
// Whatever a child or a socket still holds open: the demo is over.
process.exit()

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words)
  if ('problem' in options) return fail(options.problem)
  if (process.platform !== 'linux') {
    return fail(
      'The demo needs Linux, as its tests do. ' +
        'A Linux container or virtual machine will do, for example one with Node 20 and this folder in it.',
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
  process.on('exit', () => {
    killBot()
    removeTools?.()
  })
  try {
    return await Promise.race([play(options), interrupted()])
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  } finally {
    await stopAll()
  }
}

async function play({ engine, platform, ...options }: Options): Promise<number> {
  if (platform === 'windows' && POWERSHELL === undefined)
    return fail('There is no PowerShell here. .ci/install-test brings it where .NET is installed.')
  screen.show([...introduction(options), ...engineLines(engine, platform)])
  const world = worldOf(engine, platform)
  removeTools = await bundleTools()
  starting = startStage({
    seed: options.seed,
    world,
    cryptoUsers: engine === 'cmu' ? [] : ['crypto_user1'],
    bastions: platform === 'windows' ? 'real' : 'in memory',
  })
  stage = await within(START_MS, 'simulator and bot to be ready', starting)
  if (stopping.signal.aborted) return INTERRUPTED
  const paper = { width: screen.width, names: namesOf(stage.simulator) }
  feed = startFeed(stage.simulator, screen, paper)
  const theatre: Theatre = { stage, screen, feed, paper, confirmed: new Set() }
  const told = await within(STORY_MS, 'the end of the story', Promise.race([playStory(theatre), botGone(stage)]))
  const verdict = judge(stage, told)
  screen.show([...actLines('What happened', paper), ...verdictLines(verdict, screen.width)])
  if (verdict.problems.length > 0) showLog()
  if (options.keepOpen) {
    screen.show(actLines('All of it is still running: go on by hand', paper))
    await runPrompt(theatre, process.stdin, stopping.signal)
    screen.show([line(span('Stopping.', 'dim'))])
  }
  return verdict.problems.length > 0 ? 1 : 0
}

function worldOf(engine: DemoEngine, platform: DemoPlatform): WorldSpec {
  const world = WORLDS[engine]()
  if (platform === 'linux') return world
  return { ...world, bastions: world.bastions.map((bastion) => ({ ...bastion, platform: 'Windows' })) }
}

function engineLines(engine: DemoEngine, platform: DemoPlatform): Line[] {
  const clusters = engine === 'cmu' ? 'two clusters of hsm1.medium' : 'two clusters of hsm2m.medium'
  if (platform === 'windows')
    return [
      line(''),
      line(span(`Engine ${engine} on Windows`, 'bold'), span(`  for ${clusters}; PowerShell really runs`, 'dim')),
    ]
  const other = ENGINES.find((name) => name !== engine)
  return [
    line(''),
    line(span(`Engine ${engine}`, 'bold'), span(`  for ${clusters}; --engine ${other} plays the other`, 'dim')),
  ]
}

function introduction({ seed }: Pick<Options, 'seed'>): Line[] {
  return [
    line(''),
    line(span('CloudHSM sync bot: the demo', 'bold')),
    ...wrapped(
      [
        span('The real bot, against a Slack workspace, AWS endpoints, a bastion and HSMs simulated on this machine. '),
        span(
          `Nothing leaves it. The tools speak dialect ${seed} here: --seed chooses another, --keep-open stays.`,
          'dim',
        ),
      ],
      screen.width,
    ),
    line(''),
    line(
      span('rita', 'mention'),
      ' asks.  ',
      span('anna', 'mention'),
      ' and ',
      span('ben', 'mention'),
      ' may approve, two are needed.  ',
      span('otto', 'mention'),
      ' is on no list.',
    ),
  ]
}

function namesOf({ slack }: Simulator): Names {
  const { workspace } = slack
  return {
    user: (id) => workspace.users.get(id)?.name ?? (id === 'U0SYNCBOT1' ? 'hsm-sync' : id),
    channel: (id) => workspace.channels.get(id)?.name ?? id,
    group: (id) => workspace.spec.userGroups.find((group) => group.id === id)?.handle ?? id,
  }
}

async function botGone({ bot }: Stage): Promise<never> {
  const code = await bot.exited
  throw new Error(`the bot ended by itself, with code ${code ?? 'none: it was killed'}`)
}

async function interrupted(): Promise<number> {
  await new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()))
  screen.show([line(''), line(span('Stopped.', 'dim'))])
  return INTERRUPTED
}

function fail(problem: string): number {
  screen.show([line(''), line(span('The demo did not work: ', 'bad'), problem)])
  showLog()
  return 1
}

function showLog(): void {
  const log = stage?.bot.log().trim() ?? ''
  if (log === '') return
  screen.show([
    line(''),
    line(span('The last lines of the bot’s log:', 'bold')),
    ...logTail(log, LOG_LINES).map((text) => line(`  ${text.slice(0, screen.width * 2)}`)),
  ])
}

async function stopAll(): Promise<void> {
  feed?.stop()
  try {
    // Interrupted while it starts: what comes up late is stopped too.
    stage ??= await within(START_MS, 'the start to end', starting?.catch(() => undefined) ?? Promise.resolve(undefined))
    if (stage) await within(STOP_MS, 'everything to stop', stage.stop())
    stage = undefined
    starting = undefined
  } catch (error) {
    screen.show([line(span(error instanceof Error ? error.message : String(error), 'bad'))])
  }
}

/** The last resort at the exit of this process: no bot outlives it. */
function killBot(): void {
  try {
    if (stage && stage.bot.pid > 0) process.kill(stage.bot.pid, 'SIGKILL')
  } catch {
    // It has ended, as it should.
  }
}

async function within<Value>(ms: number, what: string, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms / 1000} s in vain for ${what}`)), ms)
  })
  return Promise.race([work, patience]).finally(() => clearTimeout(timer))
}
