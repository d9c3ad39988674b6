import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parse } from 'yaml'
import { parseLandscape } from '../../src/config-file.ts'
import type { Access } from '../../src/domain/route.ts'
import { iamRoles } from '../../src/iam-policies.ts'
import { ACCOUNT } from '../simulator/aws/policy.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'
import { type BotProcess, freePort, startBotProcess } from './bot-process.ts'

export interface StageOptions {
  readonly seed?: number
  readonly world?: WorldSpec
  /** Overrides in the one route's approval rule. */
  readonly required?: number
  readonly userGroups?: readonly string[]
  readonly expiresAfter?: string
  /** Default auto. */
  readonly engine?: 'auto' | 'cmu' | 'cloudhsm-cli'
  /** More settings of the one route, a line each. */
  readonly route?: readonly string[]
  /** Roles by which prod-eu and the bastion are reached, in accounts of their own. */
  readonly access?: { readonly cluster: Access; readonly bastion: Access }
  /** More settings of the one bastion, a line each. */
  readonly bastion?: readonly string[]
  /** More settings beside the routes, a line each. */
  readonly settings?: readonly string[]
  /** Crypto users with credentials of their own on the bastion. */
  readonly cryptoUsers?: readonly string[]
  readonly socketMode?: boolean
  /**
   * Default: in memory, which is several times as quick; where shells, tools as programs or secrets are the matter,
   * `real`.
   */
  readonly bastions?: 'real' | 'in memory'
  readonly env?: Readonly<Record<string, string>>
  /**
   * More variables for the n-th process, from 0. With it a process may die before it is ready: the next one is started.
   */
  readonly envFor?: (directory: string, process: number) => Readonly<Record<string, string>>
}

/** The real bot against the simulator, with what tests and the demo do over and over. */
export interface Stage {
  readonly simulator: Simulator
  readonly bot: BotProcess
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  /** Starts the bot again in the same place, as an operator would after a crash. */
  restart(): Promise<void>
  /** Types `/hsm-sync` as the requester and waits for the card. */
  ask(text?: string): Promise<MessageRecord>
  approve(card: MessageRecord, ...approvers: string[]): Promise<void>
  /** The newest version of a card, once its first line contains the words. */
  cardWith(words: string, card?: MessageRecord): Promise<MessageRecord>
  /** Waits until the thread of the card ends in a result (or another end). */
  finished(card: MessageRecord, ms?: number): Promise<MessageRecord>
  stop(): Promise<void>
}

const MANIFEST = new URL('../../manifest.yml', import.meta.url).pathname

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const simulator = await startSimulator({
    seed: options.seed ?? 1,
    manifest: MANIFEST,
    world: options.world ?? twoClusters(),
    bastions: options.bastions ?? 'in memory',
  })
  const directory = await mkdtemp(join(tmpdir(), 'hsm-sync-stage-'))
  const config = configFor(simulator, options)
  await writeFile(join(directory, 'config.yml'), config)
  // Every scenario runs under the policy that `iam` prints for it.
  for (const { of, policy } of rolesOf(config))
    if (of === 'bot' || of.startsWith('arn:')) simulator.aws.obey(policy, of === 'bot' ? undefined : of)
  const env = {
    ...simulator.environment(options.socketMode ? { socketMode: true } : {}),
    PORT: String(await freePort()),
    DATABASE_URL: `sqlite:${join(directory, 'bot.sqlite')}`,
    BOT_CONFIG: join(directory, 'config.yml'),
    ...options.env,
  }
  let processes = 0
  const start = async (): Promise<BotProcess> => {
    for (;;) {
      const more = options.envFor?.(directory, processes++)
      try {
        return await startBotProcess({ ...env, ...more }, directory)
      } catch (error) {
        if (!more || processes > 100) throw error
      }
    }
  }
  const giveUp = async (error: unknown): Promise<never> => {
    await simulator.stop()
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  let bot = await start().catch(giveUp)
  if (!options.socketMode) simulator.slack.connectTo(`${bot.url}/slack/events`)
  else await until(() => (simulator.slack.sockets.connections > 0 ? true : undefined), 'a connection').catch(giveUp)

  const messages = () => simulator.slack.messages(channels.route)
  const stage: Stage = {
    simulator,
    directory,
    env,
    get bot() {
      return bot
    },
    restart: async () => {
      bot = await start()
    },
    ask: async (text = 'prod-us prod-eu new starters of October') => {
      const before = messages().length
      await simulator.slack.command(people.requester, channels.route, '/hsm-sync', text)
      return until(() => messages()[before], 'a card')
    },
    approve: async (card, ...approvers) => {
      for (const approver of approvers)
        await simulator.slack.click(approver, { channel: channels.route, ts: card.ts }, 'approve')
    },
    cardWith: (words, card) =>
      until(
        () => messages().find((message) => (card ? message.ts === card.ts : true) && message.text.includes(words)),
        `a card with "${words}"`,
      ),
    finished: (card, ms = 180_000) =>
      until(
        () =>
          messages().find(
            (message) =>
              message.ts === card.ts &&
              ENDS.some((end) => message.text.includes(end)) &&
              message.thread.some((reply) => isEnd(reply.text)) &&
              // Updated once a second: the last of it may come after the result.
              message.thread.every(({ text }) => !text.startsWith('Run of ') || text.includes(' is over, ')),
          ),
        'the end of the request',
        ms,
      ),
    stop: async () => {
      await bot.stop()
      await simulator.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return stage
}

const ENDS = ['Succeeded', 'Partly done', 'Failed', 'Unknown', 'Rejected', 'Withdrawn', 'Expired', 'Stale']

function isEnd(text: string): boolean {
  return (
    ENDS.some((end) => text.includes(`${end}: `)) ||
    /your request (was rejected|expired)|Withdrawn by|no longer what would run/.test(text)
  )
}

function rolesOf(config: string) {
  const parsed = parseLandscape(parse(config))
  if (!('landscape' in parsed)) throw new Error(parsed.problems.join('\n'))
  return iamRoles(parsed.landscape, ACCOUNT)
}

function accessText(access: Access | undefined, separator = ', '): string {
  return access ? ['', ...Object.entries(access).map(([name, value]) => `${name}: ${value}`)].join(separator) : ''
}

/** A config.yml for the simulator's world: the README's example with the simulated bastion's paths. */
export function configFor(simulator: Simulator, options: StageOptions): string {
  const paths = simulator.bastionPaths('us-bastion')
  const { platform, binary, config, cli, configure, cliConfig, stateDir, workDir } = paths
  const owners = (options.cryptoUsers ?? []).map(
    (user) => `{ user: ${user}, source: secretsmanager, id: hsm/${user.replace('_', '-')} }`,
  )
  return `
clusters:
  - { alias: prod-us, clusterId: cluster-2abcdefghij, region: us-east-1 }
  - { alias: prod-eu, clusterId: cluster-7klmnopqrst, region: eu-west-1${accessText(options.access?.cluster)} }
bastions:
  - name: us-bastion
    instanceId: i-0123456789abcdef0
    region: us-east-1
    platform: ${platform === 'Windows' ? 'windows' : 'linux'}${accessText(options.access?.bastion, '\n    ')}
    credentials: { source: secretsmanager, id: hsm/crypto-officer }
    cmu: { binary: ${binary}, config: ${config} }
    cli: { binary: ${cli}, configure: ${configure}, config: ${cliConfig} }
    cryptoUsers: [${owners.join(', ')}]
    stateDir: ${stateDir}
    workDir: ${workDir}
${(options.bastion ?? []).map((line) => `    ${line}\n`).join('')}routes:
  - source: prod-us
    destination: prod-eu
    bastion: us-bastion
    channel: ${channels.route}
    engine: ${options.engine ?? 'auto'}
${(options.route ?? []).map((line) => `    ${line}\n`).join('')}    approval:
      approvers: { users: [${people.approver}, ${people.secondApprover}], userGroups: [${(options.userGroups ?? ['S0BBBBBBB']).join(', ')}] }
      required: ${options.required ?? 2}
      expiresAfter: ${options.expiresAfter ?? '8h'}
${(options.settings ?? []).join('\n')}
`
}

/** Looks until there is something; fails with what was expected. */
export async function until<Found>(look: () => Found | undefined, what: string, ms = 60_000): Promise<Found> {
  const deadline = Date.now() + ms
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain for ${what}`)
    await wait(20)
  }
}
