import type { Bastions, CommandToSend, Instance, Invocation, Sent } from '../../../src/application/ports.ts'
import type { Platform } from '../../../src/domain/platform.ts'
import type { Documents } from '../documents.ts'
import type { Random } from '../random.ts'
import { SECOND, type Time } from '../time.ts'
import type { Weather } from '../weather.ts'
import type { Windows } from '../windows.ts'
import type { Bastion } from './bastion.ts'

/** One command as SSM has it. */
export interface Command {
  readonly commandId: string
  readonly comment: string
  readonly lines: readonly string[]
  readonly sentAt: number
  readonly visibleAt: number
  readonly listedAt: number
  status: string
  output: string
  isOver: boolean
  /** The bot was told of it. */
  isTold: boolean
  /** The hash of the locked document that it named. */
  readonly document: string | undefined
  /** Whose document for scripts it was sent by, and what its script is written for. */
  readonly platform: Platform
  readonly writtenFor: Platform
  /** What the instance was then. */
  readonly type: string
}

/** What becomes of a command between SSM, the agent and SSM's record of it. */
type Fate = 'usual' | 'lost' | 'late' | 'false-status' | 'twice' | 'stuck' | 'no-output' | 'cut-output'

/** SSM says these of commands that did run, or will yet (public reports). */
const FALSE_STATUSES = [
  'Delivery Timed Out',
  'Undeliverable',
  'Terminated',
  'Failed',
  'Execution Timed Out',
  'Cancelled',
] as const
const DELIVERY_MS = 120 * SECOND

/** SSM Run Command towards one bastion, and its agent there. */
export class Ssm implements Bastions {
  readonly commands: Command[] = []
  readonly #time: Time
  readonly #random: Random
  readonly #weather: Weather
  readonly #bastion: Bastion
  readonly #documents: Documents
  readonly #windows: Windows
  #downUntil = 0

  constructor(
    time: Time,
    random: Random,
    weather: Weather,
    parts: { readonly bastion: Bastion; readonly documents: Documents; readonly windows: Windows },
  ) {
    this.#time = time
    this.#random = random
    this.#weather = weather
    this.#bastion = parts.bastion
    this.#documents = parts.documents
    this.#windows = parts.windows
  }

  /** The bastion goes down and comes back. */
  reboot(ms: number): void {
    this.#bastion.reboot()
    this.#downUntil = this.#time.now + ms
  }

  async presence() {
    await this.#time.sleep(this.#random.int(30, 200))
    const ping = this.#time.now < this.#downUntil ? 'ConnectionLost' : 'Online'
    return { ping, platform: this.#windows.type }
  }

  document({ region }: Instance) {
    return this.#documents.document(region)
  }

  async send({ document, platform = 'linux' }: Instance, { call: { lines }, comment }: CommandToSend): Promise<Sent> {
    await this.#time.sleep(this.#random.int(30, 300))
    if (document && !this.#documents.takes(document.hash))
      return { kind: 'refused', problem: 'InvalidDocument: the hash does not match', again: false }
    if (this.#weather.happens('send', 0.25)) {
      const how = this.#random.pick([
        'throttled',
        'invalid',
        'credentials',
        'lost-before',
        'lost-after',
        'lost-after',
      ] as const)
      if (how === 'throttled') return { kind: 'refused', problem: 'ThrottlingException: Rate exceeded', again: true }
      if (how === 'invalid')
        return { kind: 'refused', problem: 'InvalidInstanceId: not in a valid state', again: false }
      if (how === 'credentials')
        return { kind: 'refused', problem: 'CredentialsProviderError: no credentials', again: this.#random.chance(0.5) }
      if (how === 'lost-after') this.#create(lines, comment, { document: document?.hash, platform })
      await this.#time.sleep(this.#random.int(1, 20) * SECOND)
      return { kind: 'unsure', problem: 'TimeoutError: socket hang up' }
    }
    const command = this.#create(lines, comment, { document: document?.hash, platform })
    command.isTold = true
    return { kind: 'sent', commandId: command.commandId }
  }

  async look(_instance: unknown, commandId: string): Promise<Invocation> {
    await this.#time.sleep(this.#random.int(20, 150))
    if (this.#weather.happens('status', 0.05)) return { kind: 'unreachable', problem: 'TimeoutError' }
    const command = this.commands.find((candidate) => candidate.commandId === commandId)
    if (!command || this.#time.now < command.visibleAt) return { kind: 'invisible' }
    if (!command.isOver) return { kind: 'waiting', status: command.status }
    return { kind: 'ended', status: command.status, output: command.output, complaint: '' }
  }

  async find(_instance: unknown, comment: string, since: number): Promise<string | undefined> {
    await this.#time.sleep(this.#random.int(50, 400))
    if (this.#weather.happens('status', 0.1)) throw new Error('ThrottlingException: Rate exceeded')
    return this.commands.find(
      (command) => command.comment === comment && command.sentAt >= since && command.listedAt <= this.#time.now,
    )?.commandId
  }

  #create(lines: readonly string[], comment: string, sent: Pick<Command, 'document' | 'platform'>): Command {
    const { now } = this.#time
    const isSlow = this.#weather.happens('status', 0.2)
    const command: Command = {
      commandId: `cmd-${this.commands.length + 1}`,
      comment,
      lines,
      sentAt: now,
      visibleAt: now + (isSlow ? this.#random.int(5, 90) * SECOND : this.#random.int(0, 1_500)),
      listedAt: now + (isSlow ? this.#random.int(5, 180) * SECOND : this.#random.int(0, 3_000)),
      status: 'Pending',
      output: '',
      isOver: false,
      isTold: false,
      writtenFor: lines[0]?.startsWith('$data') ? 'windows' : 'linux',
      type: this.#windows.type,
      ...sent,
    }
    this.commands.push(command)
    this.#deliver(command, this.#fate())
    return command
  }

  #fate(): Fate {
    if (this.#weather.happens('agent', 0.25)) return this.#random.pick(['lost', 'late', 'late', 'twice'])
    if (this.#weather.happens('status', 0.2)) return this.#random.pick(['false-status', 'false-status', 'stuck'])
    if (this.#weather.happens('output', 0.3)) return this.#random.pick(['no-output', 'cut-output'])
    return 'usual'
  }

  #deliver(command: Command, fate: Fate): void {
    const { clearFrom } = this.#weather
    if (fate === 'lost' || fate === 'late') {
      this.#time.after(DELIVERY_MS, () => this.#end(command, 'Delivery Timed Out', ''))
      if (fate === 'lost') return
      const late = this.#random.int(5, 900) * SECOND
      this.#time.at(Math.min(this.#time.now + late, Math.max(clearFrom, this.#time.now)), () =>
        this.#start(command, 'false-status'),
      )
      return
    }
    this.#time.after(this.#random.int(200, 2_000), () => this.#start(command, fate))
    if (fate === 'twice')
      this.#time.after(this.#random.int(1, 600) * SECOND, () => void this.#bastion.run(command.lines))
  }

  #start(command: Command, fate: Fate): void {
    if (this.#time.now < this.#downUntil) {
      // The agent is away: the command waits for it, as long as SSM lets it.
      if (this.#downUntil - command.sentAt < DELIVERY_MS)
        this.#time.at(this.#downUntil + 500, () => this.#start(command, fate))
      else this.#time.at(command.sentAt + DELIVERY_MS, () => this.#end(command, 'Delivery Timed Out', ''))
      return
    }
    if (!command.isOver) command.status = 'InProgress'
    // Said of it before it has ended, or after.
    if (fate === 'false-status' && this.#random.chance(0.5))
      this.#time.after(this.#random.int(1, 60) * SECOND, () =>
        this.#end(command, this.#random.pick(FALSE_STATUSES), ''),
      )
    void this.#play(command, fate)
  }

  async #play(command: Command, fate: Fate): Promise<void> {
    const done = await this.#bastion.run(command.lines)
    if (fate === 'stuck') return
    if (!done) return this.#killed(command)
    await this.#time.sleep(this.#random.int(200, 1_500))
    // The agent keeps what a script prints on the same disk.
    const isUnkept =
      !this.#bastion.disk.takesFiles() && this.#random.chance(command.comment.includes(' fetch ') ? 0.3 : 0.8)
    const status = fate === 'false-status' ? this.#random.pick(FALSE_STATUSES) : done.code === 0 ? 'Success' : 'Failed'
    const output =
      isUnkept || fate === 'no-output' || fate === 'false-status'
        ? ''
        : fate === 'cut-output'
          ? done.output.slice(0, this.#random.int(10, done.output.length))
          : done.output
    this.#end(command, status, output)
  }

  /** The machine went down while it ran. */
  #killed(command: Command): void {
    const how = this.#random.pick(['failed', 'undeliverable', 'never', 'again'] as const)
    if (how === 'never') return
    if (how === 'again') {
      this.#time.at(this.#downUntil + this.#random.int(1, 60) * SECOND, () => this.#start(command, 'usual'))
      return
    }
    this.#time.after(this.#random.int(1, 5 * 60) * SECOND, () =>
      this.#end(command, how === 'failed' ? 'Failed' : 'Undeliverable', ''),
    )
  }

  #end(command: Command, status: string, output: string): void {
    if (command.isOver) return
    command.isOver = true
    command.status = status
    command.output = output
  }
}
