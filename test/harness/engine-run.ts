import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { doneSteps } from '../../src/application/run-view.ts'
import type { StepRecord } from '../../src/application/store.ts'
import { type Cluster, chooseHsms } from '../../src/domain/cluster.ts'
import { chooseEngine } from '../../src/domain/engine-choice.ts'
import { asHsmId, operationId, parseClusterId } from '../../src/domain/ids.ts'
import type { OutcomeReport } from '../../src/domain/outcome.ts'
import { isRefusal, type Refusal } from '../../src/domain/refusal.ts'
import type { Bastion } from '../../src/domain/route.ts'
import { next } from '../../src/domain/run-plan.ts'
import { EVERYTHING, type Mode, type Scope } from '../../src/domain/scope.ts'
import type { EngineName, Side, Spec } from '../../src/domain/spec.ts'
import type { DoneStep, StepPlan } from '../../src/domain/step.ts'
import type { Draft, Engine, ScriptCall } from '../../src/engines/engine.ts'
import { allEngines } from '../../src/engines/index.ts'
import { documentParameters, lockedDocument } from '../../src/engines/locked-document.ts'
import { assemble, isAbout, missingChunk, type OutputBlock, parseBlock } from '../../src/engines/printed.ts'
import { NOW, REQUEST_ID, request, sure } from '../fixtures/examples.ts'
import { type Runnable, runDocument } from '../simulator/aws/documents.ts'
import { runScript, type ScriptOrder, type ScriptRun } from '../simulator/bastion/agent.ts'
import { type BastionFiles, createBastionFiles } from '../simulator/bastion/bastion-files.ts'
import { InMemoryBastion } from '../simulator/bastion/in-memory.ts'
import { type LoginRecord, readLogins } from '../simulator/bastion/logins.ts'
import { readSessions, type SessionRecord } from '../simulator/bastion/sessions.ts'
import type { ProcessRecording } from '../simulator/index.ts'
import { createWorld, type World } from '../simulator/world/world.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'

/** Waiting that a test need not wait for; the script is the bot's in everything else. */
const QUICK: readonly (readonly [string, string])[] = [
  ['PATIENCE=120', 'PATIENCE=8'],
  ['ONE_COMMAND=100', 'ONE_COMMAND=12'],
  ['flock -w 20', 'flock -w 2'],
  ['$PATIENCE = 120', '$PATIENCE = 8'],
  ['$BUSY_SECONDS = 20', '$BUSY_SECONDS = 2'],
]
const MOST_STEPS = 60
const engines = allEngines()

export interface GroundOptions {
  readonly engine: EngineName
  readonly world: WorldSpec
  readonly seed?: number
  /** Crypto users whose credentials the bot may use, by name: secrets as the ready worlds have them. */
  readonly cryptoUsers?: readonly string[]
  /** Default: the real scripts under a real shell, with tools that are programs. */
  readonly bastion?: 'real' | 'in memory'
  /** The script stands in an SSM document, and only its parameters are sent. */
  readonly isLocked?: boolean
}

export interface RunOptions {
  readonly mode?: Mode
  readonly scope?: Scope
  readonly stopAsked?: (steps: readonly DoneStep[]) => boolean
  /** Called when a step's script has been started. */
  readonly during?: (plan: StepPlan, script: ScriptRun) => Promise<void>
}

export interface EngineRun {
  readonly spec: Spec
  readonly steps: readonly DoneStep[]
  readonly outcome: OutcomeReport
}

/** Simulated clusters and a simulated bastion, and one engine that works on them: no bot, no Slack, no SSM. */
export class Ground {
  readonly directory = mkdtempSync(join(tmpdir(), 'engine-run-'))
  readonly engine: Engine
  readonly world: World
  readonly files: BastionFiles
  /** Every line that was sent, and everything that came back. */
  readonly sent: string[] = []
  readonly printed: string[] = []
  readonly #options: GroundOptions
  readonly #runScript: (order: ScriptOrder) => ScriptRun
  readonly #cryptoUsers: Bastion['cryptoUsers']
  #commands = 0
  /** Numbers that operations of runs before had: the bastion starts none twice. */
  #before = 0

  constructor(options: GroundOptions) {
    this.#options = options
    this.engine = engines[options.engine]
    this.world = createWorld(options.world, this.directory, options.seed ?? 1)
    const firstIp = sure(options.world.clusters[0]?.hsms[0]?.ip)
    this.files = createBastionFiles(this.directory, sure(options.world.bastions[0]), firstIp)
    const inMemory = options.bastion === 'in memory' && new InMemoryBastion(this.files, this.world, this.#instanceId)
    this.#runScript = (order) => (inMemory ? inMemory.run(order) : runScript(this.files, order))
    this.#cryptoUsers = (options.cryptoUsers ?? []).map((user) => {
      return { user, source: 'secretsmanager', id: `hsm/${user.replace('_', '-')}` }
    })
  }

  /** What would run, as `derive-spec.ts` makes it. */
  async derive({ mode = 'sync', scope = EVERYTHING }: RunOptions = {}): Promise<Spec | Refusal> {
    const { engine } = this
    const [source, destination] = this.world.read().clusters.map(asDescribed)
    if (!source || !destination) throw new Error('a world of two clusters is needed')
    const choice = chooseEngine(engine.name, source, destination)
    if (isRefusal(choice)) return choice
    const hsms = chooseHsms(source, destination, engine.reach)
    if (isRefusal(hsms)) return hsms
    const draft: Draft = {
      bastion: engine.place(this.#bastion()),
      source: {
        ...sideOf(source, 'prod-us'),
        hsmType: choice.sourceType,
        hsm: hsms.source,
        ...(engine.reach === 'cluster' ? { hsms: hsms.sources } : {}),
      },
      destination: {
        ...sideOf(destination, 'prod-eu'),
        hsmType: choice.destinationType,
        hsms: hsms.destinations,
        leftOut: hsms.leftOut,
      },
    }
    const block = await this.ask(engine.baseQuery(draft, operationId(REQUEST_ID, 0)))
    if (!block) throw new Error(`the bastion did not answer: ${this.printed.at(-1)}`)
    const prepared = engine.prepare(draft, {
      result: block.result,
      detail: block.detail,
      text: assemble([block])?.text,
    })
    if (isRefusal(prepared)) return prepared
    const { name, reach, programDigest } = engine
    const scriptDigest = engine.scriptDigest(draft.bastion)
    const facts = { version: 3, engine: name, engineBy: choice.by, reach, mode, scope } as const
    return { ...facts, ...draft, ...prepared, scriptDigest, programDigest }
  }

  /** Derives and runs, from the first step to the outcome. Throws where it is refused. */
  async run(options: RunOptions = {}): Promise<EngineRun> {
    return this.runApproved(await this.approved(options), options)
  }

  /** What would run. Throws where it is refused. */
  async approved(options: RunOptions = {}): Promise<Spec> {
    const spec = await this.derive(options)
    if (isRefusal(spec)) throw new Error(`refused: ${JSON.stringify(spec.refused)}`)
    return spec
  }

  /** Runs what was derived before. */
  async runApproved(spec: Spec, { stopAsked = () => false, during }: RunOptions = {}): Promise<EngineRun> {
    const asked = request('running', { spec })
    const records: StepRecord[] = []
    this.#before += MOST_STEPS
    while (records.length < MOST_STEPS) {
      const steps = doneSteps(this.engine, asked, records)
      const decided = next(spec, steps, { stopAsked: stopAsked(steps) })
      if (decided.kind === 'end') return { spec, steps, outcome: decided.outcome }
      records.push(await this.#step(spec, { n: records.length + 1, plan: decided.step }, during))
    }
    throw new Error(`no outcome after ${MOST_STEPS} steps`)
  }

  /** Runs a script and answers its block. */
  async ask(call: ScriptCall, during?: (script: ScriptRun) => Promise<void>): Promise<OutputBlock | undefined> {
    const { lines, environment } = this.#sent(call)
    const script = this.#runScript({
      commandId: `command-${++this.#commands}`,
      instanceId: this.#instanceId,
      region: 'us-east-1',
      statePath: this.world.path,
      lines: lines.map((line) => this.#quick(line)),
      environment,
      executionTimeoutMs: 50_000,
    })
    this.sent.push(...lines, ...Object.values(environment))
    await during?.(script)
    const { stdout, stderr } = await script.result
    this.printed.push(stdout, stderr)
    return parseBlock(stdout)
  }

  logins(): LoginRecord[] {
    return readLogins(this.directory)
  }

  sessions(): SessionRecord[] {
    return readSessions(this.directory)
  }

  recordings(): ProcessRecording[] {
    const folder = join(this.directory, 'recordings')
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
    return names.sort().map((name): ProcessRecording => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  }

  /** What the tools found wrong with the way they were used. */
  violations(): string {
    const file = join(this.directory, 'violations.ndjson')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  remove(): void {
    this.world.close()
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }

  /** One step, as `run-step.ts` brings it to its end. */
  async #step(
    spec: Spec,
    { n, plan }: Pick<StepRecord, 'n' | 'plan'>,
    during: RunOptions['during'],
  ): Promise<StepRecord> {
    const operation = operationId(REQUEST_ID, this.#before + n)
    const fetch = (chunk: number) => this.ask(this.engine.fetch(spec.bastion, { operation, chunk, seal: true }))
    const record: StepRecord = { n, plan, plannedAt: NOW, blocks: [], end: { kind: 'printed' } }
    const printed = await this.ask(
      this.engine.write(spec, plan, { operation, until: Date.now() + 3_600_000 }),
      during && ((script) => during(plan, script)),
    )
    const first = printed && isAbout(printed, operation) ? printed : await recovered(fetch)
    if (first.result === 'sealed') return { ...record, end: { kind: 'sealed' } }
    const blocks = [first]
    for (let chunk = missingChunk(blocks); chunk !== undefined; chunk = missingChunk(blocks))
      blocks.push(sure(await fetch(chunk)))
    return { ...record, blocks }
  }

  get #instanceId(): string {
    return sure(this.#options.world.bastions[0]).instanceId
  }

  /** What the agent runs. */
  #sent(call: ScriptCall): Runnable {
    if (!this.#options.isLocked) return { lines: call.lines, environment: {} }
    const documents = { HsmSync: this.document() }
    const parameters = Object.entries(documentParameters(call)).map(([name, value]) => [name, [value]] as const)
    const run = runDocument({ documents }, { DocumentName: 'HsmSync' }, Object.fromEntries(parameters))
    return sure(run)
  }

  /** The locked document for the route from the first cluster to the second. */
  document(): string {
    const [source, destination] = this.world.read().clusters.map(asDescribed)
    const bastion = this.#bastion()
    const sides = { source: sideOf(sure(source), 'prod-us'), destination: sideOf(sure(destination), 'prod-eu') }
    return lockedDocument(bastion, [{ ...sides, bastion }])
  }

  // A tool that shows no prompt is waited for at every first prompt: shorter where the world has such a tool.
  #quick(line: string): string {
    const { cliInteractive } = this.world.peek().dialect
    const first = ['FIRST_PROMPT=20', cliInteractive === 'silent' ? 'FIRST_PROMPT=4' : 'FIRST_PROMPT=20'] as const
    return [...QUICK, first].reduce((text, [slow, quick]) => text.replace(slow, quick), line)
  }

  #bastion(): Bastion {
    const { binary, config, cli, configure, cliConfig, stateDir, workDir } = this.files
    const { name, instanceId, region } = sure(this.#options.world.bastions[0])
    return {
      name,
      instanceId,
      region,
      platform: this.files.platform === 'Windows' ? 'windows' : 'linux',
      stateDir,
      workDir,
      credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
      cmu: { binary, config },
      cli: { binary: cli, configure, config: cliConfig },
      cryptoUsers: this.#cryptoUsers,
    }
  }
}

/** Asks the bastion what became of a step that did not answer. */
async function recovered(fetch: (chunk: number) => Promise<OutputBlock | undefined>): Promise<OutputBlock> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const block = await fetch(1)
    if (block && block.result !== 'running' && !block.result.startsWith('refused-')) return block
    await sleep(100)
  }
  throw new Error('the step is still running')
}

/** A cluster as DescribeClusters shows it. */
function asDescribed(cluster: ReturnType<World['read']>['clusters'][number]): Cluster {
  const { clusterId, region, state, hsmType, hsms } = cluster
  return {
    clusterId: sure(parseClusterId(clusterId)),
    region,
    state,
    hsmType,
    hsms: hsms.map(({ hsmId, ip, state: hsmState, hsmType: type }) => ({
      hsmId: asHsmId(hsmId),
      state: hsmState,
      hsmType: type,
      ...(ip === undefined ? {} : { eniIp: ip }),
    })),
  }
}

function sideOf({ clusterId, region }: Cluster, alias: string): Side {
  return { alias, clusterId, region }
}
