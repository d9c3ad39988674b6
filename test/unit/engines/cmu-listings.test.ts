import { describe, expect, it } from 'vitest'
import {
  asksQuestion,
  judge,
  parseConnected,
  parseEncrypted,
  parseInfo,
  words,
} from '../../../src/engines/cmu/answers.ts'
import { parseKeys, parseUsers } from '../../../src/engines/cmu/listings.ts'

// AWS CloudHSM user guide (2023), listUsers; the columns as printed there.
const DOCUMENTED = `Users on server 0(10.0.0.1):
Number of users found:6

    User Id             User Type       User Name            MofnPubKey    LoginFailureCnt         2FA
         1              PCO             admin                     YES               0               NO
         2              AU              app_user                   NO               0               NO
         3              CU              crypto_user1               NO               0               NO
         4              CU              CRYPTO_user2               NO               4               NO
         5              CO              officer1                  YES               0               NO
         6              CU              crypto_user3               NO               0               YES
`
const OLDEST = DOCUMENTED.replace(/ +(2FA|NO|YES)$/gm, '')
const WIDE = DOCUMENTED.replace(
  /(User Name|admin|app_user|crypto_user\d|officer1)/gi,
  (name) => `${name}${' '.repeat(30)}`,
)

describe('listUsers', () => {
  it.each([
    ['as documented', DOCUMENTED],
    ['without the 2FA column', OLDEST],
    ['with wide columns', WIDE],
    ['with the first officer as plain CO', DOCUMENTED.replace('PCO', 'CO ')],
    ['with Windows line ends', DOCUMENTED.replaceAll('\n', '\r\n')],
    ['with a name instead of the address', DOCUMENTED.replace('10.0.0.1', 'server1')],
    ['with fewer counted than listed, as in the guide', DOCUMENTED.replace('found:6', 'found:5')],
  ])('%s', (_, text) => {
    const users = parseUsers(text)?.get(0)
    expect(users?.map(({ id, name, role, failedLogins }) => [id, name, role, failedLogins])).toEqual([
      [1, 'admin', 'CO', 0],
      [3, 'crypto_user1', 'CU', 0],
      [4, 'crypto_user2', 'CU', 4],
      [5, 'officer1', 'CO', 0],
      [6, 'crypto_user3', 'CU', 0],
    ])
  })

  it('one block per server', () => {
    const text = [0, 1, 2].map((server) => DOCUMENTED.replace('server 0', `server ${server}`)).join('\n')
    expect([...(parseUsers(text)?.keys() ?? [])]).toEqual([0, 1, 2])
  })

  it.each([
    ['a row is lost', DOCUMENTED.replace(/.*crypto_user1.*\n/, '')],
    ['a row is cut', DOCUMENTED.replace(/(crypto_user3).*/, '$1')],
    ['the count is lost', DOCUMENTED.replace(/Number.*\n/, '')],
    ['a server stands twice', DOCUMENTED + DOCUMENTED],
    ['a type that nobody knows', DOCUMENTED.replace('AU ', 'XU ')],
    ['nothing is there', ''],
  ])('is unreadable where %s', (_, text) => expect(parseUsers(text)).toBeUndefined())
})

const KEYS = `Keys on server 0(10.0.0.1):
Number of keys found 6
number of keys matched from start index 0::6
8(s),9(s),17,262162(s),19(o),31(o)
Key Hash:
${'0123456789ABCDEF'.repeat(4)}

findAllKeys success on server 0(10.0.0.1)
`

describe('findAllKeys', () => {
  const marks = (text: string) => parseKeys(text)?.keys.map(({ handle, mark }) => `${handle} ${mark}`)
  const SIX = ['8 shared', '9 shared', '17 none', '262162 shared', '19 owned', '31 owned']

  it.each([
    ['as documented', KEYS],
    ['without the server in the last line, as in server mode', KEYS.replace(' on server 0(10.0.0.1)\n', '\n')],
    ['without a hash', KEYS.replace(/Key Hash:\n.*\n/, '')],
    ['with spaces and a comma at the end', KEYS.replace('8(s),9(s),17', '8(s), 9(s) ,17').replace('31(o)', '31(o),')],
    ['over two lines', KEYS.replace('17,', '17,\n')],
    ['with fewer counted than listed, as in the guide', KEYS.replace('found 6', 'found 3')],
  ])('%s', (_, text) => expect(marks(text)).toEqual(SIX))

  it('a combined mark is the owner’s', () => expect(marks(KEYS.replace('19(o)', '19(o,s)'))?.at(4)).toBe('19 owned'))
  it('the hash is read in lower case', () => expect(parseKeys(KEYS)?.keyHash).toBe('0123456789abcdef'.repeat(4)))
  it('a hash of digits only is no key', () => {
    const digits = KEYS.replace(/^[0-9A-F]{64}$/m, '7'.repeat(64))
    expect(marks(digits)).toEqual(SIX)
    expect(parseKeys(digits)?.keyHash).toBe('7'.repeat(64))
  })
  it('no keys are no keys', () => {
    const none = 'Keys on server 1(10.0.1.7):\nNumber of keys found 0\nfindAllKeys success\n'
    expect(parseKeys(none)).toEqual({ server: 1, keys: [] })
  })
  it('3,300 keys on one line are read', () => {
    const list = Array.from({ length: 3300 }, (_, at) => `${at + 1}(o)`).join(',')
    const text = `Number of keys found 3300\n${list}\nfindAllKeys success\n`
    expect(parseKeys(text)?.keys).toHaveLength(3300)
  })
  it.each([
    ['without the success line', KEYS.replace('findAllKeys success', 'findAllKeys failed')],
    ['with fewer keys than counted', KEYS.replace(',31(o)', '')],
    ['without a count', KEYS.replace(/Number of keys found.*\n/, '')],
    ['of nothing', ''],
  ])('is unreadable %s', (_, text) => expect(parseKeys(text)).toBeUndefined())
})

describe('the start text', () => {
  it('says who is connected and encrypted; a prompt alone says nothing', () => {
    const text = `Connected to server '10.0.2.9': hostname '10.0.2.9', port 2225.\nE2E enabled on server 0(10.0.2.9)\nServer 1(10.0.3.1) is in unencrypted mode now...\naws-cloudhsm>`
    expect([...parseConnected(text)]).toEqual(['10.0.2.9'])
    expect([...parseEncrypted(text)]).toEqual([0])
    expect(parseEncrypted('E2E Session failed: E2E setup failed\nEnabling E2E failed\naws-cloudhsm>').size).toBe(0)
  })
})

describe('info server N', () => {
  const head =
    'Id      Name                    Hostname         Port   State           Partition               LoginState\n'
  it.each([
    [
      `${head}0       10.0.0.1                10.0.0.1        2225    Connected       hsm-udw0tkfg1ab         Logged in as 'testuser(CU)'`,
      { server: 0, connected: true, partition: 'hsm-udw0tkfg1ab' },
    ],
    [
      `${head}1       server1  10.0.0.1  2225  Disconnected  hsm-x  -`,
      { server: 1, connected: false, partition: 'hsm-x' },
    ],
    ['HSM Error', undefined],
    ['', undefined],
  ])('%#', (text, row) => expect(parseInfo(text)).toEqual(row))
})

describe('the answer to one sync', () => {
  it.each([
    ['success', 'ExtractMaskedObject: 0x0 !\nInsertMaskedObject: 0x0 !\nsyncKey success\n\nserver0>'],
    ['success', 'syncKey success'],
    ['success', 'syncKey success on server 1(10.0.1.7)\r\nserver 0>'],
    ['unclear', ''],
    ['unclear', '\nserver0>'],
    ['unclear', 'InsertMaskedObject: 0xa8 !\nsyncKey success'],
    ['unclear', 'syncKey success\nDo you want to continue(y/n)?'],
    ['unclear', 'HSM Error: Key Access is denied\nsyncKey success'],
    ['failure', 'ExtractMaskedObject: 0xc6 !'],
    ['failure', 'syncKey failed: HSM Error: Invalid object handle is passed to this operation'],
    ['failure', 'user already created, unable to insert object'],
    ['failure', 'syncUser success'],
    ['failure', 'synckey success'],
    ['failure', 'syncKey successful'],
    ['failure', 'Key sync Success'],
  ])('%s: %j', (verdict, text) => expect(judge('syncKey', text).verdict).toBe(verdict))

  it.each(['Retry/Ignore/Abort?(R/I/A):', 'Retry/rollBack/Ignore?(R/B/I):', 'continue(y/n)?', 'continue (Y/N)?'])(
    '%s is a question',
    (text) => {
      expect(asksQuestion(text)).toBe(true)
    },
  )

  it('is kept on one line, without prompts, cut and redacted', () => {
    expect(words('a\n  b\naws-cloudhsm> server 0>')).toBe('a b')
    expect(words('x'.repeat(900))).toHaveLength(201)
    expect(words('bad: loginHSM CO admin Secret123')).not.toContain('Secret123')
  })
})
