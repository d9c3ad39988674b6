import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import { conclude, concludeUnstarted } from '../../../src/domain/outcome.ts'
import { runFactsOf } from '../../../src/domain/run-facts.ts'
import type { DoneStep, Stop } from '../../../src/domain/step.ts'
import { inventory, key, specOfOne, user } from '../../fixtures/examples.ts'

const JDOE = user('jdoe')
const APP = user('app', { id: 4 })

function listing(purpose: 'before' | 'after', there: readonly number[], users = [JDOE]): DoneStep {
  const inventories = [
    inventory(0, [JDOE], [key(7), key(8)]),
    inventory(
      1,
      users,
      there.map((handle) => key(handle)),
    ),
  ]
  return {
    plan: { kind: 'inventory', purpose, users: [] },
    reading: { kind: 'listed', inventories },
    evidence: 'only-reads-sent',
    seconds: 1,
  }
}

function wrote(handles: readonly number[], stop?: Stop): DoneStep {
  const attempts = handles.map((item) => ({ item, verdict: 'success' as const, said: 'syncKey success' }))
  const reading = { kind: 'keys-synced' as const, attempts, ...(stop ? { stop } : {}) }
  return {
    plan: { kind: 'sync-keys', server: serverNumber(1), handles },
    reading,
    evidence: 'may-have-written',
    seconds: 1,
  }
}

const maybe: Stop = { code: 'lost', detail: 'x' }
const proved: Stop = { code: 'bastion-busy', detail: 'x' }

const CASES: readonly [string, DoneStep[], { stop?: Stop; withdrawn?: boolean }, string, string][] = [
  ['nothing missing, nothing written', [listing('before', [7, 8])], {}, 'succeeded', 'before'],
  [
    'everything written and listed',
    [listing('before', []), wrote([7, 8]), listing('after', [7, 8])],
    {},
    'succeeded',
    'after',
  ],
  [
    'an answer got lost, but all of it is there',
    [listing('before', []), wrote([7, 8], maybe), listing('after', [7, 8])],
    { stop: maybe },
    'succeeded',
    'after',
  ],
  ['half of it is there', [listing('before', []), wrote([7, 8]), listing('after', [7])], {}, 'partial', 'after'],
  [
    'the tool said success, the listing says no',
    [listing('before', []), wrote([7, 8]), listing('after', [])],
    {},
    'failed',
    'after',
  ],
  ['written, never listed again', [listing('before', []), wrote([7, 8])], {}, 'unknown', 'none'],
  ['stopped before anything was listed', [], { stop: proved }, 'failed', 'none'],
  ['stopped before anything was written', [listing('before', [])], { stop: proved }, 'failed', 'before'],
  ['withdrawn before anything was written', [listing('before', [])], { withdrawn: true }, 'failed', 'before'],
  ['withdrawn before anything was listed', [], { withdrawn: true }, 'failed', 'none'],
  [
    'withdrawn half way',
    [listing('before', []), wrote([7]), listing('after', [7])],
    { withdrawn: true },
    'partial',
    'after',
  ],
  [
    'only a write that proved not to have happened',
    [listing('before', []), { ...wrote([7], proved), evidence: 'nothing-sent' }],
    { stop: proved },
    'failed',
    'before',
  ],
]

describe('the outcome comes from what was listed', () => {
  it.each(CASES)('%s', (_, steps, { stop, withdrawn = false }, state, proof) => {
    const spec = specOfOne()
    expect(conclude(spec, steps, runFactsOf(spec, steps), { stop, withdrawn })).toMatchObject({ state, proof })
  })
})

describe('the report', () => {
  it('counts what was there, what came, and what did not', () => {
    const steps = [listing('before', [7], []), wrote([8]), listing('after', [7], [JDOE])]
    const spec = specOfOne()
    const report = conclude(spec, steps, runFactsOf(spec, steps), { stop: undefined, withdrawn: false })
    expect(report.destinations[0]).toMatchObject({
      hsmId: spec.destination.hsms[0]?.hsmId,
      users: { already: 0, synced: 1, conflicts: 0 },
      keys: { already: 1, synced: 0, failed: 1, conflicts: 0 },
    })
    expect(report.discrepancies).toEqual([
      { kind: 'key', name: '8', problem: 'failed', why: 'not there afterwards; the tool said: syncKey success' },
    ])
  })

  it('names what the scope asks for and the source does not have', () => {
    const scope = {
      users: { kind: 'listed', items: ['nobody'] },
      keys: { kind: 'listed', items: [7, 99] },
    } as const
    const steps = [listing('before', [7])]
    const spec = specOfOne({ scope })
    const report = conclude(spec, steps, runFactsOf(spec, steps), { stop: undefined, withdrawn: false })
    expect(report.discrepancies.map(({ kind, name, problem }) => [kind, name, problem])).toEqual([
      ['user', 'nobody', 'unknown-on-source'],
      ['key', '99', 'unknown-on-source'],
    ])
    expect(report.state).not.toBe('succeeded')
  })

  it('names conflicts, and does not call them a success', () => {
    const before: DoneStep = {
      ...listing('before', []),
      reading: {
        kind: 'listed',
        inventories: [
          inventory(0, [JDOE, APP], [key(7)]),
          inventory(1, [JDOE, { ...APP, role: 'CO' }], [key(7, 'other')]),
        ],
      },
    }
    const spec = specOfOne()
    const report = conclude(spec, [before], runFactsOf(spec, [before]), { stop: undefined, withdrawn: false })
    expect(report).toMatchObject({ state: 'partial', evidence: expect.stringMatching(/-sent$/) })
    expect(report.discrepancies.map(({ name, problem }) => [name, problem])).toEqual([
      ['app', 'conflict'],
      ['7', 'conflict'],
    ])
  })

  it('a plan tries nothing, so what is missing is no discrepancy', () => {
    const spec = specOfOne({ mode: 'plan' })
    const steps = [listing('before', [], [])]
    const report = conclude(spec, steps, runFactsOf(spec, steps), { stop: undefined, withdrawn: false })
    expect(report).toMatchObject({ state: 'succeeded', discrepancies: [], evidence: expect.stringMatching(/-sent$/) })
  })

  it('a run that could not be checked right before it has not begun', () => {
    const report = concludeUnstarted({ code: 'bastion-cannot', bastion: 'us-bastion', problem: 'offline' })
    expect(report).toMatchObject({
      state: 'failed',
      proof: 'none',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: 'could-not-check' },
    })
  })
})
