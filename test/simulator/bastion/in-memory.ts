import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Bastion, type ToolPart } from '../../simulation/bastion/bastion.ts'
import { type Clock, dataOf } from '../../simulation/bastion/shell.ts'
import type { World } from '../world/world.ts'
import type { ScriptOrder, ScriptResult, ScriptRun } from './agent.ts'
import type { BastionFiles } from './bastion-files.ts'
import { checked } from './in-memory-check.ts'
import { type Bench, cliOn, cmuOn, secretIn } from './in-memory-tools.ts'

/** Waiting goes by so many times as fast: two minutes of silence are two seconds. */
const HASTE = 60

const hurried: Clock = {
  get now() {
    return Date.now()
  },
  sleep: (ms) => wait(ms / HASTE),
}

/**
 * A bastion without processes: the simulation's model of the scripts and the simulator's own tools, both in this
 * process. For tests of what the bot makes of a bastion's answers; test/contract/in-memory-bastion.test.ts holds it to
 * the real scripts under a real shell. What it cannot play it throws at, so that no test passes by it.
 */
export class InMemoryBastion {
  readonly #orchestration: string
  readonly #bastion: Bastion
  /** Which command started an operation. */
  readonly #commands = new Map<string, string>()

  constructor(files: BastionFiles, world: World, instanceId: string) {
    this.#orchestration = files.orchestration
    const bench: Bench = { files, world, instanceId, commandOf: (operation) => this.#commands.get(operation) ?? '' }
    const parts = { cmu: cmuOn(bench), cli: cliOn(bench) }
    const partFor = (data: ReadonlyMap<string, string>) => (data.has('clusters') ? parts.cli : parts.cmu)
    const tool: ToolPart = {
      readConfig: (data) => partFor(data).readConfig(data),
      prepare: (data) => partFor(data).prepare(data),
      play: (session, configuration, data) => partFor(data).play(session, configuration, data),
    }
    this.#bastion = new Bastion({
      time: hurried,
      name: instanceId,
      diskFault: () => world.peek().bastions.find((bastion) => bastion.instanceId === instanceId)?.disk,
      tmpfsFault: () => undefined,
      canRead: () => true,
      secret: (reference) => secretIn(world, reference),
      started: () => undefined,
      ended: () => undefined,
      check: (data) => checked(bench, data),
      tool,
    })
  }

  /** As the SSM agent runs it: see `runScript`. */
  run(order: ScriptOrder): ScriptRun {
    const data = dataOf(order.lines, order.environment)
    const operation = data.get('operation') ?? ''
    if (data.get('action') === 'session' && !this.#commands.has(operation))
      this.#commands.set(operation, order.commandId)
    const { ended, kill } = this.#bastion.start(order.lines, order.environment)
    let killed: ScriptResult['killed']
    let stop: (result: ScriptResult) => void = () => undefined
    const stopped = new Promise<ScriptResult>((resolve) => {
      stop = resolve
    })
    const end = (reason: NonNullable<ScriptResult['killed']>) => {
      killed ??= reason
      kill()
      stop({ exitCode: 137, stdout: '', stderr: '', killed })
    }
    const timer = setTimeout(() => end('timeout'), order.executionTimeoutMs)
    const printed = ended.then((printed) => ({
      exitCode: printed?.code ?? 137,
      stdout: printed?.output ?? '',
      stderr: '',
    }))
    const result = Promise.race([printed, stopped]).finally(() => clearTimeout(timer))
    return {
      directory: join(this.#orchestration, order.commandId),
      result,
      kill: end,
      sweep: kill,
    }
  }

  /** The failed logins that it has counted are forgotten. */
  forgetFailedLogins(): void {
    this.#bastion.disk.failedLogins.clear()
  }
}
