import { randomUUID } from 'node:crypto'
import type { ScriptOrder, ScriptRun } from '../bastion/agent.ts'
import { type Json, textAt } from '../json.ts'
import type { World } from '../world/world.ts'
import { AwsError } from './aws-error.ts'
import type { AwsFaultRule } from './aws-simulator.ts'
import { calendarState } from './calendars.ts'
import { type CommandRecord, describeCommand, executionTimeout, hasEnded, setStatus } from './command-record.ts'
import { describeDocument, getDocument } from './documents.ts'
import { describeInvocation } from './invocation.ts'
import { listCommands } from './list-commands.ts'
import { listInstances } from './list-instances.ts'
import { parseSendCommand } from './send-command.ts'

export interface SsmOptions {
  readonly world: World
  /** How each bastion runs a script, by its instance id. */
  readonly bastions: ReadonlyMap<string, (order: ScriptOrder) => ScriptRun>
  readonly invisibleCalls: number
  readonly invisibleMs: number
  readonly pendingMs: number
  readonly report: (violation: string) => void
}

/** SSM Run Command over bastions that really execute. */
export class Ssm {
  readonly commands: CommandRecord[] = []
  readonly #options: SsmOptions
  #isStopped = false

  constructor(options: SsmOptions) {
    this.#options = options
  }

  /** The answer to one operation; `fault` may change what happens to a command without executing it. */
  operations(fault: AwsFaultRule | undefined): Record<string, (input: Json, region: string) => Json> {
    return {
      SendCommand: (input, region) => this.#send(input, region, fault),
      GetCommandInvocation: (input, region) => this.#invocation(input, region, fault),
      ListCommands: (input, region) => listCommands(this.commands, input, region),
      CancelCommand: (input, region) => this.#cancel(input, region),
      DescribeDocument: (input) => describeDocument(this.#options.world.peek(), input),
      GetDocument: (input) => getDocument(this.#options.world.peek(), input),
      GetCalendarState: (input) => calendarState(this.#options.world.peek(), input),
      DescribeInstanceInformation: (input, region) => listInstances(this.#options.world.peek(), input, region),
    }
  }

  /** Starts nothing more, and ends every process that a command has left behind. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const command of this.commands) {
      if (!hasEnded(command)) command.run?.kill('cancel')
      command.run?.sweep()
      await command.run?.result
    }
  }

  #send(input: Json, region: string, fault: AwsFaultRule | undefined): Json {
    const { world, report } = this.#options
    const bastion = world
      .peek()
      .bastions.find((candidate) => candidate.instanceId === String([input.InstanceIds].flat()[0]))
    if (bastion === undefined || bastion.region !== region || (bastion.ping ?? 'Online') !== 'Online') {
      throw new AwsError('InvalidInstanceId', 'Instances not in a valid state for account')
    }
    if (JSON.stringify(input).includes('{{')) report('SendCommand with {{ in it')
    const order = parseSendCommand(input, bastion.platform ?? 'Linux', world.peek())
    const { promise, resolve } = deferred()
    const command: CommandRecord = {
      commandId: randomUUID(),
      region,
      ...order,
      requestedAt: Date.now(),
      status: 'Pending',
      statusDetails: 'Pending',
      executed: false,
      exitCode: -1,
      stdout: '',
      stderr: '',
      asked: 0,
      finished: promise,
    }
    this.commands.push(command)
    setTimeout(() => this.#begin(command, fault, resolve), this.#options.pendingMs)
    return { Command: describeCommand(command) }
  }

  #begin(command: CommandRecord, fault: AwsFaultRule | undefined, finished: () => void): void {
    if (hasEnded(command) || this.#isStopped) {
      finished()
      return
    }
    if (fault?.statusDetails !== undefined) {
      setStatus(command, fault.statusDetails)
      if (!hasEnded(command)) return
      finished()
      return
    }
    const runScript = this.#options.bastions.get(command.instanceId)
    if (runScript === undefined) throw new Error(`no bastion ${command.instanceId}`)
    const run = runScript({
      commandId: command.commandId,
      instanceId: command.instanceId,
      region: command.region,
      statePath: this.#options.world.path,
      ...command.runs,
      executionTimeoutMs: executionTimeout(command) * 1000,
      ...(command.parameters.workingDirectory?.[0] ? { workingDirectory: command.parameters.workingDirectory[0] } : {}),
    })
    Object.assign(command, { run, directory: run.directory, pid: run.pid, executed: true, startedAt: Date.now() })
    setStatus(command, 'In Progress')
    void run.result.then((result) => {
      command.stdout = result.stdout
      command.stderr = result.stderr
      command.exitCode = result.exitCode
      command.endedAt = Date.now()
      if (fault?.agentDies !== true) this.#settle(command, result)
      finished()
    })
  }

  // Exit codes as the agent reads them: 168 is success, 194 reboots the machine, 137 is taken for a timeout.
  #settle(command: CommandRecord, result: { exitCode: number; killed?: 'timeout' | 'cancel' }): void {
    const { exitCode, killed } = result
    if (killed === 'cancel') {
      setStatus(command, 'Cancelled')
      return
    }
    if (killed === 'timeout' || exitCode === 137) {
      if (killed === undefined) this.#options.report(`${command.comment}: the script itself exited with 137`)
      setStatus(command, 'Execution Timed Out')
      return
    }
    if (exitCode === 194 || exitCode === 168) {
      this.#options.report(`${command.comment}: exit ${exitCode} ${exitCode === 194 ? 'reboots the bastion' : 'skips'}`)
    }
    setStatus(command, exitCode === 0 || exitCode === 168 ? 'Success' : 'Failed')
  }

  #invocation(input: Json, region: string, fault: AwsFaultRule | undefined): Json {
    const { invisibleCalls, invisibleMs } = this.#options
    const command = this.#find(input, region)
    if (command === undefined || command.instanceId !== textAt(input, 'InstanceId')) {
      throw new AwsError('InvocationDoesNotExist')
    }
    command.asked++
    if (fault?.cut !== undefined) command.cutAt = fault.cut
    // A new command shows only after a moment (SSM API, GetCommandInvocation).
    if (command.asked <= invisibleCalls || Date.now() - command.requestedAt < invisibleMs) {
      throw new AwsError('InvocationDoesNotExist')
    }
    return describeInvocation(command)
  }

  #cancel(input: Json, region: string): Json {
    const command = this.#find(input, region)
    if (command === undefined) throw new AwsError('InvalidCommandId')
    if (hasEnded(command)) return {}
    if (command.run === undefined) setStatus(command, 'Cancelled')
    else {
      setStatus(command, 'Cancelling')
      command.run.kill('cancel')
    }
    return {}
  }

  #find(input: Json, region: string): CommandRecord | undefined {
    const id = textAt(input, 'CommandId')
    return this.commands.find((command) => command.commandId === id && command.region === region)
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
