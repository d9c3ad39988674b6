import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Dialect } from '../simulator/bin/shared/dialect.mjs'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { isJson, isJsonList, type Json } from '../simulator/json.ts'
import { hsmOf } from '../simulator/world/world.ts'
import type { BastionSpec, ToolFault, WorldSpec } from '../simulator/world/world-spec.ts'
import type { WorldState } from '../simulator/world/world-state.ts'
import { hsm2mClusters, largeWorld, plantedCryptoUserPassword, plantedPassword } from '../simulator/worlds.ts'

// The fake cloudhsm-cli and configure-cli, run by hand as a script on a bastion would.

const us = 'cluster-2abcdefghij'
const eu = 'cluster-7klmnopqrst'
const [us1, us2, eu1, eu2] = ['hsm-2uuuuuuuuu1', 'hsm-2uuuuuuuuu2', 'hsm-7eeeeeeeee1', 'hsm-7eeeeeeeee2'] as const
const adminAtBoth = {
  ...pin('admin', 'admin', plantedPassword),
  ...pin('admin', 'admin', plantedPassword, 'DESTINATION_'),
}
const ownerAtBoth = {
  ...pin('crypto-user', 'crypto_user1', plantedCryptoUserPassword),
  ...pin('crypto-user', 'crypto_user1', plantedCryptoUserPassword, 'DESTINATION_'),
}
const bothClusters = ['--source-cluster-id', us, '--destination-cluster-id', eu]
/** crypto_user1's, missing on prod-eu, shared with nobody. */
const missingKey = 262_144 + 18
/** crypto_user1's, on both clusters. */
const presentKey = 262_144 + 12

let simulator: Simulator
afterEach(() => simulator.stop())

function pin(role: string, user: string, password: string, prefix = ''): Record<string, string> {
  return { [`${prefix}CLOUDHSM_ROLE`]: role, [`${prefix}CLOUDHSM_PIN`]: `${user}:${password}` }
}

interface Options extends Partial<WorldSpec> {
  readonly bastion?: Partial<BastionSpec>
  /** Leave the configuration as the operator has it. */
  readonly unconfigured?: boolean
}

async function start({ bastion = {}, unconfigured = false, ...overrides }: Options = {}, seed = 1): Promise<void> {
  const world = hsm2mClusters(overrides)
  const cliConfig = unconfigured ? {} : { cliConfig: JSON.stringify(placeholderConfig()) }
  const bastions = world.bastions.map((one) => ({ ...one, ...cliConfig, ...bastion }))
  simulator = await startSimulator({ seed, world: { ...world, bastions } })
  if (unconfigured) return
  for (const words of [`add-cluster --cluster-id ${us}`, `add-cluster --cluster-id ${eu} --region eu-west-1`]) {
    const { status, stderr } = await configure(words)
    if (status !== 0) throw new Error(stderr)
  }
}

function placeholderConfig() {
  const servers = [{ hostname: '%%HSM_IP_ADDRESS%%', port: 2223, enable: true }]
  return { clusters: [{ type: 'hsm1', cluster: { hsm_ca_file: '/x', servers } }], logging: { log_type: 'term' } }
}

interface Ended {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

function run(
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

const paths = () => simulator.bastionPaths('us-bastion')
const wordsOf = (words: string | readonly string[]) => (typeof words === 'string' ? words.split(' ') : words)
const cli = (words: string | readonly string[], environment: Record<string, string> = {}, input = '') =>
  run(paths().cli, wordsOf(words), environment, input)
const configure = (words: string, environment: Record<string, string> = {}) =>
  run(paths().configure, words.split(' '), environment)

const replicateUser = (name: string, environment: Record<string, string> = adminAtBoth, role = 'crypto-user') =>
  cli(['user', 'replicate', '--username', name, '--role', role, ...bothClusters], environment)
const replicateKey = (handle: number, environment: Record<string, string> = adminAtBoth) =>
  cli(['key', 'replicate', '--filter', `key-reference=${reference(handle)}`, ...bothClusters], environment)

function reference(handle: number): string {
  return `0x${handle.toString(16).padStart(16, '0')}`
}

function answer({ stdout }: Ended): Json {
  const parsed: unknown = JSON.parse(stdout)
  if (!isJson(parsed)) throw new Error(`not an answer: ${stdout}`)
  return parsed
}

const data = (ended: Ended): Json => {
  const found = answer(ended).data
  if (!isJson(found)) throw new Error(`no data: ${ended.stdout}`)
  return found
}

const handlesOf = (hsmId: string) => hsmOf(simulator.world.read(), hsmId).keys.map((key) => key.handle)
const namesOf = (hsmId: string) => hsmOf(simulator.world.read(), hsmId).users.map((user) => user.name)
const change = (work: (state: WorldState) => void) => simulator.world.update(work)
const userAt = (state: WorldState, hsmId: string, name: string) => {
  const user = hsmOf(state, hsmId).users.find((candidate) => candidate.name === name)
  if (user === undefined) throw new Error(`no user ${name}`)
  return user
}
const readConfig = () => readFileSync(paths().cliConfig, 'utf8')

describe('configure-cli', () => {
  it('writes every HSM of a cluster, found by its Region, into the file that was never configured', async () => {
    await start()
    const config = JSON.parse(readConfig())
    expect(config.logging).toEqual({ log_type: 'term' })
    expect(config.clusters).toHaveLength(2)
    expect(config.clusters[1].cluster.servers).toEqual([
      { hostname: '10.8.1.4', port: 2223, enable: true },
      { hostname: '10.8.2.6', port: 2223, enable: true },
    ])
    expect(readdirSync(dirname(paths().cliConfig)).sort()).toEqual([
      'cloudhsm-cli.cfg',
      'cloudhsm_mgmt_util.cfg',
      'customerCA.crt',
    ])
  })

  it.each<[Partial<Dialect>, RegExp]>([
    [{ cliConfigType: 'hsm1', cliConfigLayout: 'compact' }, /^\{"clusters":\[\{"type":"hsm1"/],
    [{ cliConfigType: 'hsm2m', cliConfigLayout: 'pretty' }, /^\{\n {2}"clusters": \[\n {4}\{\n {6}"type": "hsm2m"/],
  ])('in the dialect %j', async (dialect, text) => {
    await start({ dialect })
    expect(readConfig()).toMatch(text)
  })

  it('makes a new file where there is none', async () => {
    await start({ bastion: { cliConfig: null }, unconfigured: true })
    expect((await configure(`add-cluster --cluster-id ${us}`)).status).toBe(0)
    expect(JSON.parse(readConfig())).toMatchObject({ clusters: [{}], logging: { log_type: 'file' } })
  })

  it('does not find a cluster in another Region, nor without the right to look', async () => {
    await start({ unconfigured: true, bastion: { cliConfig: null } })
    const failed = 'DescribeClusters call failed with error:'
    const elsewhere = await configure(`add-cluster --cluster-id ${eu}`)
    expect(elsewhere).toMatchObject({ status: 1, stdout: '' })
    expect(elsewhere.stderr).toContain(`${failed} CommonApiError(InternalError("dispatch failure"))`)
    expect((await configure(`add-cluster --cluster-id ${eu}`, { AWS_REGION: 'eu-west-1' })).status).toBe(0)
    change((state) => {
      for (const bastion of state.bastions) bastion.denied = true
    })
    const denied = await configure(`add-cluster --cluster-id ${us}`)
    expect(denied.status).toBe(1)
    expect(denied.stderr).toContain(`${failed} ServiceError(CloudHsmAccessDeniedException`)
  })

  it('does not mix clusters with and without an id', async () => {
    await start({ unconfigured: true })
    const operators = readConfig()
    expect(JSON.parse(operators).clusters[0].cluster.servers).toEqual([
      { hostname: '10.0.1.7', port: 2223, enable: true },
    ])
    const added = await configure(`add-cluster --cluster-id ${us}`)
    expect(added.status).toBe(1)
    expect(added.stderr).toContain('cannot be used in a multi-cluster setup')
    expect(readConfig()).toBe(operators)
    expect((await configure('-a 10.0.1.7 10.0.2.9')).status).toBe(0)
    expect(JSON.parse(readConfig()).clusters[0].cluster.servers).toHaveLength(2)
  })

  it('knows each cluster once, and forgets it', async () => {
    await start()
    expect((await configure(`add-cluster --cluster-id ${us}`)).stderr).toContain('already exists')
    expect((await configure('-a 10.0.1.7')).status).toBe(1)
    expect((await configure(`remove-cluster --cluster-id ${us}`)).status).toBe(0)
    expect((await configure(`remove-cluster --cluster-id ${us}`)).status).toBe(1)
    expect(JSON.parse(readConfig()).clusters).toHaveLength(1)
  })

  it.each([
    'add-cluster',
    `add-cluster --cluster-id ${us} --config /tmp/x`,
    'add-cluster --cluster-id prod',
    'other',
    '-a',
    '--cluster-id x',
  ])('does not understand "%s"', async (words) => {
    await start()
    const before = readConfig()
    const ended = await configure(words)
    expect(ended.status).toBe(2)
    expect(ended.stderr).toMatch(/^error: .*\n[\s\S]*\nUsage: configure-cli /)
    expect(readConfig()).toBe(before)
  })

  it.each<[ToolFault['do'], number, boolean]>([
    ['fail', 1, false],
    ['lie', 0, false],
    ['silent-noop', 0, false],
    ['exit', 3, true],
    ['delay', 0, true],
  ])('planned misbehaviour: %s', async (kind, status, isWritten) => {
    await start({ toolFaults: [{ command: 'configure-cli', do: kind, ms: 20 }], unconfigured: true })
    writeFileSync(paths().cliConfig, JSON.stringify(placeholderConfig()))
    expect((await configure(`add-cluster --cluster-id ${us}`)).status).toBe(status)
    expect(readConfig().includes(us)).toBe(isWritten)
  })

  it('leaves the operator’s file alone when another folder is mounted over it', async () => {
    await start({ unconfigured: true })
    const etc = dirname(paths().cliConfig)
    const before = readConfig()
    const own = join(simulator.directory, 'private-etc')
    mkdirSync(own)
    const mounted = (tool: string, words: string) =>
      run('unshare', [
        ...['--mount', '--propagation', 'private', '--', '/bin/sh', '-c'],
        ...['mount --bind "$0" "$1" && shift && exec "$@"', own, etc, tool, ...words.split(' ')],
      ])
    expect(await mounted(paths().configure, `add-cluster --cluster-id ${us}`)).toMatchObject({ status: 0 })
    expect(readConfig()).toBe(before)
    expect(existsSync(join(own, 'cloudhsm-cli.cfg'))).toBe(true)
    // The owner's certificate is in the folder that was covered: without it the client does not connect.
    expect((await mounted(paths().cli, 'user list')).stdout).toContain('failed to connect: could not read HSM CA')
    copyFileSync(join(etc, 'customerCA.crt'), join(own, 'customerCA.crt'))
    expect(answer(await mounted(paths().cli, 'user list'))).toMatchObject({ error_code: 0 })
    expect(readConfig()).toBe(before)
    // Without the mount the same tool reads the operator's file, which has one HSM.
    expect(answer(await cli('user list'))).toMatchObject({ error_code: 0 })
  })
})

describe('finding the configuration', () => {
  it('answers with its version without one', async () => {
    await start({ unconfigured: true, bastion: { cliConfig: null } })
    expect(await cli('--version')).toMatchObject({ status: 0, stdout: 'cloudhsm-cli 5.17.0\n' })
    expect((await cli('user list')).stdout).toContain('No such file or directory')
  })

  it('wants it to have been configured', async () => {
    await start({ unconfigured: true, bastion: { cliConfig: JSON.stringify(placeholderConfig()) } })
    const text = 'Config key hostname has invalid value %%HSM_IP_ADDRESS%%'
    expect(answer(await cli('user list'))).toEqual({ error_code: 1, data: text })
    expect(answer(await cli('interactive'))).toEqual({ error_code: 1, data: text })
  })

  it('wants to know which of several clusters, also when it starts to be interactive', async () => {
    await start()
    const text = 'multiple clusters provided in configuration file. Please specify `cluster-id`'
    for (const words of ['user list', 'key list', 'cluster hsm-info', 'interactive']) {
      expect(answer(await cli(words, adminAtBoth))).toEqual({ error_code: 1, data: text })
    }
    const unknown = await cli('user list --cluster-id cluster-2222222222222')
    expect(answer(unknown)).toMatchObject({ error_code: 1 })
  })

  it('reads another file when told so', async () => {
    await start()
    const own = join(simulator.directory, 'own.cfg')
    const config = JSON.parse(readConfig())
    config.clusters = config.clusters.slice(0, 1)
    writeFileSync(own, JSON.stringify(config))
    expect(answer(await cli(`user list --config ${own}`))).toMatchObject({ error_code: 0 })
    const session = await cli(`interactive --config ${own}`, {}, 'user list\nquit\n')
    expect(session.stdout).toContain('"error_code"')
  })

  it('talks to the HSMs that the file names, and needs all of them', async () => {
    await start()
    change((state) => {
      hsmOf(state, eu2).troubles = { refuse: true }
    })
    expect(answer(await cli(`user list --cluster-id ${eu}`)).data).toMatch(/failed to connect to 10\.8\.2\.6:2223/)
    expect(answer(await cli(`user list --cluster-id ${us}`))).toMatchObject({ error_code: 0 })
    writeFileSync(paths().cliConfig, readConfig().replace('10.8.2.6', '10.8.1.4'))
    expect(answer(await cli(`user list --cluster-id ${eu}`))).toMatchObject({ error_code: 0 })
  })
})

describe('user list', () => {
  it('needs no login and shows roles, locks and who is missing somewhere', async () => {
    await start({ dialect: { cliQuorumField: true } })
    change((state) => {
      userAt(state, us1, 'crypto_user1').loginFailures = 5
      for (const id of [us1, us2]) userAt(state, id, 'crypto_user2').loginFailures = 5
      hsmOf(state, us2).users = hsmOf(state, us2).users.filter(({ name }) => name !== 'crypto_user3')
      for (const id of [us1, us2]) userAt(state, id, 'crypto_user4').name = 'Crypto_User4'
    })
    const users = data(await cli(`user list --cluster-id ${us}`)).users
    const common = { mfa: [], quorum: [], locked: 'false', 'cluster-coverage': 'full' }
    expect(users).toEqual([
      { ...common, username: 'admin', role: 'admin' },
      { ...common, username: 'app_user', role: 'internal(APPLIANCE_USER)' },
      { ...common, username: 'crypto_user1', role: 'crypto-user', locked: 'inconsistent' },
      { ...common, username: 'crypto_user2', role: 'crypto-user', locked: 'true' },
      { ...common, username: 'crypto_user3', role: 'crypto-user', 'cluster-coverage': 'inconsistent' },
      ...['crypto_user4', 'crypto_user5', 'crypto_user6'].map((username) => ({
        ...common,
        username,
        role: 'crypto-user',
      })),
    ])
    expect(simulator.logins()).toEqual([])
    expect(simulator.sessions()).toMatchObject([
      { tool: 'cloudhsm-cli', commands: [`user list --cluster-id ${us}`], ended: true },
    ])
  })

  it.each<[Partial<Dialect>, RegExp]>([
    [
      { cliJson: 'pretty', cliQuorumField: false },
      /^\{\n {2}"error_code": 0,\n[\s\S]*"mfa": \[\],\n +"cluster-coverage"/,
    ],
    [{ cliJson: 'compact', cliQuorumField: true }, /^\{"error_code":0,.*"mfa":\[\],"quorum":\[\],"cluster-coverage"/],
  ])('in the dialect %j', async (dialect, text) => {
    await start({ dialect })
    expect((await cli(`user list --cluster-id ${us}`)).stdout).toMatch(text)
  })

  it('can tell the hardware, without a login', async () => {
    await start()
    expect(data(await cli(`cluster hsm-info --cluster-id ${us}`)).hsms).toHaveLength(2)
  })
})

describe('logging in', () => {
  const list = (environment: Record<string, string>) => cli(`key list --cluster-id ${us}`, environment)
  const failures = (hsmId: string) => userAt(simulator.world.read(), hsmId, 'admin').loginFailures

  it('counts a wrong password on one HSM, locks after five, and tells no more than that', async () => {
    await start()
    for (let attempt = 0; attempt < 5; attempt++) {
      const wrong = await list(pin('admin', 'admin', 'wrong'))
      expect(answer(wrong)).toEqual({ error_code: 1, data: 'Login failed: invalid username or password' })
    }
    expect([failures(us1), failures(us2)]).toEqual([5, 0])
    const right = await list(pin('admin', 'admin', plantedPassword))
    expect(answer(right)).toEqual({ error_code: 1, data: 'Login failed: user is locked out' })
    expect(simulator.logins()).toHaveLength(6)
    expect(simulator.logins()[0]).toMatchObject({ tool: 'cloudhsm-cli', user: 'admin', target: us, ok: false })
    const users = data(await cli(`user list --cluster-id ${us}`)).users
    expect(users).toMatchObject([{ username: 'admin', locked: 'inconsistent' }, {}, {}, {}, {}, {}, {}, {}])
  })

  it('forgets wrong passwords after a right one', async () => {
    await start()
    await list(pin('admin', 'admin', 'wrong'))
    await list(pin('admin', 'ADMIN', plantedPassword))
    expect(failures(us1)).toBe(0)
  })

  it('has another text for a user who is not there, or has another role', async () => {
    await start()
    for (const environment of [pin('admin', 'nobody', 'x'), pin('crypto-user', 'admin', plantedPassword)]) {
      expect(answer(await list(environment))).toEqual({ error_code: 1, data: 'Login failed: user does not exist' })
    }
  })

  it('needs every credential in the environment', async () => {
    await start()
    expect(answer(await list({}))).toMatchObject({ error_code: 1 })
    expect(answer(await list({ CLOUDHSM_ROLE: 'CO', CLOUDHSM_PIN: 'admin:x' }))).toMatchObject({ error_code: 1 })
    expect(answer(await list({ CLOUDHSM_ROLE: 'admin', CLOUDHSM_PIN: 'admin' }))).toMatchObject({ error_code: 1 })
    const half = await replicateUser('crypto_user5', pin('admin', 'admin', plantedPassword))
    expect(answer(half).data).toContain('DESTINATION_CLOUDHSM_ROLE')
    expect(namesOf(eu1)).not.toContain('crypto_user5')
  })

  it.each([1, 0] as const)('ends with status %i when it fails', async (cliFailureExit) => {
    await start({ dialect: { cliFailureExit } })
    expect((await list({})).status).toBe(cliFailureExit)
    expect((await list(adminAtBoth)).status).toBe(0)
  })
})

describe('key list', () => {
  const list = (words: string, environment = pin('crypto-user', 'crypto_user1', plantedCryptoUserPassword)) =>
    cli(`key list --cluster-id ${us} ${words}`.trim().split(' '), environment)

  it('comes in pages of ten, followed by a token that is a text', async () => {
    await start()
    const admin = pin('admin', 'admin', plantedPassword)
    const first = data(await list('', admin))
    expect(first).toMatchObject({ total_key_count: 15, returned_key_count: 10, next_token: '10' })
    const last = data(await list('--starting-token 10', admin))
    expect(last).toMatchObject({ total_key_count: 15, returned_key_count: 5 })
    expect(last).not.toHaveProperty('next_token')
    const all = data(await list('--max-items 15', admin)).matched_keys
    expect(all).toEqual([...keysIn(first), ...keysIn(last)])
    expect(keysIn({ matched_keys: all }).map((key) => key['key-reference'])).toEqual(handlesOf(us1).map(reference))
    expect(answer(await list('--starting-token x', admin))).toMatchObject({ error_code: 1 })
  })

  it('shows an administrator references and labels only, whatever was asked', async () => {
    await start()
    const admin = pin('admin', 'admin', plantedPassword)
    const listed = data(await list('--verbose --max-items 1', admin)).matched_keys
    expect(listed).toEqual([
      { 'key-reference': '0x0000000000000007', attributes: { label: 'payments-pan-aes256-2021' } },
    ])
    change((state) => {
      state.dialect.cliAdminSees = 'none'
    })
    expect(data(await list('', admin))).toEqual({ matched_keys: [], total_key_count: 0, returned_key_count: 0 })
  })

  it('shows a crypto user what is owned, shared or public, and with --verbose everything about it', async () => {
    await start()
    change((state) => {
      for (const id of [us1, us2]) {
        const common = { sharedWith: [], label: 'x', material: 'x' }
        hsmOf(state, id).keys.push(
          { handle: 300_001, owner: 'crypto_user4', ...common, sharedWith: ['crypto_user1'] },
          { handle: 300_002, owner: 'crypto_user4', ...common, public: true },
          { handle: 300_003, owner: 'crypto_user4', ...common },
        )
      }
      hsmOf(state, us2).keys = hsmOf(state, us2).keys.filter(({ handle }) => handle !== 300_001)
    })
    const listed = keysIn(data(await list('--verbose --max-items 100')))
    const handles = listed.map((key) => Number(key['key-reference']))
    expect(handles.slice(-2)).toEqual([300_001, 300_002])
    expect(listed[0]).toMatchObject({
      'key-reference': '0x0000000000000007',
      'key-info': {
        'key-owners': [{ username: 'crypto_user1', 'key-coverage': 'full' }],
        'shared-users': [],
        'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
        'cluster-coverage': 'full',
      },
      attributes: {
        'key-type': 'aes',
        class: 'secret-key',
        label: 'payments-pan-aes256-2021',
        id: '0x',
        'check-value': expect.stringMatching(/^0x[0-9a-f]{6}$/),
        token: true,
      },
    })
    expect(listed.at(-2)).toMatchObject({
      'key-info': {
        'shared-users': [{ username: 'crypto_user1', 'key-coverage': 'inconsistent' }],
        'cluster-coverage': 'inconsistent',
      },
    })
    expect(listed.at(-1)).toMatchObject({ attributes: { class: 'public-key', 'key-type': 'rsa' } })
  })

  it('filters', async () => {
    await start()
    expect(keysIn(data(await list('--filter key-reference=0x7')))).toHaveLength(1)
    expect(keysIn(data(await list('--filter attr.label=payments-pan-aes256-2021')))).toHaveLength(1)
    expect(keysIn(data(await list('--filter key-reference=0x7 attr.label=other')))).toHaveLength(0)
    expect((await list('--filter owner=crypto_user1')).status).toBe(2)
  })
})

function keysIn(listed: Json): Json[] {
  if (!isJsonList(listed.matched_keys)) throw new Error('no keys')
  return listed.matched_keys
}

describe('user replicate', () => {
  it('writes to every HSM of the destination, under the next free id, and is content with what is there', async () => {
    await start()
    expect(data(await replicateUser('Crypto_User5'))).toMatchObject({
      user: { username: 'crypto_user5', role: 'crypto-user', locked: 'false', 'cluster-coverage': 'full' },
      message: 'Successfully replicated user',
    })
    for (const id of [eu1, eu2]) {
      const { users } = hsmOf(simulator.world.read(), id)
      expect(users.at(-1)).toMatchObject({ name: 'crypto_user5', type: 'CU', password: 'crypto-user-pass-5' })
      expect(new Set(users.map((user) => user.id)).size).toBe(users.length)
    }
    const before = simulator.world.read().clusters
    expect(answer(await replicateUser('crypto_user5'))).toMatchObject({ error_code: 0 })
    expect(answer(await replicateUser('admin', adminAtBoth, 'admin'))).toMatchObject({ error_code: 0 })
    expect(simulator.world.read().clusters).toEqual(before)
    expect(simulator.logins().map(({ target, ok }) => [target, ok])).toEqual(
      [us, eu, us, eu, us, eu].map((target) => [target, true]),
    )
  })

  it.each<[string, (state: WorldState) => void, string, readonly string[]]>([
    [
      'a user who is not the same on all HSMs of the source',
      (state) => {
        hsmOf(state, us2).users = hsmOf(state, us2).users.filter(({ name }) => name !== 'crypto_user5')
      },
      'Specified user is inconsistent across the cluster',
      [],
    ],
    [
      'a user who is locked on one HSM of the source',
      (state) => {
        userAt(state, us2, 'crypto_user5').loginFailures = 5
      },
      'Specified user is inconsistent across the cluster',
      [],
    ],
    [
      'a user who has another role there',
      (state) => {
        hsmOf(state, eu1).users.push({ ...userAt(state, us1, 'crypto_user5'), id: 77, type: 'CO' })
      },
      'User replicate failed on 1 of 2 connections',
      [eu1, eu2],
    ],
    [
      'a user who is locked there',
      (state) => {
        for (const id of [eu1, eu2]) {
          hsmOf(state, id).users.push({ ...userAt(state, us1, 'crypto_user5'), id: 77, loginFailures: 5 })
        }
      },
      'User replicate failed on 2 of 2 connections',
      [eu1, eu2],
    ],
    [
      'clusters that are not clones',
      (state) => {
        for (const cluster of state.clusters) cluster.lineage = cluster.clusterId
      },
      'User replicate failed on 2 of 2 connections',
      [],
    ],
    [
      'hsm2m to hsm1',
      (state) => {
        for (const id of [eu1, eu2]) hsmOf(state, id).hsmType = 'hsm1.medium'
      },
      'User replicate failed on 2 of 2 connections',
      [],
    ],
  ])('refuses %s', async (_title, prepare, text, places) => {
    await start()
    change(prepare)
    expect(answer(await replicateUser('crypto_user5'))).toEqual({ error_code: 1, data: text })
    expect([eu1, eu2].filter((id) => namesOf(id).includes('crypto_user5'))).toEqual(places)
  })

  it('allows hsm1 to hsm2m', async () => {
    await start()
    change((state) => {
      for (const id of [us1, us2]) hsmOf(state, id).hsmType = 'hsm1.medium'
    })
    expect(answer(await replicateUser('crypto_user5'))).toMatchObject({ error_code: 0 })
  })

  it('refuses crypto users, users who do not exist, and one cluster as both', async () => {
    await start()
    expect(answer(await replicateUser('crypto_user5', ownerAtBoth)).data).toMatch(/admin/)
    expect(answer(await replicateUser('nobody')).data).toMatch(/does not exist/)
    const same = ['--source-cluster-id', us, '--destination-cluster-id', us]
    const ended = await cli(['user', 'replicate', '--username', 'admin', '--role', 'admin', ...same], adminAtBoth)
    expect(answer(ended)).toMatchObject({ error_code: 1 })
  })
})

describe('key replicate', () => {
  it.each([
    ['an administrator', adminAtBoth],
    ['its owner', ownerAtBoth],
  ])('lets %s write to every HSM of the destination at once', async (_title, environment) => {
    await start({ spreadMs: -1 })
    expect(data(await replicateKey(missingKey, environment))).toMatchObject({
      key: { 'key-reference': reference(missingKey), 'key-info': {}, attributes: {} },
      message: 'Successfully replicated key',
    })
    for (const id of [eu1, eu2]) expect(handlesOf(id)).toContain(missingKey)
    const before = simulator.world.read().clusters
    expect(answer(await replicateKey(missingKey, environment))).toMatchObject({ error_code: 0 })
    expect(simulator.world.read().clusters).toEqual(before)
    expect(simulator.violations()).toEqual([])
  })

  it.each<[string, (state: WorldState) => void, string]>([
    [
      'a key that is not on every HSM of the source',
      (state) => {
        hsmOf(state, us2).keys = hsmOf(state, us2).keys.filter(({ handle }) => handle !== missingKey)
      },
      'The selected key is not synchronized throughout the cluster',
    ],
    [
      'a reference that is another key on one HSM',
      (state) => {
        hsmOf(state, eu2).keys.push({ ...keyAt(state, us1, missingKey), material: 'other' })
      },
      'Key replicate failed on 1 of 2 connections',
    ],
    [
      'a reference that is shared with others on all HSMs',
      (state) => {
        for (const id of [eu1, eu2]) {
          hsmOf(state, id).keys.push({ ...keyAt(state, us1, missingKey), sharedWith: ['crypto_user2'] })
        }
      },
      'Key replicate failed on 2 of 2 connections',
    ],
    [
      'a key whose owner is missing there',
      (state) => {
        for (const id of [us1, us2]) keyAt(state, id, missingKey).owner = 'crypto_user6'
      },
      'Key replicate failed on 2 of 2 connections',
    ],
    [
      'a key shared with a user who is missing there',
      (state) => {
        for (const id of [us1, us2]) keyAt(state, id, missingKey).sharedWith = ['crypto_user6']
      },
      'Key replicate failed on 2 of 2 connections',
    ],
    [
      'clusters that are not clones',
      (state) => {
        for (const cluster of state.clusters) cluster.lineage = cluster.clusterId
      },
      'Key replicate failed on 2 of 2 connections',
    ],
  ])('refuses %s', async (_title, prepare, text) => {
    await start()
    change(prepare)
    expect(answer(await replicateKey(missingKey))).toEqual({ error_code: 1, data: text })
  })

  it('refuses everybody but the owner, and what is not there', async () => {
    await start()
    const other = pin('crypto-user', 'crypto_user2', plantedCryptoUserPassword)
    const otherThere = pin('crypto-user', 'crypto_user2', plantedCryptoUserPassword, 'DESTINATION_')
    expect(answer(await replicateKey(missingKey, { ...other, ...otherThere }))).toMatchObject({ error_code: 1 })
    expect(answer(await replicateKey(missingKey, { ...ownerAtBoth, ...otherThere }))).toMatchObject({ error_code: 1 })
    expect(answer(await replicateKey(999_999))).toEqual({ error_code: 1, data: 'No key matches the filter' })
    expect(handlesOf(eu1)).not.toContain(missingKey)
  })

  it('calls a label a violation, and does not choose between two', async () => {
    await start()
    change((state) => {
      for (const id of [us1, us2]) keyAt(state, id, missingKey).label = keyAt(state, id, presentKey).label
    })
    const label = keyAt(simulator.world.read(), us1, presentKey).label
    const ended = await cli(['key', 'replicate', '--filter', `attr.label=${label}`, ...bothClusters], adminAtBoth)
    expect(answer(ended)).toEqual({ error_code: 1, data: 'More than one key matches the filter' })
    expect(simulator.violations()[0]).toContain('key-reference')
  })
})

function keyAt(state: WorldState, hsmId: string, handle: number) {
  const key = hsmOf(state, hsmId).keys.find((candidate) => candidate.handle === handle)
  if (key === undefined) throw new Error(`no key ${handle}`)
  return key
}

describe('versions of Client SDK 5', () => {
  it.each([
    ['5.9.0', 2, 2, 2],
    ['5.12.0', 2, 0, 1],
    ['5.13.1', 2, 0, 0],
    ['5.14.0', 2, 0, 0],
    ['5.15.0', 0, 0, 0],
  ])('%s', async (version, user, ownersKey, adminsKey) => {
    await start({ dialect: { cliFailureExit: 1 } })
    change((state) => {
      for (const bastion of state.bastions) bastion.clientSdk5 = version
    })
    expect((await cli('--version')).stdout).toBe(`cloudhsm-cli ${version}\n`)
    const ended = await replicateUser('crypto_user5')
    expect(ended.status).toBe(user)
    expect(ended.stderr.includes("error: unrecognized subcommand 'replicate'")).toBe(user === 2)
    expect((await replicateKey(missingKey, ownerAtBoth)).status).toBe(ownersKey)
    expect((await replicateKey(missingKey, adminAtBoth)).status).toBe(adminsKey)
    expect((await configure(`remove-cluster --cluster-id ${us}`)).status).toBe(version === '5.9.0' ? 2 : 0)
  })
})

describe('what it does not understand, or must not do', () => {
  it.each([
    'user list --all',
    'user list --cluster-id',
    'user replicate --username x',
    `user replicate --username x --role CU --source-cluster-id ${us} --destination-cluster-id ${eu}`,
    `key replicate --source-cluster-id ${us} --destination-cluster-id ${eu}`,
    `key list --cluster-id ${us} --max-items ten`,
    `user list --cluster-id ${us} --cluster-id ${eu}`,
    'crypto sign',
    'user lits',
    'interactive --password x',
  ])('"%s" is a mistake of the caller', async (words) => {
    await start()
    const ended = await cli(words, adminAtBoth)
    expect(ended).toMatchObject({ status: 2, stdout: '' })
    expect(ended.stderr).toMatch(/^error: .*\n[\s\S]*\nUsage: cloudhsm-cli/)
    expect(simulator.logins()).toEqual([])
  })

  it.each([
    'user create --username x --role crypto-user',
    'user delete --username x --role crypto-user',
    'user change-password --username admin --role admin',
    'key delete --filter key-reference=0x7',
    'key generate-symmetric aes --label x',
    'quorum token-sign list',
  ])('"%s" changes nothing and is a violation', async (words) => {
    await start()
    const before = simulator.world.read().clusters
    expect(answer(await cli(words, adminAtBoth))).toMatchObject({ error_code: 1 })
    expect(simulator.violations()[0]).toContain(words.split(' ').slice(0, 2).join(' '))
    expect(simulator.world.read().clusters).toEqual(before)
  })

  it('a password must not be an argument', async () => {
    await start({ dialect: { cliInteractive: 'prompts' } })
    await cli(`login --username admin --role admin --cluster-id ${us} --password ${plantedPassword}`)
    const typed = `login --username admin --role admin --cluster-id ${us} --password=${plantedPassword}\nquit\n`
    expect((await cli(`interactive --cluster-id ${us}`, {}, typed)).stdout).toContain(`admin@${us} > `)
    expect(simulator.violations()).toHaveLength(2)
    expect(JSON.stringify(simulator.sessions())).not.toContain(plantedPassword)
  })
})

describe('interactive mode', () => {
  const logIn = (cluster: string) => [`login --username admin --role admin --cluster-id ${cluster}`, plantedPassword]
  const session = (...lines: string[]) => cli(`interactive --cluster-id ${us}`, adminAtBoth, `${lines.join('\n')}\n`)
  const copy = [
    `user replicate --username crypto_user5 --role crypto-user ${bothClusters.join(' ')}`,
    `key replicate --filter key-reference=${reference(missingKey)} ${bothClusters.join(' ')}`,
  ]

  it.each(['prompts', 'silent'] as const)('%s: logs in to both clusters once and copies', async (cliInteractive) => {
    await start({ dialect: { cliInteractive, cliJson: 'compact' } })
    const { stdout, stderr, status } = await session(...logIn(us), ...logIn(eu), ...copy, 'quit')
    const answers = stdout.match(/\{"error_code":0.*\}$/gm)
    expect(answers).toHaveLength(4)
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    if (cliInteractive === 'silent') expect(stdout).toBe(`${answers?.join('\n')}\n`)
    else {
      expect(stdout).toMatch(
        new RegExp(`^aws-cloudhsm > Enter password:\\{.*\\}\nadmin@${us} > Enter password:\\{.*\\}\nadmin@${eu} > \\{`),
      )
      expect(stdout).toMatch(new RegExp(`\nadmin@${eu} > $`))
    }
    for (const id of [eu1, eu2]) {
      expect(namesOf(id)).toContain('crypto_user5')
      expect(handlesOf(id)).toContain(missingKey)
    }
    expect(simulator.logins()).toHaveLength(2)
    expect(simulator.sessions()).toMatchObject([
      { tool: 'cloudhsm-cli', ended: true, commands: expect.arrayContaining([logIn(us)[0], '***', copy[0], 'quit']) },
    ])
    expect(JSON.stringify(simulator.sessions())).not.toContain(plantedPassword)
    expect(simulator.violations()).toEqual([])
  })

  it('terminal: cannot ask for a password on a pipe, and takes no line for it', async () => {
    await start({ dialect: { cliInteractive: 'terminal', cliJson: 'compact' } })
    const { stdout, stderr } = await session(...logIn(us), `user list --cluster-id ${us}`, 'quit')
    expect(stdout).toMatch(
      /^aws-cloudhsm > \{"error_code":1,"data":"Failed to read password: No such device or address \(os error 6\)"\}\n/,
    )
    expect(stdout).toContain('"app_user"')
    expect(stderr).toContain('error: unrecognized subcommand')
    expect(simulator.logins()).toEqual([])
    expect(JSON.stringify(simulator.sessions())).not.toContain(plantedPassword)
  })

  it.each(['silent', 'terminal'] as const)('%s: asks on a terminal', async (cliInteractive) => {
    await start({ dialect: { cliInteractive } })
    // `script` gives it a terminal, and passes on what is typed once it has been asked.
    const child = spawn('/usr/bin/script', ['-qec', `'${paths().cli}' interactive --cluster-id ${us}`, '/dev/null'], {
      env: { PATH: process.env.PATH ?? '' },
    })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += String(chunk)
    })
    const closed = new Promise((resolve) => child.on('close', resolve))
    const [line = '', password = ''] = logIn(us)
    for (const [prompt, typed] of [
      [/aws-cloudhsm > $/, line],
      [/Enter password:$/, password],
      [new RegExp(`admin@${us} > $`), 'quit'],
    ] as const) {
      await expect.poll(() => text, { timeout: 10_000 }).toMatch(prompt)
      child.stdin.write(`${typed}\n`)
    }
    await closed
    expect(text).not.toContain(plantedPassword)
    expect(simulator.logins()).toMatchObject([{ ok: true }])
  })

  it('does not use the environment’s credentials, and goes on after errors', async () => {
    await start({ dialect: { cliInteractive: 'prompts', cliJson: 'compact' } })
    const { stdout, stderr, status } = await session(
      ...copy,
      'nonsense',
      'user list --nonsense',
      'user list',
      `login --username admin --role admin --cluster-id ${us}`,
      'wrong',
      ...logIn(us),
      ...logIn(us).slice(0, 1),
      `logout --cluster-id ${us}`,
      `key list --cluster-id ${us}`,
    )
    expect(stdout.match(/"data":"[^"]*"/g)).toEqual([
      `"data":"Not logged in to cluster ${us}"`,
      `"data":"Not logged in to cluster ${us}"`,
      '"data":"multiple clusters provided in configuration file. Please specify `cluster-id`"',
      '"data":"Login failed: invalid username or password"',
      '"data":"Login failed: already logged in as admin"',
      '"data":"Logout successful"',
      `"data":"Not logged in to cluster ${us}"`,
    ])
    expect(stderr).toMatch(/unrecognized subcommand 'nonsense'[\s\S]*unexpected argument '--nonsense'/)
    expect(status).toBe(0)
    expect(simulator.sessions()).toMatchObject([{ ended: true }])
  })

  it('takes quotes around a value', async () => {
    await start({ dialect: { cliInteractive: 'silent', cliJson: 'compact' } })
    const { stdout } = await session(
      ...logIn(us),
      `key list --cluster-id ${us} --filter attr.label="Backup wrapping key-2024"`,
      'quit',
    )
    expect(stdout).toContain('"returned_key_count":1')
  })
})

describe('planned misbehaviour', () => {
  const play = async (fault: ToolFault) => {
    await start({ toolFaults: [fault], dialect: { cliFailureExit: 1 } })
    return await replicateKey(missingKey)
  }
  const added = (id: string) => handlesOf(id).length - freshKeys

  it.each<[ToolFault['do'], RegExp, number, readonly [number, number]]>([
    ['fail', /"error_code": ?1/, 1, [0, 0]],
    ['silent-noop', /^$/, 0, [0, 0]],
    ['lie', /Successfully replicated key/, 0, [0, 0]],
    ['new-handle', /Successfully replicated key/, 0, [1, 1]],
    ['twice', /Successfully replicated key/, 0, [2, 2]],
    ['delay', /Successfully replicated key/, 0, [1, 1]],
    ['partial', /Key replicate failed on 1 of 2 connections/, 1, [1, 0]],
    ['bad-json', /^Error \{/, 0, [1, 1]],
    ['exit', /Successfully replicated key/, 3, [1, 1]],
    ['cut', /^\{[\s\S]*(?<!\})\n?$/, 0, [1, 1]],
  ])('%s', async (kind, text, status, counts) => {
    const ended = await play({ command: 'key replicate', match: reference(missingKey), do: kind, ms: 20 })
    expect(ended.stdout).toMatch(text)
    expect(ended.status).toBe(status)
    expect([added(eu1), added(eu2)]).toEqual(counts)
    expect(handlesOf(eu1).includes(missingKey)).toBe(counts[0] > 0 && kind !== 'new-handle')
    expect(simulator.violations()).toEqual([])
  })

  it.each([false, true])('kill: before or after the effect (after: %s)', async (after) => {
    const { signal, status } = await play({ command: 'key replicate', do: 'kill', after })
    expect(signal ?? status).toBe('SIGKILL')
    expect(added(eu1)).toBe(after ? 1 : 0)
    expect(simulator.sessions()).toMatchObject([{ ended: false }])
    expect(answer(await replicateKey(missingKey))).toMatchObject({ error_code: 0 })
  })

  it('hang: never answers', async () => {
    await start({ toolFaults: [{ command: 'key replicate', do: 'hang' }] })
    const words = ['key', 'replicate', '--filter', `key-reference=${reference(missingKey)}`, ...bothClusters]
    expect(await run('timeout', ['1', paths().cli, ...words], adminAtBoth)).toMatchObject({ status: 124, stdout: '' })
    expect(added(eu1)).toBe(0)
  })

  it('partial: users too', async () => {
    await start({ toolFaults: [{ command: 'user replicate', do: 'partial' }] })
    const ended = await replicateUser('crypto_user5')
    expect(answer(ended)).toEqual({ error_code: 1, data: 'User replicate failed on 1 of 2 connections' })
    expect([eu1, eu2].map((id) => namesOf(id).includes('crypto_user5'))).toEqual([true, false])
  })

  it('skip and times, and the login and the start as commands', async () => {
    await start({
      toolFaults: [
        { command: 'login', match: eu, skip: 1, do: 'fail', text: 'the HSM is busy' },
        { command: 'interactive', do: 'fail', text: 'no memory' },
      ],
    })
    expect(answer(await replicateUser('crypto_user5'))).toMatchObject({ error_code: 0 })
    expect(answer(await replicateUser('crypto_user6'))).toEqual({ error_code: 1, data: 'the HSM is busy' })
    expect(answer(await replicateUser('crypto_user6'))).toMatchObject({ error_code: 0 })
    expect(answer(await cli(`interactive --cluster-id ${us}`))).toEqual({ error_code: 1, data: 'no memory' })
  })

  it('takes its time', async () => {
    await start({ latencyMs: { 'cli start': 50, 'cli login': 100, 'user replicate': 100 } })
    const started = Date.now()
    await replicateUser('crypto_user5')
    expect(Date.now() - started).toBeGreaterThan(350)
  })
})

describe('at the size of a large cluster', () => {
  it('copies 3,300 keys in one session without getting slow', async () => {
    await start(
      largeWorld(50, 3300, { hsmType: 'hsm2m.medium', dialect: { cliInteractive: 'silent', cliJson: 'compact' } }),
    )
    const logIn = [us, eu].flatMap((id) => [`login --username admin --role admin --cluster-id ${id}`, plantedPassword])
    const names = namesOf(us1).filter((name) => name.startsWith('crypto'))
    const users = names.map((name) => `user replicate --username ${name} --role crypto-user ${bothClusters.join(' ')}`)
    const keys = handlesOf(us1).map(
      (handle) => `key replicate --filter key-reference=${reference(handle)} ${bothClusters.join(' ')}`,
    )
    const started = Date.now()
    const typed = [...logIn, ...users, ...keys, 'quit'].join('\n')
    const { stdout } = await cli(`interactive --cluster-id ${us}`, {}, `${typed}\n`)
    const elapsed = Date.now() - started
    expect(stdout.match(/^\{"error_code":0,.*Successfully replicated (user|key)"\}\}$/gm)).toHaveLength(3350)
    expect(handlesOf(eu2)).toHaveLength(3300)
    expect(elapsed).toBeLessThan(20_000)
    console.log(`3,300 keys and 50 users in ${elapsed} ms`)
  }, 30_000)
})

describe('a bastion', () => {
  it('may lack the tools', async () => {
    await start({ unconfigured: true, bastion: { missingTools: ['cloudhsm-cli', 'configure-cli'] } })
    expect([existsSync(paths().cli), existsSync(paths().configure), existsSync(paths().binary)]).toEqual([
      false,
      false,
      true,
    ])
  })

  it('has its processes recorded', async () => {
    await start()
    await cli(`user list --cluster-id ${us}`)
    expect(simulator.recordings().map(({ tool }) => tool)).toEqual(['configure-cli', 'configure-cli', 'cloudhsm-cli'])
  })
})

// Keys that prod-eu has in `hsm2mClusters` before anything was copied.
const freshKeys = hsm2mClusters().clusters[1]?.keys.length ?? 0
