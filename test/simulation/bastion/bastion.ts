import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { Disk, type Facts, type Folder } from './disk.ts'
import { pack, type Secret, Session } from './session.ts'
import { type Clock, dataOf, Killed, Locks, Shell } from './shell.ts'

/** What is particular to a tool: `read_config`, `prepare` and `play` of its part of the script. */
export interface ToolPart {
  readConfig(data: ReadonlyMap<string, string>): Configured
  /** Refuses where the tool's configuration is not the approved one. */
  prepare(data: ReadonlyMap<string, string>): Configured
  play(session: Session, configuration: string, data: ReadonlyMap<string, string>): Promise<void>
}

export type Configured =
  | { readonly refused: string; readonly detail: string }
  | { readonly text: string; readonly detail: string }

export interface Surroundings {
  readonly time: Clock
  readonly name: string
  /** What is wrong with the state folder, or with the tmpfs, if anything. */
  readonly diskFault: () => string | undefined
  /** Can what is recorded be read? */
  readonly canRead: () => boolean
  readonly tmpfsFault: () => string | undefined
  readonly secret: (reference: string) => Secret | undefined
  readonly tool: ToolPart
  /** The tool's program was started for this operation. */
  readonly started: (operation: string) => void
  /** Its session ended, whatever becomes of the answer. */
  readonly ended: (operation: string, result: string) => void
  /** What check.sh finds, by name. Absent: nobody asks. */
  readonly check?: (data: ReadonlyMap<string, string>) => Readonly<Record<string, string>>
}

/** What the SSM agent gets of a script. */
export interface Ended {
  readonly output: string
  readonly code: number
}

const CHUNK = 18_000
const LOCK_MS = 20_000

/**
 * A bastion in memory. Kept parallel to operation.sh and bastion.sh, so that the two can be compared;
 * test/contract/bastion-model.test.ts does.
 */
export class Bastion {
  readonly disk: Disk
  readonly #around: Surroundings
  readonly #locks = new Locks()
  #shells = new Set<Shell>()

  constructor(around: Surroundings) {
    this.#around = around
    this.disk = new Disk(around.diskFault, around.canRead)
  }

  /** Runs a script to its end; `undefined` when the bastion went down meanwhile. */
  run(lines: readonly string[]): Promise<Ended | undefined> {
    return this.start(lines).ended
  }

  /** `ended` is `undefined` where it was killed. */
  start(
    lines: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): { readonly ended: Promise<Ended | undefined>; readonly kill: () => void } {
    const shell = new Shell(this.#around.time)
    this.#shells.add(shell)
    const kill = () => {
      shell.isKilled = true
    }
    return { ended: this.#run(shell, dataOf(lines, environment)), kill }
  }

  async #run(shell: Shell, data: ReadonlyMap<string, string>): Promise<Ended | undefined> {
    try {
      return await this.#main(shell, data)
    } catch (error) {
      if (error instanceof Killed) return undefined
      throw error
    } finally {
      this.#locks.release(shell)
      this.#shells.delete(shell)
    }
  }

  /** Power goes, or the machine starts again: what runs is killed, the disk stays. */
  reboot(): void {
    for (const shell of this.#shells) shell.isKilled = true
    this.#shells = new Set()
  }

  /** On Windows the agent ends what is cancelled, but not what that started. */
  endShells(): void {
    for (const shell of this.#shells) shell.isEnded = true
  }

  async #main(shell: Shell, data: ReadonlyMap<string, string>): Promise<Ended> {
    await shell.wait(200)
    switch (data.get('action')) {
      case 'read-config':
        return this.#readConfig(data)
      case 'session':
        return this.#session(shell, data)
      case 'fetch':
        return this.#fetch(data)
      case 'check':
        return this.#check(data)
      default:
        return answer(data, 'refused-input', { detail: 'unknown action' })
    }
  }

  #readConfig(data: ReadonlyMap<string, string>): Ended {
    if (this.#around.tmpfsFault() && data.has('configure')) return answer(data, 'refused-workdir', {})
    const found = this.#around.tool.readConfig(data)
    if ('refused' in found) return answer(data, `refused-${found.refused}`, { detail: found.detail })
    return answer(data, 'done', { detail: found.detail, content: pack(found.text) })
  }

  #check(data: ReadonlyMap<string, string>): Ended {
    if (!this.#around.check) throw new Error('nobody asks this bastion for a check')
    const findings = Object.entries(this.#around.check(data)).map(([name, found]) => `${name}=${found}\n`)
    return answer(data, 'done', { content: pack(findings.join('')) })
  }

  async #session(shell: Shell, data: ReadonlyMap<string, string>): Promise<Ended> {
    const { time, tool } = this.#around
    const operation = data.get('operation') ?? ''
    if (this.disk.operations.has(operation))
      return answer(data, 'refused-already-started', { facts: { seconds: 0, sent: 0, logins: [] } })
    const folder: Folder = {
      mark: 'none',
      result: undefined,
      detail: '',
      facts: undefined,
      transcript: '',
      packed: undefined,
    }
    const session = new Session(shell, folder, this.disk, () => time.now)
    const refuse = (why: string, detail = '') => {
      session.remember(`refused-${why}`, detail)
      return answer(data, `refused-${why}`, { detail, facts: session.facts() })
    }
    if (!this.disk.takesFiles()) return answer(data, 'refused-state', { facts: session.facts() })
    this.disk.operations.set(operation, folder)
    this.#locks.take(`alive ${operation}`, shell)
    const until = Number(data.get('until') ?? 0)
    if (until > 0 && Math.floor(time.now / 1000) > until) return refuse('late')
    if (!(await this.#lock(shell, data.get('lock') ?? ''))) return refuse('busy', 'another step for this destination')
    if (this.#around.tmpfsFault()) return refuse('workdir')
    const configured = tool.prepare(data)
    if ('refused' in configured) return refuse(configured.refused, configured.detail)
    for (const login of (data.get('logins') ?? '').split(',').filter((word) => word !== '')) {
      await shell.wait(300)
      const secret = this.#around.secret(login)
      if (!secret) return refuse('credentials', 'the secret could not be read')
      session.secrets.push(secret)
    }
    // `: >transcript`: a new file.
    if (!this.disk.takesFiles()) return refuse('state')
    session.begin()
    this.#around.started(operation)
    await tool.play(session, configured.text, data)
    return this.#conclude(data, session)
  }

  #conclude(data: ReadonlyMap<string, string>, session: Session): Ended {
    const result = session.stop === '' ? 'done' : `stopped-${session.stop}`
    const content = pack(session.folder.transcript)
    this.#around.ended(data.get('operation') ?? '', result)
    session.remember(result, session.detail, content)
    return answer(data, result, { detail: session.detail, facts: session.facts(), content })
  }

  /** `flock -w`: waits for a while. */
  async #lock(shell: Shell, name: string): Promise<boolean> {
    for (let waited = 0; !this.#locks.take(name, shell); waited += 1_000) {
      if (waited >= LOCK_MS) return false
      await shell.wait(1_000)
    }
    return true
  }

  #fetch(data: ReadonlyMap<string, string>): Ended {
    const operation = data.get('operation') ?? ''
    const folder = this.disk.operations.get(operation)
    if (!folder) {
      if (data.get('seal') !== 'yes') return answer(data, 'not-started', {})
      if (!this.disk.takesFiles()) return answer(data, 'refused-state', {})
      this.disk.operations.set(operation, {
        mark: undefined,
        result: 'sealed',
        detail: '',
        facts: undefined,
        transcript: '',
        packed: undefined,
      })
      return answer(data, 'sealed', {})
    }
    if (folder.result === 'sealed') return answer(data, 'sealed', {})
    // `exec 8<alive`: what cannot be opened cannot be asked whether it still runs.
    if (folder.result === undefined && !this.disk.reads(folder)) return answer(data, 'refused-state', {})
    if (folder.result === undefined && this.#locks.isHeld(`alive ${operation}`)) return answer(data, 'running', {})
    if (folder.result === undefined && this.disk.takesFiles()) {
      folder.result = 'stopped-killed'
      if (folder.mark) folder.facts = { mark: folder.mark, seconds: 0, sent: -1, logins: [] }
    }
    const recordedFacts = folder.facts ?? (folder.mark && { mark: folder.mark, seconds: 0, sent: -1, logins: [] })
    const facts = this.disk.reads(recordedFacts)
    const content = folder.packed ?? (folder.transcript === '' ? undefined : pack(folder.transcript))
    const recorded = folder.result ?? 'stopped-killed'
    return answer(data, 'recorded', {
      recorded,
      detail: folder.detail,
      ...(facts ? { facts } : {}),
      ...(content ? { content } : {}),
    })
  }
}

interface Told {
  readonly detail?: string
  readonly recorded?: string
  readonly facts?: Omit<Facts, 'mark'> & Partial<Pick<Facts, 'mark'>>
  readonly content?: string
}

/** The one block that the bot reads. */
function answer(
  data: ReadonlyMap<string, string>,
  result: string,
  { detail = '', recorded, facts, content }: Told,
): Ended {
  const chunk = Number(data.get('chunk') ?? 1)
  const text = [
    '-----BEGIN HSM-SYNC-----',
    `action=${data.get('action')}`,
    `operation=${data.get('operation')}`,
    `result=${result}`,
    `detail=${detail}`,
    ...(recorded === undefined ? [] : [`recorded=${recorded}`]),
    ...(facts?.mark ? [`mark=${facts.mark}`] : []),
    // A killed one has counted nothing for those who ask later.
    ...(facts && facts.sent >= 0 ? [`seconds=${facts.seconds}`, `sent=${facts.sent}`] : []),
    ...(facts && facts.logins.length > 0 ? [`logins=${facts.logins.join(',')}`] : []),
    ...(content === undefined
      ? []
      : [
          `sha256=${createHash('sha256').update(content).digest('hex')}`,
          `chunks=${Math.ceil(content.length / CHUNK)}`,
          `chunk=${chunk}`,
          `content=${content.slice((chunk - 1) * CHUNK, chunk * CHUNK)}`,
        ]),
    '-----END HSM-SYNC-----',
    '',
  ]
  return { output: text.join('\n'), code: result.startsWith('refused-') ? 1 : result.startsWith('stopped-') ? 3 : 0 }
}

/** Content that came packed in a script's data. */
export function unpack(packed: string | undefined): string {
  return packed ? gunzipSync(Buffer.from(packed, 'base64')).toString('utf8') : ''
}
