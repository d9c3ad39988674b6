import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newestOf } from '../../src/adapters/slack/outgoing/forms.ts'
import { withinLimits } from '../../src/adapters/slack/views/blocks.ts'
import { cardView } from '../../src/adapters/slack/views/card.ts'
import { configModal, rejectModal } from '../../src/adapters/slack/views/modals.ts'
import { historyView, requestsView } from '../../src/adapters/slack/views/requests.ts'
import { threadOf } from '../../src/adapters/slack/views/thread.ts'
import type { SeenStep } from '../../src/application/run-view.ts'
import type { Ancestor, LineEnd } from '../../src/domain/ancestry.ts'
import type { Discrepancy } from '../../src/domain/discrepancy.ts'
import type { Hold } from '../../src/domain/hold.ts'
import { serverNumber } from '../../src/domain/ids.ts'
import type { Lineage } from '../../src/domain/lineage.ts'
import type { OutcomeReport } from '../../src/domain/outcome.ts'
import type { Request } from '../../src/domain/request.ts'
import type { Spec } from '../../src/domain/spec.ts'
import type { Stop } from '../../src/domain/step.ts'
import {
  baseConfig,
  inventory,
  key,
  NOW,
  outcome,
  REQUEST_ID,
  RULE,
  request,
  STATES,
  spec,
  target,
  user,
} from '../fixtures/examples.ts'
import { markupOf, slackProblems } from '../fixtures/slack-rules.ts'
import { wideSpec } from '../fixtures/whole-clusters.ts'
import { acceptBlocks } from '../simulator/slack/rules/blocks.ts'

const EVIL = ['<!channel>', '<!here>', '<@U0EVIL>', '<https://evil.example|click>', '<!subteam^S0EVIL>']
const evil = fc
  .array(fc.oneof(fc.constantFrom(...EVIL, '```', '`', '*', '_', '&', '\n', '😀'), fc.string({ unit: 'grapheme' })), {
    maxLength: 60,
  })
  .map((parts) => parts.join('').slice(0, 500))
const long = evil.map((text) => `${text}${'&<`\n'.repeat(150)}`)
const words = fc.oneof(evil, long)

const narrowSpec: fc.Arbitrary<Spec> = fc
  .record({
    hsms: fc.integer({ min: 1, max: 28 }),
    left: fc.nat(28),
    config: fc.oneof(fc.constant(baseConfig()), fc.string(), fc.constant(`{"x":"${'y'.repeat(9000)}"}`)),
    mode: fc.constantFrom('sync' as const, 'plan' as const),
    items: fc.nat(500),
  })
  .map(({ hsms, left, config, mode, items }) => {
    const whole = spec()
    const many = <Item>(count: number, make: (at: number) => Item) => Array.from({ length: count }, (_, at) => make(at))
    const leftOut = many(left, (at) => ({ hsmId: target(at % 8).hsmId, state: 'CREATE_IN_PROGRESS' }))
    const users =
      items > 0 ? ({ kind: 'listed', items: many(items, (at) => `user_${at}`) } as const) : ({ kind: 'all' } as const)
    const addresses = many(hsms, (at) => ({ hsmId: target(at % 8).hsmId, ip: `10.0.0.${at}` }))
    return spec({
      mode,
      scope: { users, keys: { kind: 'all' } },
      baseConfig: config,
      destination: { ...whole.destination, hsms: addresses, leftOut },
    })
  })

/** Two whole clusters, with everything of CloudHSM CLI's that a card may have to show. */
const wholeSpec: fc.Arbitrary<Spec> = fc
  .record({
    hsms: fc.integer({ min: 1, max: 28 }),
    keys: fc.nat(400),
    owners: fc.nat(50),
    commands: fc.array(words, { minLength: 2, maxLength: 2 }),
    hsmType: words,
    path: words,
  })
  .map(({ hsms, keys, owners, commands, hsmType, path }) => {
    const whole = wideSpec()
    const all = Array.from({ length: hsms }, (_, at) => ({ hsmId: target(at % 8).hsmId, ip: `10.0.0.${at}` }))
    const cryptoUsers = Array.from({ length: owners }, (_, at) => {
      return { user: `owner_${at}`, source: 'ssm-parameter' as const, id: `/${path}/${at}` }
    })
    const items = Array.from({ length: keys }, (_, at) => at * 7)
    return wideSpec({
      scope: { users: { kind: 'all' }, keys: keys > 0 ? { kind: 'listed', items } : { kind: 'none' } },
      source: { ...whole.source, hsms: all, hsmType },
      destination: { ...whole.destination, hsms: all, hsmType: 'hsm2m.medium' },
      bastion: { ...whole.bastion, configPath: path, cryptoUsers },
      commands,
    })
  })

const anySpec = fc.oneof(narrowSpec, wholeSpec)

const ancestor: fc.Arbitrary<Ancestor> = fc.record({
  kind: fc.constantFrom('cluster' as const, 'backup' as const),
  id: words,
  region: words,
})
const anyLineage: fc.Arbitrary<Lineage> = fc
  .record({
    verdict: fc.constantFrom('proven' as const, 'unproven' as const, 'disproven' as const),
    lines: fc.array(fc.array(ancestor, { minLength: 1, maxLength: 24 }), { minLength: 2, maxLength: 2 }),
    end: fc.constantFrom('origin' as const, 'gone' as const, 'silent' as const, 'too-long' as const),
    certificates: fc.constantFrom('equal' as const, 'different' as const, 'unknown' as const),
  })
  .map(({ verdict, lines: [one = [], other = []], end: kind, certificates }) => {
    const ended = (line: readonly Ancestor[]): LineEnd => {
      const what = line.at(-1)
      return (kind === 'gone' || kind === 'silent') && what ? { kind, what } : { kind: 'too-long' }
    }
    const common = one.at(-1)
    return {
      verdict,
      source: { line: one, end: ended(one) },
      destination: { line: common ? [...other, common] : other, end: ended(other) },
      certificates,
      ...(verdict === 'proven' && common ? { common } : {}),
    }
  })

const anyHold: fc.Arbitrary<Hold> = fc.oneof(
  fc.record({ kind: fc.constant('frozen' as const), by: words, at: fc.constant(NOW), reason: words }),
  fc.record({ kind: fc.constant('calendar-closed' as const), calendar: words }),
  words.map((detail): Hold => {
    const refused = { code: 'aws', problem: 'failed', service: 'Systems Manager', region: 'us-east-1', detail } as const
    return { kind: 'calendar-unknown', calendar: detail, refused }
  }),
)

const PROBLEMS: readonly Discrepancy['problem'][] = [
  'failed',
  'untried',
  'unverified',
  'unexpected',
  'left-out',
  'conflict',
  'blocked',
  'unknown-on-source',
  'not-spread',
  'incomplete',
]
const discrepancy: fc.Arbitrary<Discrepancy> = fc.record({
  kind: fc.constantFrom('user' as const, 'key' as const),
  name: words,
  problem: fc.constantFrom(...PROBLEMS),
  why: words,
})
const stop: fc.Arbitrary<Stop> = fc.record({
  code: fc.constantFrom<Stop['code']>('question', 'canary-effect', 'lost', 'login-failed', 'login-risk', 'other-hsms'),
  detail: words,
  wrote: fc.constantFrom('no' as const, 'maybe' as const),
})

const anyRequest: fc.Arbitrary<Request> = fc
  .record({
    state: fc.constantFrom(...STATES),
    of: anySpec,
    reason: words,
    approvers: fc.nat(100),
    decided: fc.nat(20),
    because: words,
    discrepancies: fc.array(discrepancy, { maxLength: 40 }),
    stopped: fc.option(stop, { nil: undefined }),
    lineage: fc.option(anyLineage, { nil: undefined }),
    held: fc.option(anyHold, { nil: undefined }),
  })
  .map(({ state, of, reason, approvers, decided, because, discrepancies, stopped, lineage, held }) => {
    const people = Array.from({ length: approvers }, (_, at) => `U0PERSON${at}`)
    const decisions = people
      .slice(0, decided)
      .map((by) => ({ by, verdict: 'approve' as const, at: NOW, reason: because }))
    const asked = request(state, { spec: of, reason, decisions, rule: { ...RULE, users: people } })
    const made: Request = lineage ? { ...asked, lineage } : asked
    if (made.state === 'approved') return { ...made, ...(held ? { held } : {}) }
    const frozen = held?.kind === 'frozen' ? { frozen: { by: held.by, at: held.at, reason: held.reason } } : {}
    if (made.state === 'running') return { ...made, ...frozen, ...(held ? { stopAskedAt: NOW } : {}) }
    if (made.state === 'rejected') return { ...made, because }
    if (made.state === 'stale') return { ...made, changed: [because, because] }
    if (!('outcome' in made)) return made
    const tally = { already: 3, synced: 3300, failed: 1, untried: 0, conflicts: 2 }
    const destinations = of.destination.hsms.map(({ hsmId, ip }, at) => ({
      server: serverNumber(at + 1),
      hsmId,
      ip,
      users: tally,
      keys: tally,
    }))
    const report: OutcomeReport = outcome(made.state, {
      discrepancies,
      destinations,
      ...(stopped ? { stop: stopped } : {}),
      ...frozen,
      withdrawn: held !== undefined,
    })
    return { ...made, outcome: report }
  })

const anySteps: fc.Arbitrary<SeenStep[]> = fc
  .record({ names: fc.array(words, { maxLength: 40 }), keys: fc.nat(200), stopped: stop })
  .map(({ names, keys, stopped }) => {
    const users = names.map((name, at) => user(name, { id: at + 3 }))
    const missing = Array.from({ length: keys }, (_, at) => key(at + 1, 'jdoe', []))
    const inventories = [inventory(0, users, missing), inventory(1, [])]
    return [
      {
        n: 1,
        plan: { kind: 'inspect' },
        seconds: 3,
        commandId: 'c-1',
        reading: { kind: 'inspected', servers: inventories },
      },
      {
        n: 2,
        plan: { kind: 'inventory', purpose: 'before', users: [] },
        seconds: 3,
        reading: { kind: 'listed', inventories },
      },
      {
        n: 3,
        plan: { kind: 'sync-keys', server: serverNumber(1), handles: [1, 2] },
        seconds: 3,
        reading: { kind: 'keys-synced', attempts: [], stop: stopped },
      },
      { n: 4, plan: { kind: 'sync-users', server: serverNumber(1), users: [] }, seconds: 0 },
    ]
  })

let ids = 0
const nextId = () => `block-${++ids}`

function expectHarmless(blocks: unknown, text = ''): void {
  const shown = [text, ...markupOf(blocks)].join('\n')
  for (const markup of EVIL) expect(shown).not.toContain(markup)
}

describe('whatever was asked, whatever the tool said', () => {
  it('every slot of the thread fits into Slack and lets no markup out', () => {
    fc.assert(
      fc.property(anyRequest, anySteps, (of, steps) => {
        for (const slot of threadOf({ request: of, version: 1, steps }, 'a transcript')) {
          if (slot.kind !== 'message') continue
          const { text, blocks } = slot.message
          const newest = newestOf(slot.message)
          for (const form of [withinLimits({ text, blocks }), ...(newest ? [newest] : [])]) {
            expect(slackProblems(form), slot.slot).toEqual([])
            expect(() => acceptBlocks(form.blocks, 'message', { nextId }), slot.slot).not.toThrow()
            expectHarmless(form.blocks, form.text)
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  it('says of the HSMs only what is proved: where nothing was changed, it says that and nothing else', () => {
    const unchanged = fc.constantFrom('nothing-sent' as const, 'only-reads-sent' as const)
    fc.assert(
      fc.property(anyRequest, unchanged, (of, evidence) => {
        if (!('outcome' in of)) return
        const made: Request = { ...of, outcome: { ...of.outcome, evidence } }
        for (const view of [
          cardView(made),
          historyView({ request: made, version: 1, steps: [], history: [] }, undefined),
        ]) {
          const shown = JSON.stringify(view.blocks)
          expect(shown).toContain('Nothing was changed.')
          expect(shown).not.toMatch(/Everything asked for|The listings prove|I cannot tell what was changed/)
        }
      }),
    )
  })

  it('the card keeps its buttons: nothing is cut off at its end', () => {
    fc.assert(
      fc.property(anyRequest, (of) => {
        const { blocks } = cardView(of)
        expect(withinLimits(cardView(of)).blocks).toHaveLength(blocks.length)
        const hasButtons = ['pending', 'approved', 'running', 'stale'].includes(of.state)
        expect(blocks.some(({ type }) => type === 'actions')).toBe(hasButtons)
        // On a phone's first screen: above everything that is only looked up.
        if (hasButtons) expect(blocks.findIndex(({ type }) => type === 'actions')).toBeLessThan(5)
      }),
      { numRuns: 150 },
    )
  })

  it('the history fits and lets no markup out', () => {
    const row = fc.record({ type: words, reason: words }).map(({ type, reason }, at = 1) => ({
      seq: at,
      hash: 'x',
      at: NOW,
      type,
      actor: 'U0ALICE',
      facts: { reason, rule: reason },
    }))
    fc.assert(
      fc.property(anyRequest, anySteps, fc.array(row, { maxLength: 40 }), (of, steps, history) => {
        const message = withinLimits(historyView({ request: of, version: 1, steps, history }, undefined))
        expect(slackProblems(message)).toEqual([])
        expectHarmless(message.blocks, message.text)
      }),
      { numRuns: 100 },
    )
  })

  it('a list of requests fits and lets no markup out', () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 20 }), (all) => {
        const message = withinLimits(
          requestsView(
            'Open requests',
            { requests: all, unreadable: [REQUEST_ID] },
            { links: new Map(), freeze: { by: 'U0ALICE', at: NOW, reason: '<!channel> *x*' } },
          ),
        )
        expect(slackProblems(message)).toEqual([])
        expectHarmless(message.blocks, message.text)
      }),
      { numRuns: 50 },
    )
  })

  it('the modals fit and let no markup out', () => {
    fc.assert(
      fc.property(anyRequest, (of) => {
        const memo = { request: of.id, digest: of.digest, ts: '1.2', channel: 'C0CHANNEL' }
        for (const view of [rejectModal(of, memo), configModal(of)]) {
          expect(slackProblems(view, 100)).toEqual([])
          expect(view.title.text.length).toBeLessThanOrEqual(24)
          expect((view.private_metadata ?? '').length).toBeLessThanOrEqual(3000)
          expectHarmless(view.blocks)
        }
      }),
      { numRuns: 100 },
    )
  })
})
