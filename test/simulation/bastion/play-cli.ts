import type { Secret, Session } from './session.ts'
import type { Said, Talker } from './tool.ts'

/** `converse` and `perform` of cloudhsm-cli/tool.sh, in one interactive session. */
export class CliPlay {
  readonly #session: Session
  readonly #tool: Talker
  readonly #secretNow: (number: number) => Secret | undefined
  #answered = ''
  #command = ''
  #tolerated: RegExp | undefined
  #failures = ''

  /** `secretNow`: the secret of a login as it stands now, for its version. */
  constructor(session: Session, tool: Talker, secretNow: (number: number) => Secret | undefined) {
    this.#session = session
    this.#tool = tool
    this.#secretNow = secretNow
  }

  async play(dialogue: string): Promise<void> {
    this.#note('interactive')
    await this.#hear(await this.#tool.start())
    for (const line of dialogue.trimEnd().split('\n')) {
      if (this.#session.stop !== '') return
      await this.#step(line)
    }
  }

  async #step(line: string): Promise<void> {
    const [word = ''] = line.split(' ')
    const rest = line.slice(word.length + 1)
    switch (word) {
      case 'mark':
        return this.#session.mark(rest)
      case 'ask':
        return this.#say(rest)
      case 'send':
        await this.#say(rest)
        return this.#succeeded() ? undefined : this.#fail('need')
      case 'pages':
        return this.#pages(rest)
      case 'tolerate':
        this.#tolerated = new RegExp(rest.replaceAll('[[:space:]]', '\\s'))
        return
      case 'try':
        await this.#say(rest)
        return this.#succeeded() || this.#tolerated?.test(this.#answered) ? undefined : this.#fail('failed')
      case 'login': {
        const [number = '0', role = '', cluster = ''] = rest.split(' ')
        return this.#logIn(Number(number), role, cluster)
      }
      case 'logout':
        return this.#say(`logout --cluster-id ${rest}`)
      default:
        return
    }
  }

  #note(command: string): void {
    this.#command = command
    this.#session.keep(`${command}\x1f`)
  }

  #record(text: string): void {
    this.#answered = text
    this.#session.keep(`${text}\x1f\x1f\x1e`)
  }

  async #hear(said: Said, before = ''): Promise<void> {
    await this.#session.hear(said)
    this.#record(`${before}${said.text}`)
  }

  async #say(command: string): Promise<void> {
    this.#note(command)
    if (this.#session.stop !== '') return
    this.#session.sent++
    await this.#hear(await this.#tool.say(command))
  }

  #succeeded(): boolean {
    return /"error_code"\s*:\s*0[^0-9]/.test(this.#answered)
  }

  #fail(stop: string): void {
    if (this.#session.stop !== '') return
    this.#session.stop = stop
    this.#session.detail = this.#command
  }

  async #pages(command: string): Promise<void> {
    let token = ''
    for (let page = 1; page <= 400; page++) {
      await this.#say(token === '' ? command : `${command} --starting-token ${token}`)
      if (!this.#succeeded()) this.#fail('need')
      const next = /"next[_-]token"\s*:\s*"([A-Za-z0-9_=-]{1,64})"/.exec(this.#answered)?.[1]
      if (this.#session.stop !== '' || next === undefined || next === token) return
      token = next
    }
  }

  async #logIn(number: number, role: string, cluster: string): Promise<void> {
    const { shell } = this.#session
    const secret = this.#session.secrets[number]
    this.#note(`login --username ${secret?.user} --role ${role} --cluster-id ${cluster}`)
    if (this.#session.stop !== '' || !this.#mayLogIn(number, cluster)) return this.#record('')
    this.#session.sent++
    const asked = await this.#tool.say(this.#command)
    await shell.wait(300)
    await this.#session.hear(asked)
    if (this.#session.stop === '') this.#count('unknown')
    if (this.#session.stop !== '') {
      this.#record(asked.text)
      return this.#fail('login')
    }
    this.#session.sent++
    await this.#hear(await this.#tool.say(secret?.password ?? ''), asked.text)
    if (this.#succeeded()) {
      this.#session.disk.failedLogins.delete(this.#failures)
      return
    }
    this.#fail('login')
    this.#count(this.#secretNow(number)?.version ?? 'unknown')
  }

  /** `may_log_in` of failed-logins.sh: not again after two failures with the same secret, not after three. */
  #mayLogIn(number: number, cluster: string): boolean {
    const secret = this.#session.secrets[number]
    this.#failures = `${cluster}.${secret?.user}`
    const known = this.#session.disk.failedLogins.get(this.#failures) ?? { count: 0, version: '' }
    if (known.count <= 1) return true
    const now = this.#secretNow(number)?.version ?? 'unknown'
    if (known.count === 2 && known.version !== 'unknown' && now !== known.version) return true
    this.#session.stop = 'risk'
    this.#session.detail = `${secret?.user} had ${known.count} failed logins on ${this.#failures}`
    return false
  }

  /** A login counts as failed until it is known to have worked: the step may be killed in between. */
  #count(version: string): void {
    const { disk } = this.#session
    if (!disk.takesFiles()) {
      this.#session.stop = 'state'
      return
    }
    const known = disk.failedLogins.get(this.#failures)
    const isSame = known?.version === 'unknown' && version !== 'unknown'
    disk.failedLogins.set(this.#failures, { count: isSame ? known.count : (known?.count ?? 0) + 1, version })
  }
}
