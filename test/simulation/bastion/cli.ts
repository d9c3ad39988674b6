import { isLocked, roleOf, type SimHsm, type SimKey, type SimUser } from '../world/hsms.ts'
import { answer, Failure, isSameKey, plainKey, referenceOf, userEntry, wholeKey } from './cli-text.ts'
import type { Hands } from './cmu.ts'
import type { Said, ToolFault } from './tool.ts'

interface Login {
  readonly cluster: string
  readonly name: string
  readonly role: string
}

/** cloudhsm-cli in interactive mode, as far as the bot uses it: the dialect of test/simulator/bin/cli. */
export class CloudHsmCli {
  readonly #hands: Hands
  /** The HSMs of each cluster that the configuration names. */
  readonly #clusters: ReadonlyMap<string, readonly SimHsm[]>
  readonly #logins = new Map<string, Login>()
  #asking: Login | undefined

  constructor(hands: Hands, clusters: ReadonlyMap<string, readonly SimHsm[]>) {
    this.#hands = hands
    this.#clusters = clusters
  }

  async start(): Promise<Said> {
    await this.#hands.shell.toolWait(this.#hands.random.int(300, 1_500))
    return { text: this.#prompt(), end: 'prompt' }
  }

  /** One line of input: a command, or the password that was asked for. */
  async say(line: string): Promise<Said> {
    const { shell, random } = this.#hands
    const words = line.trim().split(/\s+/)
    const asked = this.#asking
    this.#asking = undefined
    if (!asked && words[0] === 'login') {
      this.#asking = {
        cluster: option(words, 'cluster-id'),
        name: option(words, 'username'),
        role: option(words, 'role'),
      }
      return { text: 'Enter password:', end: 'password' }
    }
    const command = asked ? 'login' : words.slice(0, 2).join(' ')
    const pace = command.endsWith('replicate') || asked ? random.int(100, 1_500) : random.int(20, 400)
    await shell.toolWait(pace)
    const fault = this.#hands.fault(command)
    if (fault === 'silent-before') return { text: '', end: 'silent' }
    if (fault === 'gone-before') return { text: 'Segmentation fault\n', end: 'gone' }
    if (fault === 'question') return { text: 'Are you sure (y/n)?', end: 'question' }
    const text =
      fault === 'fail'
        ? answer('Internal error: the HSM did not answer')
        : this.#safely(() => (asked ? this.#login(asked, line) : this.#run(command, words, fault)))
    await shell.toolWait(pace)
    if (fault === 'silent-after') return { text: '', end: 'silent' }
    if (fault === 'gone-after') return { text: '', end: 'gone' }
    return { text: `${text}${this.#prompt()}`, end: 'prompt' }
  }

  #prompt(): string {
    const last = [...this.#logins.values()].at(-1)
    return last ? `${last.name}@${last.cluster} > ` : 'aws-cloudhsm > '
  }

  #safely(run: () => string): string {
    try {
      return run()
    } catch (error) {
      if (error instanceof Failure) return answer(error.message)
      throw error
    }
  }

  #hsms(cluster: string): readonly SimHsm[] {
    const hsms = this.#clusters.get(cluster)
    if (!hsms) throw new Failure(`Cluster ${cluster} was not found in the configuration file`)
    const away = hsms.find(({ state }) => state !== 'ACTIVE')
    if (away) throw new Failure(`Internal error: failed to connect to ${away.ip}:2223: connection timed out`)
    return hsms
  }

  #run(command: string, words: readonly string[], fault: ToolFault | undefined): string {
    const cluster = option(words, 'cluster-id')
    switch (command) {
      case 'cluster hsm-info':
        return answer({ hsms: this.#hsms(cluster).map(({ hsmId }) => ({ 'serial-number': hsmId })) })
      case 'user list':
        return answer({ users: this.#users(cluster) })
      case 'key list':
        return answer(this.#keys(cluster, words))
      case 'user replicate':
        return this.#replicateUser(words, fault)
      case 'key replicate':
        return this.#replicateKey(words, fault)
      case 'logout --cluster-id':
        this.#logins.delete(cluster)
        return answer('Logout successful')
      default:
        throw new Failure(`unrecognized subcommand '${command}'`)
    }
  }

  #login({ cluster, name, role }: Login, password: string): string {
    if (this.#logins.has(cluster)) throw new Failure('Login failed: already logged in')
    const { hsms, operation } = this.#hands
    // To each HSM in turn; it stops at the first that says no.
    for (const hsm of this.#hsms(cluster)) {
      const attempt = { name, role: role === 'admin' ? ('CO' as const) : ('CU' as const), password }
      if (!hsms.login(hsm, attempt, operation)) throw new Failure('Login failed: invalid username or password')
    }
    this.#logins.set(cluster, { cluster, name, role })
    return answer({ username: name, role })
  }

  #users(cluster: string): object[] {
    const hsms = this.#hsms(cluster)
    const groups = new Map<string, SimUser[]>()
    for (const user of hsms.flatMap((hsm) => this.#hands.hsms.usersOf(hsm))) {
      const group = `${user.name} ${roleOf(user)}`
      groups.set(group, [...(groups.get(group) ?? []), user])
    }
    return [...groups.values()].map((copies) => userEntry(copies, hsms.length))
  }

  #keys(cluster: string, words: readonly string[]): object {
    const hsms = this.#hsms(cluster)
    const login = this.#logins.get(cluster)
    if (!login) throw new Failure(`Not logged in to cluster ${cluster}`)
    const sees = (key: SimKey) => login.role === 'admin' || [key.owner, ...key.sharedWith].includes(login.name)
    const found = this.#copies(hsms).filter((copies) => copies.some(sees))
    const from = Number(option(words, 'starting-token') || 0)
    const page = found.slice(from, from + Number(option(words, 'max-items') || 10))
    const isWhole = words.includes('--verbose') && login.role !== 'admin'
    const next = from + page.length
    return {
      matched_keys: page.map((copies) => (isWhole ? wholeKey(copies, hsms.length) : copies[0] && plainKey(copies[0]))),
      total_key_count: found.length,
      returned_key_count: page.length,
      ...(next < found.length ? { next_token: `${next}` } : {}),
    }
  }

  /** Keys by reference, as the copies on each HSM that has it. */
  #copies(hsms: readonly SimHsm[]): SimKey[][] {
    const byHandle = new Map<number, SimKey[]>()
    for (const key of hsms.flatMap((hsm) => this.#hands.hsms.keysOf(hsm)))
      byHandle.set(key.handle, [...(byHandle.get(key.handle) ?? []), key])
    return [...byHandle.values()].sort(([a], [b]) => (a?.handle ?? 0) - (b?.handle ?? 0))
  }

  #replicateUser(words: readonly string[], fault: ToolFault | undefined): string {
    const { from, to } = this.#ends(words)
    const { hsms, operation } = this.#hands
    const [name, role] = [option(words, 'username'), option(words, 'role') === 'admin' ? 'CO' : 'CU'] as const
    const found = from.map((hsm) => hsms.userNamed(hsm, name, role))
    const [user] = found
    if (!user) throw new Failure('Specified user does not exist')
    if (found.some((copy) => !copy || isLocked(copy) !== isLocked(user)))
      throw new Failure('Specified user is inconsistent across the cluster')
    const type = role === 'CO' ? 'CO' : 'CU'
    const done = () =>
      answer({ user: { username: name, role: option(words, 'role') }, message: 'Successfully replicated user' })
    if (fault === 'lie') return done()
    const reached = fault === 'some' ? to.slice(0, -1) : to
    const worked = reached.filter((hsm) => {
      const present = hsms.userNamed(hsm, name)
      if (present) return roleOf(present) === role && isLocked(present) === isLocked(user)
      hsms.addUser(hsm, { ...user, type }, operation)
      return true
    })
    return worked.length === to.length ? done() : failedOn('User', to.length - worked.length, to.length)
  }

  #replicateKey(words: readonly string[], fault: ToolFault | undefined): string {
    const { from, to } = this.#ends(words)
    const { hsms, operation } = this.#hands
    const handle = Number(/key-reference=(0x[0-9a-f]+)/.exec(words.join(' '))?.[1])
    const copies = from.flatMap((hsm) => hsms.keyWith(hsm, handle) ?? [])
    const [key] = copies
    if (!key) throw new Failure('No key matches the filter')
    if (copies.length < from.length || copies.some((copy) => !isSameKey(copy, key)))
      throw new Failure('The selected key is not synchronized throughout the cluster')
    const done = () => answer({ key: { 'key-reference': referenceOf(handle) }, message: 'Successfully replicated key' })
    if (fault === 'lie') return done()
    const other = to.flatMap((hsm) => hsm.keys).reduce((most, one) => Math.max(most, one.handle), handle) + 1
    const reached = fault === 'some' ? to.slice(0, -1) : to
    const worked = reached.filter((hsm) => {
      if ([key.owner, ...key.sharedWith].some((name) => !hsms.userNamed(hsm, name, 'CU'))) return false
      if (fault === 'new-handle' || fault === 'twice') hsms.addKey(hsm, { ...key, handle: other }, operation)
      if (fault === 'new-handle') return true
      const present = hsms.keyWith(hsm, handle)
      if (present) return isSameKey(present, key)
      hsms.addKey(hsm, key, operation)
      return true
    })
    return worked.length === to.length ? done() : failedOn('Key', to.length - worked.length, to.length)
  }

  #ends(words: readonly string[]): { readonly from: readonly SimHsm[]; readonly to: readonly SimHsm[] } {
    const [source, destination] = [option(words, 'source-cluster-id'), option(words, 'destination-cluster-id')]
    for (const cluster of [source, destination])
      if (!this.#logins.has(cluster)) throw new Failure(`Not logged in to cluster ${cluster}`)
    return { from: this.#hsms(source), to: this.#hsms(destination) }
  }
}

function failedOn(what: 'User' | 'Key', failed: number, all: number): string {
  return answer(`${what} replicate failed on ${failed} of ${all} connections`)
}

function option(words: readonly string[], name: string): string {
  const at = words.indexOf(`--${name}`)
  return at < 0 ? '' : (words[at + 1] ?? '')
}
