import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../src/domain/ids.ts'
import { type HsmKey, type HsmUser, type Inventory, inventoryOf } from '../../src/domain/inventory.ts'
import type { StepPlan } from '../../src/domain/step.ts'
import { commandsOf, dialogueOf } from '../../src/engines/cmu/dialogue.ts'
import { cmuEngine } from '../../src/engines/cmu/index.ts'
import { RESULTS } from '../../src/engines/results.ts'
import { played } from '../fixtures/cmu-session.ts'
import { anyDialect, type Dialect, KEY_HASH, PLAIN_DIALECT, printed } from '../fixtures/cmu-text.ts'
import { ADMIN, inventory, key, specOfOne, user } from '../fixtures/examples.ts'

const engine = cmuEngine()
const spec = specOfOne()
const ONE = serverNumber(1)

const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_]{1,31}$/), { minLength: 0, maxLength: 6 })
const anyUsers: fc.Arbitrary<HsmUser[]> = names.chain((some) =>
  fc
    .tuple(
      ...some.map(() => fc.record({ role: fc.constantFrom('CO' as const, 'CU' as const), failedLogins: fc.nat(9) })),
    )
    .map((facts) =>
      some.map((name, at) => ({
        id: 3 + at,
        name,
        role: facts[at]?.role ?? 'CU',
        failedLogins: facts[at]?.failedLogins ?? 0,
      })),
    ),
)
/** An HSM as its crypto users can show it: a key stands there because somebody owns, shares or sees it. */
const anyHsm = (server: number): fc.Arbitrary<Inventory> =>
  anyUsers.chain((users) => {
    const crypto = users.filter(({ role }) => role === 'CU').map(({ name }) => name)
    const handles = fc.uniqueArray(fc.integer({ min: 1, max: 0xffffffff }), { maxLength: crypto.length > 0 ? 12 : 0 })
    const marks = fc.record({ owner: fc.constantFrom(null, ...crypto), sharedWith: fc.subarray(crypto) })
    return handles.chain((some) =>
      fc.tuple(...some.map(() => marks)).map((facts) => {
        const keys = some
          .sort((a, b) => a - b)
          .map((handle, at): HsmKey => {
            const owner = facts[at]?.owner ?? null
            return {
              handle,
              owner,
              sharedWith: owner === null ? [] : (facts[at]?.sharedWith ?? []).filter((name) => name !== owner).sort(),
            }
          })
        return {
          server: serverNumber(server),
          users: [ADMIN, ...users],
          keys,
          ...(keys.length > 0 ? { keyHash: KEY_HASH } : {}),
        }
      }),
    )
  })
const hsms = fc.tuple(anyHsm(0), anyHsm(1))
const withFactor = (users: readonly HsmUser[], { has2FA }: Dialect) =>
  users.map((one) => (has2FA ? { ...one, hasSecondFactor: false } : one))
const asListed = (all: readonly Inventory[], dialect?: Dialect) =>
  all.map(({ server, users }) => ({ server, users: dialect ? withFactor(users, dialect) : users }))
/**
 * What can be read of an HSM: where nobody owns a key no mark is printed at all, and that one has none proves nothing.
 */
function asRead(hsm: Inventory, dialect?: Dialect): Inventory {
  const areMarked = hsm.keys.some(({ owner }) => owner !== null)
  const keys = hsm.keys.map((one): HsmKey => (areMarked ? one : { ...one, shows: 'reference' }))
  return { ...hsm, users: dialect ? withFactor(hsm.users, dialect) : hsm.users, keys }
}

describe('a session in any dialect is read back as what stands on the HSMs', () => {
  it('who is there', () => {
    fc.assert(
      fc.property(hsms, anyDialect, (all, dialect) => {
        const reading = engine.read(spec, { kind: 'inspect' }, played(spec, { kind: 'inspect' }, all, dialect))
        expect(reading).toEqual({ kind: 'inspected', servers: asListed(all, dialect) })
      }),
    )
  })

  it('users and keys', () => {
    fc.assert(
      fc.property(hsms, anyDialect, (all, dialect) => {
        const plan: StepPlan = { kind: 'inventory', purpose: 'before', users: asListed(all) }
        const reading = engine.read(spec, plan, played(spec, plan, all, dialect))
        const marked = reading.kind === 'marked' ? reading.servers : []
        expect(marked.map((marks) => inventoryOf([marks]))).toEqual(all.map((hsm) => asRead(hsm, dialect)))
      }),
    )
  })

  it('copied users', () => {
    fc.assert(
      fc.property(hsms, anyDialect, (all, dialect) => {
        const users = all[0].users.map(({ id, name, role }) => ({ id, name, role }))
        const plan: StepPlan = { kind: 'sync-users', server: ONE, users }
        expect(engine.read(spec, plan, played(spec, plan, all, dialect))).toMatchObject({
          kind: 'users-synced',
          attempts: users.map((item) => ({ item, verdict: 'success' })),
          after: asListed(all, dialect),
        })
      }),
    )
  })

  it('copied keys, and what the first one alone has changed', () => {
    fc.assert(
      fc.property(hsms, anyDialect, (all, dialect) => {
        const plan: StepPlan = {
          kind: 'sync-keys',
          server: ONE,
          handles: [7],
          canary: { server: ONE, users: all[1].users },
        }
        const reading = engine.read(spec, plan, played(spec, plan, all, dialect))
        expect(reading).toMatchObject({ attempts: [{ item: 7, verdict: 'success' }], after: asRead(all[1]) })
        expect(reading).not.toHaveProperty('stop')
      }),
    )
  })
})

const PLANS: readonly StepPlan[] = [
  { kind: 'inspect' },
  { kind: 'inventory', purpose: 'before', users: [{ server: ONE, users: [ADMIN, user('jdoe')] }] },
  { kind: 'sync-users', server: ONE, users: [{ id: 3, name: 'jdoe', role: 'CU' }] },
  { kind: 'sync-keys', server: ONE, handles: [7, 8, 9] },
  { kind: 'sync-keys', server: ONE, handles: [7], canary: { server: ONE, users: [user('jdoe')] } },
]
const anyPlan = fc.constantFrom(...PLANS)
const bytes = fc.uint8Array({ maxLength: 400 }).map((some) => Buffer.from(some).toString('utf8'))
const chunks = fc
  .array(
    fc.oneof(
      bytes,
      fc.constantFrom(
        '\x1e',
        '\n',
        'Users on server 0(x):\n',
        'Number of users found:1\n',
        'syncKey success\n',
        'Keys on server 1(',
        'findAllKeys success\n',
        '7(o),8(s)\n',
      ),
    ),
    { maxLength: 40 },
  )
  .map((some) => some.join(''))
const anyPrinted = fc.record({
  result: fc.constantFrom(...RESULTS),
  detail: fc.string(),
  seconds: fc.nat(),
  sent: fc.oneof(fc.nat(30), fc.nat()),
  mark: fc.constantFrom('none' as const, 'login' as const, 'read' as const, 'write' as const),
  text: fc.option(fc.oneof(bytes, chunks), { nil: undefined }),
})

describe('whatever the bastion prints', () => {
  it('is read without an exception', () => {
    fc.assert(
      fc.property(anyPlan, anyPrinted, (plan, any) => {
        expect(engine.read(spec, plan, any)).toHaveProperty('kind')
        expect(engine.transcript(spec, plan, any)).toBeTypeOf('string')
      }),
      { numRuns: 500 },
    )
  })

  it('garbage is never a listing of every server', () => {
    fc.assert(
      fc.property(bytes, fc.nat(30), (text, sent) => {
        expect(engine.read(spec, { kind: 'inspect' }, printed(text, sent)).kind).toBe('nothing')
      }),
    )
  })

  it('a sync succeeded only where the exact line stands, whatever stands around it', () => {
    const plan: StepPlan = { kind: 'sync-keys', server: ONE, handles: [7] }
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 4 }),
        fc.constantFrom('', 'syncKey success', 'syncKey  success', 'syncUser success', 'syncKey success?'),
        (around, line) => {
          const lines = [...around, line, ...around]
          const reading = engine.read(
            spec,
            plan,
            played(spec, plan, [inventory(0, []), inventory(1, [])], PLAIN_DIALECT, { 'syncKey 7 1': lines }),
          )
          const [attempt] = reading.kind === 'keys-synced' ? reading.attempts : []
          if (attempt?.verdict === 'success') expect(lines).toContain('syncKey success')
          else expect(['failure', 'unclear']).toContain(attempt?.verdict)
        },
      ),
    )
  })

  it('a session cut anywhere claims no more than the whole one', () => {
    const all = [inventory(0, [ADMIN], [key(7), key(8), key(9)]), inventory(1, [ADMIN])]
    const plan: StepPlan = { kind: 'sync-keys', server: ONE, handles: [7, 8, 9] }
    const whole = played(spec, plan, all, PLAIN_DIALECT)
    const text = whole.text ?? ''
    fc.assert(
      fc.property(fc.nat(text.length), (end) => {
        const reading = engine.read(spec, plan, {
          ...whole,
          result: 'stopped-killed',
          sent: 0,
          text: text.slice(0, end),
        })
        const verdicts = reading.kind === 'keys-synced' ? reading.attempts.map(({ verdict }) => verdict) : []
        const firstOpen = verdicts.findIndex((verdict) => verdict !== 'success')
        const separators = text.slice(0, end).split('\x1e').length - 1
        const sent = commandsOf(dialogueOf(spec, plan)).slice(0, separators)
        for (const [at, handle] of plan.handles.entries()) {
          if (sent.includes(`syncKey ${handle} 1`)) expect(verdicts[at]).not.toBe('untried')
          if (firstOpen >= 0 && at > firstOpen) expect(verdicts[at]).not.toBe('success')
        }
        expect(reading).toHaveProperty('stop.code', 'lost')
      }),
    )
  })
})
