import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../src/domain/ids.ts'
import type { StepPlan } from '../../src/domain/step.ts'
import { judge, parseAnswer, parseKeys, parseUsers, saidIn } from '../../src/engines/cloudhsm-cli/answers.ts'
import { cloudHsmCliEngine } from '../../src/engines/cloudhsm-cli/index.ts'
import { normalized } from '../../src/engines/cloudhsm-cli/made-config.ts'
import { exchangeOf, pagesOf, parseSession } from '../../src/engines/cloudhsm-cli/session.ts'
import { RESULTS } from '../../src/engines/results.ts'
import {
  copyOf,
  exchange,
  failure,
  keyAnswer,
  keysAnswer,
  played,
  printed,
  reference,
  replicated,
  success,
  usersAnswer,
} from '../fixtures/cli-session.ts'
import { ADMIN, inventory, user } from '../fixtures/examples.ts'
import { ownedKey, seenKey, wideSpecWithOwners } from '../fixtures/whole-clusters.ts'

const engine = cloudHsmCliEngine()
const spec = wideSpecWithOwners('jdoe')
const ONE = serverNumber(1)

const LISTED = [user('admin', { id: 0, role: 'CO', coverage: 'full' }), user('jdoe', { id: 0, coverage: 'full' })]
const KEYS = [ownedKey(7), ownedKey(8, { owner: 'app' }), ownedKey(9, { label: 'x' })]
const HSMS = [inventory(0, LISTED, KEYS), inventory(1, LISTED, KEYS.slice(0, 1))]
const PLANS: readonly StepPlan[] = [
  { kind: 'inspect' },
  { kind: 'inventory', purpose: 'before', users: HSMS.map(({ server, users }) => ({ server, users })) },
  { kind: 'sync-users', server: ONE, users: [{ id: 0, name: 'jdoe', role: 'CU' }] },
  { kind: 'sync-keys', server: ONE, handles: [7, 8, 9] },
  { kind: 'sync-keys', server: ONE, handles: [7], canary: { server: ONE, users: LISTED } },
]
const anyPlan = fc.constantFrom(...PLANS)

/** Real answers in chunks, and what may stand around them. */
const FRAGMENTS = [
  ...[
    usersAnswer([ADMIN]),
    keysAnswer(
      KEYS.map((key) => keyAnswer(key).verbose),
      5,
      '3',
    ),
    replicated('key', reference(7)),
  ].flatMap((answer) => answer.split(/(?<=[{},:])/)),
  usersAnswer(LISTED),
  keysAnswer(KEYS.map((key) => keyAnswer(key).plain)),
  replicated('user', 'jdoe'),
  failure('Key replicate failed on 1 of 3 connections'),
  '"error_code":0',
  '\x1e',
  '\x1f',
  '\n',
  'aws-cloudhsm > ',
  'admin@cluster-2abcdefghij > ',
  'Enter password:',
  ...PLANS.flatMap((plan) => parseSession(played(spec, plan, HSMS).text ?? '').map(({ command }) => command)),
]
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string()), { maxLength: 60 }).map((parts) => parts.join('')),
)
const anyStatus = fc.option(fc.nat(255), { nil: undefined })
const anyExchange = fc
  .record({ command: anyText, answer: anyText, status: anyStatus, isWhole: fc.boolean() })
  .map(({ command, answer, ...rest }) => exchange(command, answer, rest))

describe('no text makes a reader throw', () => {
  it('of an answer', () => {
    fc.assert(
      fc.property(anyExchange, fc.string(), (any, name) => {
        parseAnswer(any)
        parseUsers(any)
        parseKeys([any, any])
        expect(saidIn(any)).not.toContain('\n')
        expect(['success', 'failure', 'incomplete', 'unclear']).toContain(judge('user', name, any).verdict)
      }),
      { numRuns: 500 },
    )
  })

  it('of a session', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const session = parseSession(text)
        exchangeOf(session, 'user list')
        pagesOf(session, 'key list', 'jdoe')
        expect(session.every(({ command }) => command !== '')).toBe(true)
      }),
    )
  })

  it('of everything that a bastion may print', () => {
    const anyPrinted = fc.record({
      result: fc.constantFrom(...RESULTS),
      detail: fc.string(),
      seconds: fc.nat(),
      sent: fc.nat(),
      mark: fc.constantFrom('none' as const, 'login' as const, 'read' as const, 'write' as const),
      text: fc.option(anyText, { nil: undefined }),
    })
    fc.assert(
      fc.property(anyPlan, anyPrinted, (plan, any) => {
        expect(engine.read(spec, plan, any)).toHaveProperty('kind')
        expect(engine.transcript(spec, plan, any)).toBeTypeOf('string')
        expect(engine.prepare(spec, any)).toBeTypeOf('object')
      }),
      { numRuns: 500 },
    )
  })

  it('of a configuration; and writing it down once more changes nothing', () => {
    const anyFile = fc.record({ clusters: fc.array(fc.oneof(fc.object(), fc.jsonValue())), rest: fc.jsonValue() })
    const anyConfig = fc.oneof(
      anyText,
      fc.json(),
      anyFile.map((file) => JSON.stringify(file)),
    )
    fc.assert(
      fc.property(anyConfig, (text) => {
        const once = normalized(text)
        if (once !== undefined) expect(normalized(once)).toBe(once)
      }),
      { numRuns: 500 },
    )
  })
})

it('a configuration is written the same way whatever the order of its lists', () => {
  const anyServers = fc.array(fc.record({ hostname: fc.ipV4(), port: fc.nat(9999), enable: fc.boolean() }), {
    maxLength: 5,
  })
  const anyClusters = fc.array(fc.record({ id: fc.string(), servers: anyServers }), { maxLength: 4 })
  const shuffled = anyClusters.chain((clusters) =>
    fc.record({
      one: fc.constant(clusters),
      other: fc
        .shuffledSubarray(clusters, { minLength: clusters.length })
        .chain((some) =>
          fc.tuple(
            ...some.map(({ id, servers }) =>
              fc.shuffledSubarray(servers, { minLength: servers.length }).map((mixed) => ({ id, servers: mixed })),
            ),
          ),
        ),
      indent: fc.nat(8),
    }),
  )
  fc.assert(
    fc.property(shuffled, ({ one, other, indent }) => {
      const [a, b] = [JSON.stringify({ clusters: one }), JSON.stringify({ clusters: other }, null, indent)]
      expect(normalized(b)).toBe(normalized(a))
    }),
  )
})

describe('an answer that was cut anywhere', () => {
  const cutOf = (answer: string) => fc.nat(answer.trimEnd().length - 1).map((end) => answer.slice(0, end))

  it('is no list of users', () => {
    fc.assert(
      fc.property(cutOf(usersAnswer(LISTED)), (cut) => {
        expect(parseUsers(exchange('user list', cut))).toBeUndefined()
      }),
    )
  })

  it('is no list of keys, also where the pages before it are whole', () => {
    const page = keysAnswer(
      KEYS.map((key) => keyAnswer(key).verbose),
      6,
      '3',
    )
    const last = keysAnswer(
      [10, 11, 12].map((handle) => keyAnswer(seenKey(handle, '}')).plain),
      6,
    )
    fc.assert(
      fc.property(cutOf(last), (cut) => {
        const [first, second] = [exchange('key list', page), exchange('key list', last)]
        expect(parseKeys([first, second])).toHaveLength(6)
        expect(parseKeys([first, exchange('key list', cut)])).toBeUndefined()
        expect(parseKeys([exchange('key list', cut)])).toBeUndefined()
      }),
    )
  })

  it('is no success', () => {
    for (const noun of ['user', 'key'] as const) {
      fc.assert(
        fc.property(cutOf(replicated(noun, reference(7))), (cut) => {
          expect(judge(noun, reference(7), exchange('replicate', cut)).verdict).toBe('unclear')
        }),
      )
    }
  })

  it('a session cut anywhere claims no more than the whole one', () => {
    const handles = [7, 8, 9]
    const whole = played(spec, { kind: 'sync-keys', server: ONE, handles }, HSMS)
    const text = whole.text ?? ''
    fc.assert(
      fc.property(fc.nat(text.length), (end) => {
        const cut = text.slice(0, end)
        const plan: StepPlan = { kind: 'sync-keys', server: ONE, handles }
        const reading = engine.read(spec, plan, { ...whole, result: 'stopped-killed', text: cut })
        const attempts = reading.kind === 'keys-synced' ? reading.attempts : []
        for (const { item, verdict } of attempts) {
          const wasSent = cut.includes(`${copyOf(spec, item)}\x1f`)
          const isWhole = wasSent && (cut.split(`${copyOf(spec, item)}\x1f`)[1] ?? '').includes('\x1e')
          if (wasSent) expect(verdict).toBe(isWhole ? 'success' : 'unclear')
          else expect(verdict).not.toBe('success')
        }
        expect(reading).toHaveProperty('stop')
      }),
    )
  })

  it('an inventory cut anywhere is none, whatever the bastion says of it', () => {
    const plan = PLANS[1] ?? { kind: 'inspect' }
    const whole = played(spec, plan, HSMS)
    const text = whole.text ?? ''
    expect(engine.read(spec, plan, whole).kind).toBe('listed')
    fc.assert(
      fc.property(fc.nat(text.length - 1), (end) => {
        expect(engine.read(spec, plan, printed(text.slice(0, end), { mark: 'read' })).kind).toBe('nothing')
      }),
    )
  })
})

it('a user in any role but the two is never touched', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom('constructor', 'valueOf', 'internal'), fc.string()), (role) => {
      fc.pre(role !== 'admin' && role !== 'crypto-user')
      const answer = success({ users: [{ username: 'jdoe', role, locked: 'false', 'cluster-coverage': 'full' }] })
      expect(parseUsers(exchange('user list', answer))).toEqual([])
    }),
  )
})
