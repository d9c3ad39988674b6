import { describe, expect, it } from 'vitest'
import type { Dialect } from '../simulator/bin/shared/dialect.mjs'
import { hsmOf } from '../simulator/world/world.ts'
import { plantedCryptoUserPassword, plantedPassword } from '../simulator/worlds.ts'
import {
  adminAtBoth,
  answer,
  change,
  cli,
  configure,
  data,
  endWorlds,
  eu,
  eu1,
  handlesOf,
  keysIn,
  missingKey,
  namesOf,
  ownerAtBoth,
  pin,
  reference,
  replicateKey,
  replicateUser,
  simulator,
  start,
  us,
  us1,
  us2,
  userAt,
} from './cli-place.ts'

// What the fake cloudhsm-cli shows, to whom, and what it does not understand.

endWorlds()

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
