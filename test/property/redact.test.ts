import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact } from '../../src/domain/redact.ts'
import { createLog } from '../../src/log.ts'

const letters = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** What the bastion script lets pass as a password: no white space, quotes, backslashes or control characters. */
const password = letters(`${ALPHANUMERIC}!#$%&()*+,-./:;<=>?@[]^_{|}~`, 7, 64)
const word = letters(ALPHANUMERIC, 1, 12)
const role = fc.constantFrom('CO', 'CU', 'PRECO', 'co', 'cu')

/** A secret and a text that carries it, in every shape there is. */
const planted = fc.oneof(
  letters(ALPHANUMERIC, 12, 40).map((secret) => [secret, `xoxb-123456-${secret}`]),
  letters(ALPHANUMERIC, 12, 40).map((secret) => [secret, `xapp-1-A0-${secret}`]),
  letters('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 16, 16).map((rest) => [rest, `AKIA${rest}`]),
  letters('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 16, 16).map((rest) => [rest, `ASIA${rest}`]),
  fc.tuple(password, role, word).map(([secret, as, name]) => [secret, `loginHSM ${as} ${name} ${secret}`]),
  fc.tuple(password, role, word).map(([secret, as, name]) => [secret, `  loginHSM  ${as}\t${name}  ${secret}\n`]),
  fc.tuple(password, role, word).map(([secret, as, name]) => [secret, `createUser ${as} ${name} ${secret}`]),
  fc.tuple(password, role, word).map(([secret, as, name]) => [secret, `changePswd ${as} ${name} ${secret}`]),
  fc.tuple(password, word).map(([secret, username]) => [secret, JSON.stringify({ username, password: secret })]),
  password.map((secret) => [secret, JSON.stringify({ PreCoPassword: secret }, null, 2)]),
  password.map((secret) => [secret, JSON.stringify({ SecretString: JSON.stringify({ password: secret }) })]),
  password.map((secret) => [secret, `password: '${secret}'`]),
  password.map((secret) => [secret, `{ password = "${secret}" }`]),
  fc.tuple(word, password).map(([name, secret]) => [secret, `CLOUDHSM_PIN=${name}:${secret}`]),
) as fc.Arbitrary<[string, string]>

/** Text around it that could not itself be the secret. */
const around = fc.string({ maxLength: 30 }).map((text) => text.replace(/[A-Za-z0-9"'\\]/g, ' '))
const LONG_ENOUGH = 7

describe('redaction', () => {
  it('leaves no planted secret, in whatever shape and text it stands', () => {
    fc.assert(
      fc.property(planted, around, around, ([secret, shape], before, after) => {
        fc.pre(secret.length >= LONG_ENOUGH && !'[redacted]'.includes(secret))
        // Chance may call a user by the very password: that name is no leak.
        fc.pre(shape.split(secret).length === 2)
        expect(redact(`${before} ${shape} ${after}`)).not.toContain(secret)
      }),
      { numRuns: 500 },
    )
  })

  it('repeated changes nothing', () => {
    const text = fc.oneof(
      fc.string(),
      planted.map(([, shape]) => shape),
      fc.tuple(planted, planted).map(([[, one], [, other]]) => `${one} ${other}`),
    )
    fc.assert(
      fc.property(text, (any) => {
        expect(redact(redact(any))).toBe(redact(any))
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    'syncUser success',
    'loginHSM success on server 0(10.0.0.7)',
    'loginHSM failed: HSM Error: RET_USER_LOGIN_FAILURE',
    '    1   CO   admin   NO   0   NO',
    '{"username":"crypto_officer","secretId":"hsm/crypto-officer"}',
    '8(s),9(s),17,262162(s)',
  ])('leaves alone what is no secret: %s', (text) => expect(redact(text)).toBe(text))
})

describe('the log', () => {
  it('writes no planted secret, in a sentence, a field, an error or its cause', () => {
    fc.assert(
      fc.property(planted, ([secret, shape]) => {
        // A tab is `\t` in a JSON line, and no white space any more.
        fc.pre(secret.length >= LONG_ENOUGH && !'[redacted]'.includes(secret) && !shape.includes('\t'))
        const written = (text: string) => {
          const lines: string[] = []
          const log = createLog('info', { write: (line) => lines.push(line) })
          const error = new Error(text, { cause: new Error(text) })
          log.info({ output: text, deep: { deeper: [text] }, error }, `it printed ${text}`)
          expect(lines).toHaveLength(1)
          return lines.join('')
        }
        // Chance may make a password out of a word that stands in every such line, in the stack for example.
        fc.pre(!written('nothing').includes(secret))
        expect(written(shape)).not.toContain(secret)
      }),
    )
  })

  it('writes nothing that an SDK hangs on its errors', () => {
    const lines: string[] = []
    const error = Object.assign(new Error('refused'), { code: 'E1', $response: { body: 'the whole request' } })
    createLog('info', { write: (line) => lines.push(line) }).error({ error }, 'it failed')
    expect(lines.join('')).not.toContain('the whole request')
    expect(JSON.parse(lines.join('')).error).toMatchObject({ message: 'refused', code: 'E1' })
  })
})
