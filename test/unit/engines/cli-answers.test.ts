import { describe, expect, it } from 'vitest'
import { parseAnswer, parseKeys, parseUsers, saidIn } from '../../../src/engines/cloudhsm-cli/answers.ts'
import { exchange, failure, keysAnswer, success } from '../../fixtures/cli-session.ts'

// As documented (user guide, user list and key list).
const USERS = `{"error_code":0,"data":{"users":[
 {"username":"admin","role":"admin","locked":"false","mfa":[],"quorum":[],"cluster-coverage":"full"},
 {"username":"Crypto_User1","role":"crypto-user","locked":"false","mfa":[],"quorum":[],"cluster-coverage":"full"},
 {"username":"app_user","role":"internal(APPLIANCE_USER)","locked":"false","mfa":[],"quorum":[],"cluster-coverage":"full"}]}}`

const plainKey = (reference: string, label: string) => ({ 'key-reference': reference, attributes: { label } })
const VERBOSE = {
  'key-reference': '0x0000000000300006',
  'key-info': {
    'key-owners': [{ username: 'CU1', 'key-coverage': 'full' }],
    'shared-users': [
      { username: 'cu3', 'key-coverage': 'full' },
      { username: 'cu2', 'key-coverage': 'full' },
    ],
    'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
    'cluster-coverage': 'full',
  },
  attributes: {
    'key-type': 'aes',
    label: 'pan',
    id: '',
    'check-value': '0x5e118e',
    class: 'secret-key',
    token: true,
    'key-length-bytes': 32,
  },
}

function users(answer: string) {
  return parseUsers(exchange('user list', answer))
}
function usersWith(changes: object) {
  const user = { username: 'jdoe', role: 'crypto-user', locked: 'false', 'cluster-coverage': 'full', ...changes }
  return users(success({ users: [user] }))
}
function keys(...pages: readonly string[]) {
  return parseKeys(pages.map((page) => exchange('key list', page)))
}

describe('a list of users', () => {
  it('as documented: administrators and crypto users, in lower case, without app_user', () => {
    expect(users(USERS)).toEqual([
      { id: 0, name: 'admin', role: 'CO', failedLogins: 0, coverage: 'full', hasSecondFactor: false },
      { id: 0, name: 'crypto_user1', role: 'CU', failedLogins: 0, coverage: 'full', hasSecondFactor: false },
    ])
  })

  it.each([
    'internal(APPLIANCE_USER)',
    'internal',
    'Admin',
    'ADMIN',
    'crypto-officer',
    '',
    'constructor',
    'toString',
    '__proto__',
  ])('a user in a role that nobody knows is never touched: "%s"', (role) => {
    expect(usersWith({ role })).toEqual([])
  })

  it.each([
    ['false', undefined],
    ['true', true],
    ['inconsistent', true],
    ['a word of next year', true],
  ])('locked: "%s"', (locked, isLocked) => {
    expect(usersWith({ locked })?.[0]?.isLocked).toBe(isLocked)
  })

  it('from a version that says nothing of locks and quorum can be read', () => {
    const old = { username: 'jdoe', role: 'crypto-user', 'cluster-coverage': 'full' }
    expect(users(success({ users: [old] }))).toHaveLength(1)
  })

  it('keeps the tool’s word for a user that only some HSMs have', () => {
    expect(usersWith({ 'cluster-coverage': 'inconsistent' })?.[0]?.coverage).toBe('cluster-coverage inconsistent')
  })

  it.each([
    ['a failure', failure('Specified user is inconsistent across the cluster')],
    ['no users in it', success({})],
    ['a user without a name', success({ users: [{ username: '', role: 'admin', 'cluster-coverage': 'full' }] })],
    ['a user without coverage', success({ users: [{ username: 'x', role: 'admin' }] })],
    ['no JSON', 'Enter password:'],
    ['nothing', ''],
    ['half of it', USERS.slice(0, -30)],
    ['two answers', `${USERS}\n${USERS}`],
  ])('that cannot be read is no list: %s', (_, answer) => {
    expect(users(answer)).toBeUndefined()
  })

  // It becomes a word of a command, and a line of the dialogue.
  it.each(['x --role admin', 'x\nlogin 0 admin cluster-7kkmnopqrst', "x'", 'x\t'])(
    'takes nothing for a user’s name that cannot be one: %j',
    (username) => {
      expect((usersWith({ username }) ?? []).map(({ name }) => name)).toEqual([])
    },
  )

  it('is no list where the command ended badly, was not given, or the answer is not whole', () => {
    expect(parseUsers(exchange('user list', USERS, { status: 1 }))).toBeUndefined()
    expect(parseUsers(exchange('user list', USERS, { isWhole: false }))).toBeUndefined()
    expect(parseUsers(undefined)).toBeUndefined()
    expect(parseUsers(exchange('user list', USERS, { status: 0 }))).toHaveLength(2)
  })
})

describe('a list of keys', () => {
  it('as an administrator gets it: reference and label only', () => {
    expect(keys(keysAnswer([plainKey('0x00000000000003d5', 'pan'), plainKey('0x0000000000300006', '')]))).toEqual([
      { handle: 0x3d5, owner: null, sharedWith: [], label: 'pan', shows: 'label' },
      { handle: 0x300006, owner: null, sharedWith: [], label: '', shows: 'label' },
    ])
  })

  it('as its owner gets it: owner, shares, type and check value', () => {
    expect(keys(keysAnswer([VERBOSE]))).toEqual([
      {
        handle: 0x300006,
        owner: 'cu1',
        sharedWith: ['cu2', 'cu3'],
        label: 'pan',
        material: 'secret-key aes 0x5e118e',
        coverage: 'full',
      },
    ])
  })

  it('keeps the tool’s word for a key that only some HSMs have', () => {
    const info = { ...VERBOSE['key-info'], 'cluster-coverage': 'inconsistent' }
    expect(keys(keysAnswer([{ ...VERBOSE, 'key-info': info }]))?.[0]?.coverage).toBe('cluster-coverage inconsistent')
  })

  it('with empty details, as key replicate shows them, is one that shows nothing but its reference', () => {
    const bare = { 'key-reference': '0x0000000000300006', 'key-info': {}, attributes: {} }
    expect(keys(keysAnswer([bare]))).toEqual([{ handle: 0x300006, owner: null, sharedWith: [], shows: 'reference' }])
  })

  it('can be empty', () => {
    expect(keys(keysAnswer([]))).toEqual([])
  })

  const [one, two, three] = ['1', '2', '3'].map((digit) => plainKey(`0x000000000000000${digit}`, 'same'))
  const page = (some: readonly (object | undefined)[], total: number, next?: string) =>
    keysAnswer(
      some.flatMap((key) => key ?? []),
      total,
      next,
    )

  it('is put together from its pages', () => {
    expect(keys(page([one, two], 3, '2'), page([three], 3))?.map(({ handle }) => handle)).toEqual([1, 2, 3])
  })

  it.each([
    ['the last page is missing', [page([one, two], 3, '2')]],
    ['a page in the middle is missing', [page([one], 3, '1'), page([three], 3)]],
    ['a page came twice', [page([one, two], 3, '2'), page([one, two], 3, '2')]],
    [
      'a page says it has more than it has',
      [page([one], 1).replace('"returned_key_count": 1', '"returned_key_count": 2')],
    ],
    ['there is one key more than it counts', [page([one, two, three], 2)]],
    ['no page at all', []],
    ['a page is no JSON', [page([one, two], 3, '2'), 'aws-cloudhsm > ']],
    ['a page is cut', [page([one, two, three], 3).slice(0, -40)]],
    ['a page is a failure', [page([one, two], 3, '2'), failure('Invalid starting token')]],
    ['a page has no counts', [success({ matched_keys: [one] })]],
    ['a reference is too short', [keysAnswer([plainKey('0x3d5', 'x')])]],
    ['a reference is no number', [keysAnswer([plainKey('0x00000000000003g5', 'x')])]],
    ['a reference is larger than can be counted exactly', [keysAnswer([plainKey('0xffffffffffffffff', 'x')])]],
  ])('is no list where %s', (_, pages) => {
    expect(keys(...pages)).toBeUndefined()
  })

  it('is no list where one page’s command ended badly', () => {
    const pages = [exchange('key list', page([one], 2, '1')), exchange('key list', page([two], 2), { status: 3 })]
    expect(parseKeys(pages)).toBeUndefined()
  })
})

describe('an answer', () => {
  it('may stand among other lines', () => {
    const text = `SDK Version: 5.17.1\n${success({})}\nWARN: slow connection`
    expect(parseAnswer(exchange('login', text))).toEqual({ error_code: 0, data: {} })
  })
  it('needs an error code', () => {
    expect(parseAnswer(exchange('x', '{"data":{}}'))).toBeUndefined()
    expect(parseAnswer(exchange('x', '{"error_code":"0","data":{}}'))).toBeUndefined()
  })
  it('in words is the failure’s own sentence, on one line, without secrets', () => {
    expect(saidIn(exchange('x', failure('one\n  two')))).toBe('one two')
    expect(saidIn(exchange('x', 'not\nJSON'))).toBe('not JSON')
    expect(saidIn(exchange('x', failure('password: "hunter2hunter2"')))).not.toContain('hunter2')
    expect(saidIn(exchange('x', failure('y'.repeat(5000)))).length).toBeLessThan(300)
  })
})
