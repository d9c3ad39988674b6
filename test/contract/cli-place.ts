import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach } from 'vitest'
import { type Ended, type Program, playProgram } from '../simulator/bin/played-program.mjs'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { isJson, isJsonList, type Json } from '../simulator/json.ts'
import { hsmOf } from '../simulator/world/world.ts'
import type { BastionSpec, WorldSpec } from '../simulator/world/world-spec.ts'
import type { WorldState } from '../simulator/world/world-state.ts'
import { hsm2mClusters, plantedCryptoUserPassword, plantedPassword } from '../simulator/worlds.ts'

// A world with the fake cloudhsm-cli and configure-cli, run by hand as a script on a bastion would. They are played in
// this process, as simulator-programs.test.ts holds them to the programs; `run` starts a program really.

export const us = 'cluster-2abcdefghij'
export const eu = 'cluster-7klmnopqrst'
export const [us1, us2, eu1, eu2] = [
  'hsm-2uuuuuuuuu1',
  'hsm-2uuuuuuuuu2',
  'hsm-7eeeeeeeee1',
  'hsm-7eeeeeeeee2',
] as const
export const adminAtBoth = {
  ...pin('admin', 'admin', plantedPassword),
  ...pin('admin', 'admin', plantedPassword, 'DESTINATION_'),
}
export const ownerAtBoth = {
  ...pin('crypto-user', 'crypto_user1', plantedCryptoUserPassword),
  ...pin('crypto-user', 'crypto_user1', plantedCryptoUserPassword, 'DESTINATION_'),
}
export const bothClusters = ['--source-cluster-id', us, '--destination-cluster-id', eu]
/** crypto_user1's, missing on prod-eu, shared with nobody. */
export const missingKey = 262_144 + 18
/** crypto_user1's, on both clusters. */
export const presentKey = 262_144 + 12

export let simulator: Simulator

/** Ends each test's world. Every test file calls it, once. */
export function endWorlds(): void {
  afterEach(() => simulator.stop())
}

export function pin(role: string, user: string, password: string, prefix = ''): Record<string, string> {
  return { [`${prefix}CLOUDHSM_ROLE`]: role, [`${prefix}CLOUDHSM_PIN`]: `${user}:${password}` }
}

/** What configure-cli wrote for a world: the same for the next one like it. */
const configured = new Map<string, string>()
const ETC = '(the folder)'

interface Options extends Partial<WorldSpec> {
  readonly bastion?: Partial<BastionSpec>
  /** Leave the configuration as the operator has it. */
  readonly unconfigured?: boolean
}

export async function start(
  { bastion = {}, unconfigured = false, ...overrides }: Options = {},
  seed = 1,
): Promise<void> {
  const world = hsm2mClusters(overrides)
  const cliConfig = unconfigured ? {} : { cliConfig: JSON.stringify(placeholderConfig()) }
  const bastions = world.bastions.map((one) => ({ ...one, ...cliConfig, ...bastion }))
  simulator = await startSimulator({ seed, world: { ...world, bastions } })
  if (unconfigured) return
  const key = JSON.stringify([seed, world.dialect, world.clusters.map(({ hsms }) => hsms)])
  const etc = dirname(paths().cliConfig)
  const known = configured.get(key)
  if (known !== undefined) return writeFileSync(paths().cliConfig, known.replaceAll(ETC, etc))
  for (const words of [`add-cluster --cluster-id ${us}`, `add-cluster --cluster-id ${eu} --region eu-west-1`]) {
    const { status, stderr } = await configure(words)
    if (status !== 0) throw new Error(stderr)
  }
  configured.set(key, readConfig().replaceAll(etc, ETC))
}

export function placeholderConfig() {
  const servers = [{ hostname: '%%HSM_IP_ADDRESS%%', port: 2223, enable: true }]
  return { clusters: [{ type: 'hsm1', cluster: { hsm_ca_file: '/x', servers } }], logging: { log_type: 'term' } }
}

/** Starts a program, where processes, signals, terminals or time are the matter. */
export function run(
  tool: string,
  args: readonly string[],
  environment: Record<string, string> = {},
  input = '',
): Promise<Ended> {
  const env = { PATH: process.env.PATH ?? '', ...environment }
  const child = spawn(tool, args, { env, stdio: 'pipe' })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    out.stdout += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    out.stderr += String(chunk)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal, ...out }))
  })
}

export const paths = () => simulator.bastionPaths('us-bastion')
const wordsOf = (words: string | readonly string[]) => (typeof words === 'string' ? words.split(' ') : words)
export const cli = (words: string | readonly string[], environment: Record<string, string> = {}, input = '') =>
  play('cloudhsm-cli', wordsOf(words), environment, input)
export const configure = (words: string, environment: Record<string, string> = {}) =>
  play('configure-cli', words.split(' '), environment)

async function play(
  tool: Program,
  words: readonly string[],
  environment: Record<string, string>,
  input = '',
): Promise<Ended> {
  const world = {
    SIM_STATE: simulator.world.path,
    SIM_BASTION: 'i-0123456789abcdef0',
    SIM_ETC: dirname(paths().cliConfig),
  }
  return playProgram(tool, { variables: { ...environment, ...world }, words, input })
}

export const replicateUser = (name: string, environment: Record<string, string> = adminAtBoth, role = 'crypto-user') =>
  cli(userReplication(name, role), environment)
export const userReplication = (name: string, role = 'crypto-user') => [
  ...['user', 'replicate', '--username', name, '--role', role],
  ...bothClusters,
]
export const replicateKey = (handle: number, environment: Record<string, string> = adminAtBoth) =>
  cli(keyReplication(handle), environment)
export const keyReplication = (handle: number) => [
  ...['key', 'replicate', '--filter', `key-reference=${reference(handle)}`],
  ...bothClusters,
]

export function reference(handle: number): string {
  return `0x${handle.toString(16).padStart(16, '0')}`
}

export function answer({ stdout }: Ended): Json {
  const parsed: unknown = JSON.parse(stdout)
  if (!isJson(parsed)) throw new Error(`not an answer: ${stdout}`)
  return parsed
}

export const data = (ended: Ended): Json => {
  const found = answer(ended).data
  if (!isJson(found)) throw new Error(`no data: ${ended.stdout}`)
  return found
}

export const handlesOf = (hsmId: string) => hsmOf(simulator.world.read(), hsmId).keys.map((key) => key.handle)
export const namesOf = (hsmId: string) => hsmOf(simulator.world.read(), hsmId).users.map((user) => user.name)
export const change = (work: (state: WorldState) => void) => simulator.world.update(work)
export const userAt = (state: WorldState, hsmId: string, name: string) => {
  const user = hsmOf(state, hsmId).users.find((candidate) => candidate.name === name)
  if (user === undefined) throw new Error(`no user ${name}`)
  return user
}
export const readConfig = () => readFileSync(paths().cliConfig, 'utf8')

export function keysIn(listed: Json): Json[] {
  if (!isJsonList(listed.matched_keys)) throw new Error('no keys')
  return listed.matched_keys
}

export function keyAt(state: WorldState, hsmId: string, handle: number) {
  const key = hsmOf(state, hsmId).keys.find((candidate) => candidate.handle === handle)
  if (key === undefined) throw new Error(`no key ${handle}`)
  return key
}

// Keys that prod-eu has in `hsm2mClusters` before anything was copied.
export const freshKeys = hsm2mClusters().clusters[1]?.keys.length ?? 0
