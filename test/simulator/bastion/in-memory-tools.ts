import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Configured, type ToolPart, unpack } from '../../simulation/bastion/bastion.ts'
import { CliPlay } from '../../simulation/bastion/play-cli.ts'
import { playCmu } from '../../simulation/bastion/play-cmu.ts'
import type { Secret, Session } from '../../simulation/bastion/session.ts'
import type { Said, Talker } from '../../simulation/bastion/tool.ts'
import { cliVersion, openCli, openCmu, type Played, type PlayedTool, runConfigure } from '../bin/in-memory.mjs'
import type { World } from '../world/world.ts'
import type { BastionFiles } from './bastion-files.ts'

/** What the tools of a bastion work with. */
export interface Bench {
  readonly files: BastionFiles
  readonly world: World
  readonly instanceId: string
  /** The command that started an operation. */
  readonly commandOf: (operation: string) => string
}

type Data = ReadonlyMap<string, string>

/** cmu/tool.sh, with the simulator's cloudhsm_mgmt_util. */
export function cmuOn(bench: Bench): ToolPart {
  return {
    readConfig(data) {
      const [binary = '', config = ''] = [data.get('binary'), data.get('config')]
      if (binary !== '' && !existsSync(binary)) return { refused: 'tool-missing', detail: binary }
      if (!existsSync(config)) return { refused: 'config-missing', detail: config }
      return { text: readFileSync(config, 'utf8'), detail: '' }
    },
    prepare(data) {
      const binary = data.get('binary') ?? ''
      if (!existsSync(binary)) return { refused: 'tool-missing', detail: binary }
      const text = unpack(data.get('config'))
      const isApproved = createHash('sha256').update(text).digest('hex') === data.get('sha256')
      return isApproved
        ? { text, detail: '' }
        : { refused: 'config-digest', detail: 'the config is not the approved one' }
    },
    async play(session, text, data) {
      const place = mkdtempSync(join(bench.files.workDir, 'in-memory-'))
      const config = join(place, 'config')
      writeFileSync(config, text)
      const tool = openCmu(variablesOf(bench, data, dirname(bench.files.config)), config)
      const heard = new Ear(session, tool)
      try {
        await playCmu(session, heard, unpack(data.get('dialogue')))
        session.keep(`${heard.close()}\x1e`)
      } finally {
        heard.close()
        rmSync(place, { recursive: true })
      }
    },
  }
}

/** The parts of CloudHSM CLI, with the simulator's cloudhsm-cli and configure-cli, in one interactive session. */
export function cliOn(bench: Bench): ToolPart {
  const within = <Result>(work: (etc: string) => Result): Result => {
    const etc = mkdtempSync(join(bench.files.workDir, 'in-memory-'))
    cpSync(dirname(bench.files.cliConfig), etc, { recursive: true })
    rmSync(join(etc, basename(bench.files.cliConfig)), { force: true })
    return work(etc)
  }
  const missing = (data: Data) =>
    [data.get('binary') ?? '', data.get('configure') ?? ''].find((program) => !existsSync(program))
  const prepared = (data: Data, keep: boolean): Configured => {
    const program = missing(data)
    if (program !== undefined) return { refused: 'tool-missing', detail: program }
    return within((etc) => {
      const made = configure(bench, data, etc)
      if ('refused' in made || !keep) rmSync(etc, { recursive: true })
      return 'refused' in made || !keep ? made : { text: etc, detail: made.detail }
    })
  }
  return {
    readConfig: (data) => prepared(data, false),
    prepare: (data) => prepared(data, true),
    async play(session, etc, data) {
      const variables = variablesOf(bench, data, etc)
      const [first = ''] = (data.get('clusters') ?? '').split('=')
      const tool = openCli(variables, ['interactive', '--cluster-id', first])
      const logins = (data.get('logins') ?? '').split(',')
      const secretNow = (at: number) => secretIn(bench.world, logins[at] ?? '')
      const heard = new Ear(
        session,
        tool,
        'only real scripts know what to do with a CloudHSM CLI that begins no session',
      )
      try {
        await new CliPlay(session, heard, secretNow).play(unpack(data.get('dialogue')))
      } finally {
        heard.close()
        rmSync(etc, { recursive: true })
      }
    },
  }
}

/** `prepare` of configure.sh: after every command the file must name exactly what was approved so far. */
function configure(bench: Bench, data: Data, etc: string): Configured {
  const variables = variablesOf(bench, data, etc)
  const file = join(etc, basename(bench.files.cliConfig))
  const wanted: string[] = []
  const entries = (data.get('clusters') ?? '').split(' ')
  for (const entry of entries) {
    const [id = '', region = '', hosts = ''] = entry.split('=')
    const said = runConfigure(variables, ['add-cluster', '--cluster-id', id, '--region', region])
    // The real one works in the place that the file names: a mount shows it the private folder there.
    if (existsSync(file))
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(etc, dirname(bench.files.cliConfig)))
    if (said.exit !== 0) return { refused: 'configure', detail: `${id}: ${said.text.replace(/\s+/g, ' ').slice(-400)}` }
    wanted.push(id, ...hosts.split(','))
    const found = namedIn(readFileSync(file, 'utf8'))
    if (found.join() !== [...new Set(wanted)].sort().join())
      return { refused: 'configured-hosts', detail: `${id}: ${found.join(' ')}` }
    if (entry === entries[0] && !hosts.includes(',')) runConfigure(variables, ['--disable-key-availability-check'])
  }
  return { text: readFileSync(file, 'utf8'), detail: cliVersion(variables) }
}

function namedIn(config: string): readonly string[] {
  const names = [...config.matchAll(/"(cluster-[2-7a-zA-Z]{11,16})"|"hostname"\s*:\s*"([^"]*)"/g)]
  return [...new Set(names.map(([, id, host]) => id ?? host ?? ''))].sort()
}

/**
 * A tool that takes its time, as a script hears it: up to the end of a prompt, what comes behind that with the next
 * answer.
 */
class Ear implements Talker {
  readonly #session: Session
  readonly #tool: PlayedTool
  readonly #mustBegin: string | undefined
  #behind = ''
  #isClosed = false

  constructor(session: Session, tool: PlayedTool, mustBegin?: string) {
    this.#session = session
    this.#tool = tool
    this.#mustBegin = mustBegin
  }

  async start(): Promise<Said> {
    const said = await this.#hear(this.#tool.start())
    if (said.end !== 'prompt' && this.#mustBegin !== undefined) throw new Error(`${this.#mustBegin}: ${said.text}`)
    return said
  }

  say(line: string): Promise<Said> {
    return this.#hear(this.#tool.say(line))
  }

  /** `close_tool` of bastion.sh. Answers the last that it says. */
  close(): string {
    if (this.#isClosed) return ''
    this.#isClosed = true
    const last = this.#tool.close(['', 'need', 'failed', 'login'].includes(this.#session.stop))
    return this.#behind + last
  }

  async #hear({ text, end, ms }: Played): Promise<Said> {
    await wait(ms)
    await this.#session.shell.wait(0)
    if (end === 'done') throw new Error(`a tool left by itself: ${text}`)
    const all = this.#behind + text
    const cut = end === 'prompt' ? all.lastIndexOf('>') + 1 : all.length
    this.#behind = all.slice(cut)
    return { text: all.slice(0, cut), end: end === 'question' && all.endsWith('Enter password:') ? 'password' : end }
  }
}

function variablesOf({ files, world, instanceId, commandOf }: Bench, data: Data, etc: string) {
  return {
    HOME: files.home,
    SIM_STATE: world.path,
    SIM_BASTION: instanceId,
    SIM_ETC: etc,
    SSM_COMMAND_ID: commandOf(data.get('operation') ?? ''),
  }
}

/** Name, password and version of one login, as `aws` on the bastion answers. */
export function secretIn(world: World, login: string): Secret | undefined {
  const [, source = '', ...name] = login.split(':')
  const { secrets, parameters } = world.peek()
  const text = (source === 'secretsmanager' ? secrets : parameters)[name.join(':')]
  if (typeof text !== 'string') return undefined
  const user = /"username"\s*:\s*"([A-Za-z0-9_]{1,31})"/.exec(text)?.[1]
  const password = /"password"\s*:\s*"([^"\\'\s]{7,64})"/.exec(text)?.[1]
  if (user === undefined || password === undefined) return undefined
  return { user, password, version: createHash('sha256').update(text).digest('hex') }
}
