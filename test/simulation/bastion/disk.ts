export type Mark = 'none' | 'login' | 'read' | 'write'

/** An operation's folder: it appears whole, with its first word in it, or not at all. */
export interface Folder {
  mark: Mark | undefined
  result: string | undefined
  detail: string
  facts: Facts | undefined
  transcript: string
  packed: string | undefined
}

export interface Facts {
  readonly mark: Mark
  readonly seconds: number
  readonly sent: number
  readonly logins: readonly string[]
}

/** The bastion's state folder. Bad days: full, without inodes, read only. */
export class Disk {
  readonly operations = new Map<string, Folder>()
  /** The count of failed logins of each user on each cluster, with the secret's version (CloudHSM CLI only). */
  readonly failedLogins = new Map<string, { readonly count: number; readonly version: string }>()
  readonly #fault: () => string | undefined

  readonly #canRead: () => boolean

  constructor(fault: () => string | undefined, canRead: () => boolean) {
    this.#fault = fault
    this.#canRead = canRead
  }

  /** What was recorded of an operation: nothing, where it cannot be read. */
  reads<Word>(word: Word): Word | undefined {
    return this.#canRead() ? word : undefined
  }

  /** Takes new files, and so everything that is made beside and renamed: marks, results, folders. */
  takesFiles(): boolean {
    return this.#fault() === undefined
  }

  /** Takes more of what is in a file already: without inodes too. */
  takesMore(): boolean {
    const fault = this.#fault()
    return fault === undefined || fault === 'no-inodes'
  }
}
