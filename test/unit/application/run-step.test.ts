import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/adapters/store/open-database.ts'
import { requestStore } from '../../../src/adapters/store/request-store.ts'
import type { Bastions, Deps, Invocation, Sent } from '../../../src/application/ports.ts'
import { runStep } from '../../../src/application/run-step.ts'
import type { StepRecord, Store } from '../../../src/application/store.ts'
import { stopOf } from '../../../src/domain/step.ts'
import { cmuEngine } from '../../../src/engines/cmu/index.ts'
import { HOUR, NOW, OPERATION, REQUEST_ID, request, specOfOne } from '../../fixtures/examples.ts'
import { jumpingClock } from '../../fixtures/jumping-clock.ts'
import { silent } from '../../integration/slack-place.ts'

const engine = cmuEngine()
const spec = specOfOne()
const step: StepRecord = {
  n: 1,
  plan: { kind: 'sync-users', server: 1 as never, users: [{ id: 3, name: 'jdoe', role: 'CU' }] },
  plannedAt: NOW,
  blocks: [],
}

let store: Store
beforeEach(async () => {
  store = requestStore(await openDatabase('sqlite::memory:'))
  await store.create(request('running', { spec }), { at: NOW, type: 'requested', actor: 'test', facts: {} })
  await store.claimRun('me', NOW, NOW + 1e12)
})
afterEach(() => store.close())

function block(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ operation: OPERATION, ...fields }).map(([name, value]) => `${name}=${value}`)
  return ['-----BEGIN HSM-SYNC-----', ...lines, '-----END HSM-SYNC-----'].join('\n')
}

/** SSM that answers the step's own command so, and every question to the bastion so. */
interface Told {
  readonly sent?: Sent
  readonly status?: string
  readonly output?: string
  readonly complaint?: string
  readonly fetched?: string
  /** What it answers where it is not asked to seal. */
  readonly unsealed?: string
  /** How long ago the step was planned. */
  readonly age?: number
}

function place(told: Told) {
  const { sent, status = 'Success', output = '', complaint = '', fetched = '', unsealed = fetched, age = 0 } = told
  const comments: string[] = []
  let isSealing = true
  const bastions: Bastions = {
    presence: async () => ({ ping: 'Online', platform: 'Linux' }),
    send: async (_, { comment, call: { lines } }) => {
      comments.push(comment)
      isSealing = lines.some((line) => line.startsWith('set -- ') && line.includes('seal=yes'))
      return comment.includes('fetch')
        ? { kind: 'sent', commandId: 'fetch' }
        : (sent ?? { kind: 'sent', commandId: 'own' })
    },
    look: async (_, commandId): Promise<Invocation> =>
      commandId === 'own'
        ? { kind: 'ended', status, output, complaint }
        : {
            kind: 'ended',
            status: fetched === '' ? 'Failed' : 'Success',
            output: isSealing ? fetched : unsealed,
            complaint: 'Permission denied',
          },
    find: async () => undefined,
    document: async () => undefined,
  }
  const clock = jumpingClock(NOW + age)
  const deps = { store, clock, bastions, log: silent, holder: 'me', changed: () => undefined } as unknown as Deps
  const run = { id: REQUEST_ID, spec, engine, signal: new AbortController().signal }
  return { comments, ended: () => runStep(deps, run, step, true) }
}

const codeOf = (ended: StepRecord | undefined) => ended?.finding && stopOf(ended.finding.reading)?.code

const SEALED = block({ action: 'fetch', result: 'sealed' })
const WRITTEN = block({ action: 'fetch', result: 'recorded', recorded: 'stopped-killed', mark: 'write' })

describe('what SSM says of a session is no proof', () => {
  it.each([
    'Delivery Timed Out',
    'Undeliverable',
    'Terminated',
    'Access Denied',
    'Invalid Platform',
    'Failed',
    'Cancelled',
    'Execution Timed Out',
  ])('%s: the bastion is asked, and it ran', async (status) => {
    const ended = await place({ status, fetched: WRITTEN }).ended()
    expect(ended?.finding).toMatchObject({ evidence: 'may-have-written' })
  })

  it('only a seal makes it a step that was not done', async () => {
    const ended = await place({ status: 'Delivery Timed Out', fetched: SEALED }).ended()
    expect(ended).toMatchObject({ end: { kind: 'sealed' }, finding: { evidence: 'nothing-sent' } })
    expect(codeOf(ended)).toBe('not-executed')
  })

  it.each([
    [24, 'nothing-sent'],
    [26, 'may-have-written'],
  ])('and a bastion forgets after 30 days: after %i, that it knows of none means %s', async (days, evidence) => {
    const unsealed = block({ action: 'fetch', result: 'not-started' })
    const ended = await place({ status: 'Failed', fetched: SEALED, unsealed, age: days * 24 * HOUR }).ended()
    expect(ended?.finding?.evidence).toBe(evidence)
  })

  it('and a bastion that cannot be asked leaves it open, with what its shell complained of', async () => {
    const ended = await place({ status: 'Undeliverable' }).ended()
    expect(ended).toMatchObject({ end: { kind: 'lost' }, finding: { evidence: 'may-have-written' } })
    expect(ended?.end).toMatchObject({ status: expect.stringContaining('Permission denied') })
  })
})

describe('an answer about another action is none', () => {
  it.each(['refused-state', 'refused-tool-missing', 'refused-busy'])(
    'a look that is refused (%s) says nothing of the operation',
    async (result) => {
      const ended = await place({ status: 'Failed', fetched: block({ action: 'fetch', result, mark: 'none' }) }).ended()
      expect(ended).toMatchObject({ end: { kind: 'lost', status: expect.stringContaining(result) } })
      expect(ended?.finding?.evidence).toBe('may-have-written')
    },
  )

  it('nor is a block without a mark a word that nothing was sent', async () => {
    const ended = await place({ output: block({ action: 'session', result: 'stopped-silent' }) }).ended()
    expect(ended?.finding?.evidence).toBe('may-have-written')
  })

  it('a session that was refused from memory is: nothing was sent', async () => {
    const output = block({ action: 'session', result: 'refused-state', mark: 'none', detail: 'full' })
    const ended = await place({ output }).ended()
    expect(ended?.finding).toMatchObject({ evidence: 'nothing-sent', reading: { stop: { code: 'bastion-refused' } } })
  })
})

it('a command that SSM refused in so many words does not exist', async () => {
  const { ended, comments } = place({ sent: { kind: 'refused', problem: 'ValidationException', again: false } })
  await expect(ended()).resolves.toMatchObject({ end: { kind: 'refused' }, finding: { evidence: 'nothing-sent' } })
  expect(comments).toHaveLength(1)
})

it('every command is a row of the record, the questions to the bastion too', async () => {
  await place({ status: 'Failed', fetched: WRITTEN }).ended()
  const rows = await store.history(REQUEST_ID)
  expect(rows.map(({ type, facts }) => [type, facts.commandId, facts.about])).toEqual([
    ['ssm-write', 'own', undefined],
    ['ssm-intent', undefined, 'fetch 1'],
    ['ssm-read', 'fetch', 'fetch 1'],
  ])
})

it('what it was found to say is stored as it was read then', async () => {
  await place({ output: block({ action: 'session', result: 'refused-busy', mark: 'none' }) }).ended()
  const [stored] = await store.steps(REQUEST_ID)
  expect(stored?.finding).toMatchObject({ reading: { stop: { code: 'bastion-busy' } }, evidence: 'nothing-sent' })
})
