import type { Random } from '../random.ts'
import { type Hsms, isLocked, roleOf, type SimHsm } from '../world/hsms.ts'
import { type CmuDialect, keysText, lines, usersText } from './cmu-text.ts'
import type { Shell } from './shell.ts'
import type { Said, ToolFault } from './tool.ts'

interface Server {
  readonly number: number
  readonly ip: string
  readonly hsm: SimHsm
  isLoggedIn: boolean
}

export interface Hands {
  readonly hsms: Hsms
  readonly shell: Shell
  readonly random: Random
  readonly operation: string
  /** How the tool misbehaves with this command, if it does. */
  readonly fault: (command: string) => ToolFault | undefined
}

/** cloudhsm_mgmt_util, as far as the bot uses it: the dialect of test/simulator/bin/cmu. */
export class Cmu {
  readonly #hands: Hands
  readonly #dialect: CmuDialect
  #servers: Server[] = []
  #mode: number | undefined

  constructor(hands: Hands, dialect: CmuDialect) {
    this.#hands = hands
    this.#dialect = dialect
  }

  /** Connects to every server of the configuration file. */
  async start(config: string): Promise<Said> {
    await this.#hands.shell.toolWait(this.#hands.random.int(300, 1_500))
    const text: string[] = ['Connecting to the server(s), it may take time', '']
    let number = 0
    for (const ip of serversIn(config)) {
      const hsm = this.#hands.hsms.at(ip)
      text.push(`Connecting to server '${ip}': hostname '${ip}', port 2225...`)
      if (hsm) {
        text.push(`Connected to server '${ip}': hostname '${ip}', port 2225.`, `E2E enabled on server ${number}(${ip})`)
        this.#servers.push({ number, ip, hsm, isLoggedIn: false })
      } else text.push(`Connection to server ${ip}(${ip}) on port 2225 failed:Connection timed out`)
      number++
    }
    return { text: `${lines(...text)}${this.#prompt()}`, end: 'prompt' }
  }

  /** One line of input. What it does to the HSMs happens in the middle of the time it takes. */
  async say(line: string): Promise<Said> {
    const { shell, random } = this.#hands
    const [command = '', ...args] = line.trim().split(/\s+/)
    const pace = command.startsWith('sync') ? random.int(50, 900) : random.int(20, 400)
    await shell.toolWait(pace)
    const fault = this.#hands.fault(command)
    if (fault === 'silent-before') return { text: '', end: 'silent' }
    if (fault === 'gone-before') return { text: 'Segmentation fault\n', end: 'gone' }
    if (fault === 'question')
      return { text: `${command} failed: RET_MXN_AUTH_FAILED\nRetry/Ignore/Abort?(R/I/A): `, end: 'question' }
    const text =
      fault === 'fail'
        ? `${command} failed: HSM Error: RET_MXN_AUTH_FAILED\n`
        : fault === 'lie'
          ? `${command} success\n`
          : this.#run(command, args, fault)
    await shell.toolWait(pace)
    if (fault === 'silent-after') return { text: '', end: 'silent' }
    if (fault === 'gone-after') return { text: '', end: 'gone' }
    return { text: `${text}${this.#prompt()}`, end: 'prompt' }
  }

  #prompt(): string {
    if (this.#mode === undefined) return this.#dialect.prompt
    return this.#dialect.serverPrompt.replace('0', `${this.#mode}`)
  }

  #targets(): Server[] {
    return this.#servers.filter(({ number }) => this.#mode === undefined || number === this.#mode)
  }

  #server(number: string | undefined): Server | undefined {
    return this.#servers.find((server) => `${server.number}` === number)
  }

  #run(command: string, args: readonly string[], fault: ToolFault | undefined): string {
    switch (command) {
      case 'info':
        return this.#info(args[1])
      case 'listUsers':
        return this.#targets()
          .map((server) => usersText(server, this.#hands.hsms.usersOf(server.hsm), this.#dialect))
          .join('')
      case 'loginHSM':
        return this.#login(args[1] ?? '', args[2] ?? '')
      case 'server':
        this.#mode = this.#server(args[0])?.number ?? this.#mode
        return lines(this.#server(args[0]) ? "Server is in 'E2' mode..." : `Invalid server id: ${args[0]}`)
      case 'exit':
        this.#mode = undefined
        return ''
      case 'findAllKeys':
        return this.#targets()
          .map((server) => this.#keys(server, Number(args[0])))
          .join('')
      case 'syncUser':
        return this.#result('syncUser', this.#syncUser(Number(args[0]), args[1]))
      case 'syncKey':
        return this.#result('syncKey', this.#syncKey(Number(args[0]), args[1], fault))
      default:
        return lines(`Command not found: ${command}`)
    }
  }

  #info(number: string | undefined): string {
    const server = this.#server(number)
    if (!server) return lines('Usage: info server <server id>')
    const cells = [`${server.number}`, server.ip, server.ip, '2225', 'Connected', server.hsm.hsmId]
    return lines(
      'Id      Name                    Hostname         Port   State           Partition               LoginState',
      `${cells.map((cell, at) => cell.padEnd([8, 24, 17, 7, 16, 24][at] ?? 0)).join('')}${server.isLoggedIn ? "Logged in as 'admin(CO)'" : 'Not logged in'}`,
    )
  }

  #login(name: string, password: string): string {
    return this.#targets()
      .map((server) => {
        const ok = this.#hands.hsms.login(server.hsm, { name, role: 'CO', password }, this.#hands.operation)
        server.isLoggedIn ||= ok
        const where = ` on server ${server.number}(${server.ip})`
        return lines(ok ? `loginHSM success${where}` : `loginHSM failed: HSM Error: RET_USER_LOGIN_FAILURE${where}`)
      })
      .join('')
  }

  #keys(server: Server, userId: number): string {
    const { hsms } = this.#hands
    const user = hsms.usersOf(server.hsm).find(({ id }) => id === userId)
    const where = ` on server ${server.number}(${server.ip})`
    if (!server.isLoggedIn) return lines(`findAllKeys failed: HSM Error: RET_USER_NOT_LOGGED_IN${where}`)
    if (!user) return lines(`findAllKeys failed: HSM Error: user isn't initialized${where}`)
    const users = hsms.usersOf(server.hsm)
    return keysText(server, { user, keys: hsms.keysOf(server.hsm), users }, this.#dialect)
  }

  #result(command: string, problem: string | undefined): string {
    if (problem) return lines('ExtractMaskedObject: 0x0 !', 'InsertMaskedObject: 0xb3 !', `HSM Error: ${problem}`)
    const masks = this.#dialect.maskLines ? ['ExtractMaskedObject: 0x0 !', 'InsertMaskedObject: 0x0 !'] : []
    return lines(...masks, `${command} success`)
  }

  #syncUser(id: number, to: string | undefined): string | undefined {
    const ends = this.#ends(to)
    if (!ends) return 'Invalid User Type'
    const { hsms, operation } = this.#hands
    const user = hsms.usersOf(ends.from.hsm).find((candidate) => candidate.id === id)
    if (!user || roleOf(user) === undefined || isLocked(user)) return 'user with this name does not exist'
    if (hsms.userNamed(ends.to.hsm, user.name)) return 'user already created, unable to insert object'
    const type = user.type === 'PCO' ? 'CO' : user.type
    hsms.addUser(ends.to.hsm, { ...user, type }, operation)
    return undefined
  }

  #syncKey(handle: number, to: string | undefined, fault: ToolFault | undefined): string | undefined {
    const ends = this.#ends(to)
    if (!ends) return 'Invalid User Type'
    const { hsms, operation } = this.#hands
    const key = hsms.keyWith(ends.from.hsm, handle)
    if (!key) return 'Invalid object handle is passed to this operation'
    if (hsms.keyWith(ends.to.hsm, handle)) return 'This operation violates the current configured/FIPS policies'
    if ([key.owner, ...key.sharedWith].some((name) => !hsms.userNamed(ends.to.hsm, name, 'CU')))
      return "user isn't initialized or user with this name doesn't exist"
    const other = ends.to.hsm.keys.reduce((most, one) => Math.max(most, one.handle), key.handle) + 1
    if (fault !== 'new-handle') hsms.addKey(ends.to.hsm, key, operation)
    if (fault === 'new-handle' || fault === 'twice') hsms.addKey(ends.to.hsm, { ...key, handle: other }, operation)
    return undefined
  }

  #ends(to: string | undefined): { from: Server; to: Server } | undefined {
    const [from, destination] = [this.#server(`${this.#mode}`), this.#server(to)]
    if (!from?.isLoggedIn || !destination?.isLoggedIn || from === destination) return undefined
    return { from, to: destination }
  }
}

function serversIn(config: string): readonly string[] {
  const parsed: unknown = JSON.parse(config)
  if (typeof parsed !== 'object' || parsed === null || !('servers' in parsed) || !Array.isArray(parsed.servers))
    return []
  return parsed.servers.map((server: { readonly hostname: string }) => server.hostname)
}
