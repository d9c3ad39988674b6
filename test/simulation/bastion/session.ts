import { gzipSync } from 'node:zlib'
import type { Disk, Facts, Folder, Mark } from './disk.ts'
import type { Shell } from './shell.ts'
import type { Said } from './tool.ts'

/** Seconds without a byte from the tool. */
export const PATIENCE = 120

export interface Secret {
  readonly user: string
  readonly password: string
  readonly version: string
}

/** The memory of a session's shell, and what it does to its folder: `keep`, `mark` and `conclude` of operation.sh. */
export class Session {
  marked: Mark = 'none'
  sent = 0
  stop = ''
  detail = ''
  readonly secrets: Secret[] = []
  readonly shell: Shell
  readonly folder: Folder
  readonly disk: Disk
  readonly #now: () => number
  #began: number

  constructor(shell: Shell, folder: Folder, disk: Disk, now: () => number) {
    this.shell = shell
    this.folder = folder
    this.disk = disk
    this.#now = now
    this.#began = now()
  }

  begin(): void {
    this.#began = this.#now()
  }

  /** How far it came, from memory. */
  facts(): Facts {
    const seconds = Math.floor((this.#now() - this.#began) / 1000)
    return { mark: this.marked, seconds, sent: this.sent, logins: this.secrets.map(({ user }) => user) }
  }

  /** One more chunk of the transcript. What cannot be recorded any more is not gone on with. */
  keep(text: string): void {
    this.shell.check()
    if (this.disk.takesMore()) this.folder.transcript += this.#withoutSecrets(text)
    else this.stop ||= 'state'
  }

  #withoutSecrets(text: string): string {
    return this.secrets.reduce((kept, { password }) => kept.replaceAll(password, '[redacted]'), text)
  }

  /** Recorded before what it announces is sent. */
  mark(word: string): void {
    const mark = word as Mark
    if (!this.disk.takesFiles()) {
      this.stop = 'state'
      return
    }
    this.folder.mark = mark
    this.marked = mark
  }

  /** The end, for those who ask later. What the disk does not take is told from memory. */
  remember(result: string, detail: string, content?: string): void {
    if (!this.disk.takesFiles()) return
    this.folder.facts = this.facts()
    if (content !== undefined) this.folder.packed = content
    this.folder.result = result
    this.folder.detail = detail
  }

  /** What the tool said, and why the dialogue ends there, if it does. */
  async hear(said: Said): Promise<void> {
    if (said.end === 'question') this.stop = 'question'
    if (said.end === 'gone') this.stop ||= 'gone'
    if (said.end === 'silent') {
      await this.shell.wait(PATIENCE * 1_000)
      this.stop ||= 'silent'
    }
  }
}

export function pack(text: string): string {
  return gzipSync(text, { level: 1 }).toString('base64')
}
