import { createHash } from 'node:crypto'
import { parseClusterId, parseDigest } from '../../src/domain/ids.ts'
import type { Bastion as BastionSettings, Landscape, Route } from '../../src/domain/route.ts'
import type { EngineName } from '../../src/domain/spec.ts'
import { allEngines } from '../../src/engines/index.ts'
import { lockedDocument } from '../../src/engines/locked-document.ts'
import { Bastion } from './bastion/bastion.ts'
import { Ssm } from './bastion/ssm.ts'
import { TOOL_FAULTS } from './bastion/tool.ts'
import { cliPart, cmuPart } from './bastion/tool-parts.ts'
import { Calendar, OPERATORS } from './brake.ts'
import { Calls } from './calls.ts'
import { newDatabase, type Opened } from './database.ts'
import { Documents } from './documents.ts'
import type { OnDelivery } from './incarnation.ts'
import { Random } from './random.ts'
import { makeClusters, Secrets } from './scenario.ts'
import { Channel } from './slack/channel.ts'
import { NewBlocks } from './slack/new-blocks.ts'
import { CHANNEL, DEAD_GROUP, GROUP, LISTED, People } from './slack/people.ts'
import { StoreFault } from './store-fault.ts'
import { MINUTE, SECOND, Time } from './time.ts'
import { DISK_FAULTS, Weather } from './weather.ts'
import { Windows } from './windows.ts'
import { Directory } from './world/directory.ts'
import type { Hsms } from './world/hsms.ts'

const engines = allEngines()

/** Everything of one run that is not the product. */
export class Stage {
  readonly seed: number
  readonly isTraced: boolean
  readonly story: string[] = []
  /** Called when a step that writes has begun: what happens to the world just then matters most. */
  whenWriting: (operation: string) => void = () => undefined
  /** Called when a run is about to plan a step, in some runs: a stop that is asked for just then matters most. */
  whenPlanning: () => void = () => undefined
  /** What people do through the inbox of a process: set by them. */
  onDelivery: OnDelivery = { work: async () => undefined, say: () => undefined }
  /** Requests of which a row was broken: little can be said of them, but they hold up nobody. */
  readonly broken = new Set<string>()
  readonly updates: { readonly from: number; readonly digest: string }[] = []
  readonly time = new Time()
  readonly weather: Weather
  readonly engine: EngineName
  readonly hsms: Hsms
  readonly secrets: Secrets
  readonly bastion: Bastion
  readonly ssm: Ssm
  readonly documents: Documents
  readonly windows: Windows
  readonly directory: Directory
  readonly calendar: Calendar
  readonly people: People
  readonly channel: Channel
  readonly calls: Calls
  readonly landscape: Landscape
  readonly database: Opened
  readonly storeFault: StoreFault
  /** Two processes share the store. */
  readonly isPair: boolean
  #right: string | undefined

  private constructor(seed: number, isTraced: boolean, database: Opened) {
    this.seed = seed
    this.isTraced = isTraced
    this.database = database
    const { time } = this
    const random = this.random('scenario')
    this.engine = random.pick(['cmu', 'cloudhsm-cli'])
    this.isPair = random.chance(0.2)
    this.weather = new Weather(time, this.random('weather'))
    this.hsms = makeClusters(time, random, this.engine)
    this.hsms.baseConfig = baseConfigOf('first')
    this.hsms.changed()
    this.secrets = new Secrets(this.weather, this.random('secrets'))
    this.bastion = this.#bastion(this.random('tool'))
    this.documents = new Documents(time, this.random('documents'), this.weather, () => this.#rightDocument())
    this.windows = new Windows(this.random('windows'), this.weather, this.engine)
    this.windows.plan(time, this.bastion)
    const { bastion, documents, windows } = this
    this.ssm = new Ssm(time, this.random('ssm'), this.weather, { bastion, documents, windows })
    this.directory = new Directory(time, this.random('directory'), this.weather, this.hsms)
    this.people = new People(time, { random: this.random('people'), slow: this.random('slow people') }, this.weather)
    this.channel = new Channel(time, this.random('slack'), this.weather, new NewBlocks(time, this.random('blocks')))
    this.calls = new Calls(time)
    this.storeFault = new StoreFault(time, this.random('store'), this.weather)
    this.calendar = new Calendar(time, this.random('calendar'), this.weather)
    const landscape = landscapeOf(this.hsms, random)
    const more = this.calendar.isThere ? { calendar: 'change-windows' } : {}
    const locked = this.documents.isThere ? { document: 'HsmSync' } : {}
    const eye = this.random('watch')
    // Where there are several routes, one look may come in the way of another.
    const isPlural = landscape.routes.length > 1
    const watched = eye.chance(isPlural ? 0.5 : 0.25)
      ? { watch: { everyMs: eye.chance(isPlural ? 0.8 : 0.4) ? eye.int(40, 150) * SECOND : eye.int(3, 8) * MINUTE } }
      : {}
    const routes = landscape.routes.map((route) => ({
      ...route,
      ...more,
      ...watched,
      bastion: { ...route.bastion, ...locked, platform: windows.platform },
    }))
    this.landscape = { ...landscape, routes }
  }

  /** Nothing goes wrong in this run, of whatever kind; people may well ask for the impossible. */
  get isUntroubled(): boolean {
    return this.weather.faults.size === 0 && this.documents.wrong.length === 0 && !this.windows.isCancelled
  }

  /** What the bot's processes are made of from now on: another version says something else to the tools. */
  update(): void {
    const version = `version ${this.updates.length + 1}`
    this.updates.push({ from: this.time.now, digest: createHash('sha256').update(version).digest('hex') })
    this.tell('operator', `installs ${version}`)
  }

  program(): typeof engines {
    const digest = parseDigest(this.updates.at(-1)?.digest ?? '')
    if (!digest) return engines
    const { cmu, 'cloudhsm-cli': cli } = engines
    return { cmu: { ...cmu, programDigest: digest }, 'cloudhsm-cli': { ...cli, programDigest: digest } }
  }

  static async make(seed: number, isTraced: boolean): Promise<Stage> {
    return new Stage(seed, isTraced, await newDatabase())
  }

  random(name: string): Random {
    return new Random(this.seed, name)
  }

  /** One line of the story: who, what, and what came of it. */
  tell(who: string, what: string, answer?: unknown): void {
    if (!this.isTraced) return
    const said =
      answer === undefined
        ? ''
        : ` → ${answer instanceof Error ? `${answer.name}: ${answer.message}` : JSON.stringify(answer)}`
    this.story.push(`${this.#clock()} ${who}: ${what}${said.slice(0, 600)}`)
  }

  /** What the settings make, made once: it is asked for often. */
  #rightDocument(): string {
    const [route] = this.landscape.routes
    this.#right ??= route ? lockedDocument(route.bastion, this.landscape.routes) : ''
    return this.#right
  }

  #clock(): string {
    return new Date(this.time.now).toISOString().slice(11, 23)
  }

  #bastion(random: Random): Bastion {
    const { time, hsms, weather, secrets } = this
    const fault = (command: string) => {
      if (!weather.happens('tool', command.startsWith('login') ? 0.02 : 0.05)) return undefined
      const found = random.weighted(TOOL_FAULTS)
      this.tell('tool', `${command} goes wrong`, found)
      return found
    }
    const workshop = {
      hsms,
      random,
      fault,
      baseConfig: () => hsms.baseConfig,
      secret: (reference: string) => secrets.of(reference),
    }
    return new Bastion({
      time,
      name: 'us-bastion',
      diskFault: () => weather.spell('disk'),
      canRead: () => !weather.happens('disk', 0.3),
      tmpfsFault: () => weather.spell('tmpfs'),
      secret: workshop.secret,
      tool: this.engine === 'cmu' ? cmuPart(workshop) : cliPart(workshop),
      started: (operation) => {
        hsms.note({ at: time.now, did: 'start', bastion: 'us-bastion', operation })
        this.tell('bastion', `starts the tool for ${operation}`)
        // Disks fill while something is written to them.
        const isWriting = this.ssm.commands.some(({ comment }) => comment.startsWith(`hsm-sync ${operation} sync-`))
        if (isWriting) this.whenWriting(operation)
        if (weather.happens('disk', isWriting ? 0.9 : 0.08))
          weather.strike('disk', random.chance(0.6) ? 'no-inodes' : random.pick(DISK_FAULTS), {
            inMs: random.int(0, 7_000),
            forMs: random.int(8, 60) * SECOND,
          })
      },
      ended: (operation, result) => {
        hsms.note({ at: time.now, did: 'end', result, operation })
        this.tell('bastion', `ends the session of ${operation}`, result)
      },
    })
  }
}

export function baseConfigOf(note: string): string {
  const server = {
    certificate: '/opt/cloudhsm/etc/client.crt',
    enable: 'yes',
    hostname: '10.9.9.9',
    name: '10.9.9.9',
    pkey: '/opt/cloudhsm/etc/client.key',
    port: 2225,
    CAfile: '',
    CApath: '/opt/cloudhsm/etc/certs',
    ssl_ciphers: '',
    server_ssl: 'yes',
    e2e_encryption: { enable: 'yes', owner_cert_path: '/opt/cloudhsm/etc/customerCA.crt' },
  }
  return `${JSON.stringify({ scard: { enable: 'no', port: 2225 }, note, servers: [server] }, null, 4)}\n`
}

function landscapeOf(hsms: Hsms, random: Random): Landscape {
  const sides = hsms.clusters.map(({ alias, clusterId, region }) => {
    const id = parseClusterId(clusterId)
    if (!id) throw new Error(`${clusterId} is no cluster id`)
    return { alias, clusterId: id, region }
  })
  const [source, ...clones] = sides
  if (!source) throw new Error('a world without a source')
  const bastion: BastionSettings = {
    name: 'us-bastion',
    instanceId: 'i-0123456789abcdef0',
    region: 'us-east-1',
    platform: 'linux',
    stateDir: '/var/lib/cloudhsm-sync',
    workDir: '/dev/shm',
    credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
    cmu: { binary: '/opt/cloudhsm/bin/cloudhsm_mgmt_util', config: '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg' },
    cli: {
      binary: '/opt/cloudhsm/bin/cloudhsm-cli',
      configure: '/opt/cloudhsm/bin/configure-cli',
      config: '/opt/cloudhsm/etc/cloudhsm-cli.cfg',
    },
    cryptoUsers: random.chance(0.4) ? [{ user: 'jdoe', source: 'secretsmanager', id: 'hsm/jdoe' }] : [],
  }
  const routes = clones.map(
    (destination): Route => ({
      source,
      destination,
      bastion,
      channel: CHANNEL,
      engine: 'auto',
      approvers: { users: [...LISTED], userGroups: [DEAD_GROUP, GROUP] },
      required: random.pick([1, 2]),
      expiresAfterMs: random.int(6, 11) * MINUTE,
      reminders: [0.5],
    }),
  )
  return { clusters: sides, routes, operators: OPERATORS, workspaces: [], keepStepsMs: 30 * 24 * 60 * MINUTE }
}
