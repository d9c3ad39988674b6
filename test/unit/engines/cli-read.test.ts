import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import type { HsmUser, Inventory } from '../../../src/domain/inventory.ts'
import type { Spec } from '../../../src/domain/spec.ts'
import type { StepPlan } from '../../../src/domain/step.ts'
import { cloudHsmCliEngine } from '../../../src/engines/cloudhsm-cli/index.ts'
import { copyOf, failure, keyAnswer, keysAnswer, played, success, type Unusual } from '../../fixtures/cli-session.ts'
import { inventory, ADMIN as ONE_ADMIN, user } from '../../fixtures/examples.ts'
import { ownedKey, seenKey, wideSpec, wideSpecWithOwners } from '../../fixtures/whole-clusters.ts'

const engine = cloudHsmCliEngine()
const DESTINATION = serverNumber(1)
const listed = (name: string, changes: Partial<HsmUser> = {}) => user(name, { id: 0, coverage: 'full', ...changes })
const ADMIN = listed('admin', { role: ONE_ADMIN.role })
const JDOE = listed('jdoe')
const APP = listed('app')

function listingOf(hsms: readonly Inventory[]): StepPlan {
  return { kind: 'inventory', purpose: 'before', users: hsms.map(({ server, users }) => ({ server, users })) }
}
function read(spec: Spec, plan: StepPlan, hsms: readonly Inventory[], unusual?: Unusual) {
  return engine.read(spec, plan, played(spec, plan, hsms, unusual))
}

describe('a look', () => {
  it('finds the users of both clusters', () => {
    const hsms = [inventory(0, [ADMIN, JDOE]), inventory(1, [ADMIN])]
    const servers = hsms.map(({ server, users }) => ({ server, users }))
    expect(read(wideSpec(), { kind: 'inspect' }, hsms)).toEqual({ kind: 'inspected', servers, isCounted: true })
  })

  const hsmInfo = (cluster: string) => `cluster hsm-info --cluster-id ${cluster}`
  const [FROM, TO] = ['cluster-2abcdefghij', 'cluster-7kkmnopqrst'] as const
  const serials = (...all: string[]) => success({ hsms: all.map((serial) => ({ 'serial-number': serial })) })
  const both = [inventory(0, [ADMIN]), inventory(1, [ADMIN])]

  it('counts the HSMs only where the tool shows them', () => {
    const reading = read(wideSpec(), { kind: 'inspect' }, both, { [hsmInfo(FROM)]: 'unrecognized subcommand' })
    expect(reading.kind === 'inspected' && reading.isCounted).toBe(undefined)
  })
  it.each([
    ['fewer', serials('A'), 1],
    ['more', serials('A', 'B', 'C'), 3],
  ])('stops at %s HSMs than were approved', (_, answer, count) => {
    const detail = `prod-eu has 2 approved HSMs, the tool is connected to ${count}`
    const stop = { code: 'other-hsms', detail }
    expect(read(wideSpec(), { kind: 'inspect' }, both, { [hsmInfo(TO)]: answer })).toEqual({ kind: 'nothing', stop })
  })
  it('takes no serial number for an HSM: partitions of one device may show the same', () => {
    const shared = { [hsmInfo(FROM)]: serials('A', 'B'), [hsmInfo(TO)]: serials('B', 'B') }
    expect(read(wideSpec(), { kind: 'inspect' }, both, shared)).toHaveProperty('isCounted', true)
  })
  it('stops where not every HSM has the appliance user', () => {
    const inconsistent = {
      username: 'app_user',
      role: 'internal(APPLIANCE_USER)',
      locked: 'false',
      'cluster-coverage': 'inconsistent',
    }
    const reading = read(wideSpec(), { kind: 'inspect' }, both, {
      [`user list --cluster-id ${TO}`]: success({ users: [inconsistent] }),
    })
    expect(reading).toMatchObject({ kind: 'nothing', stop: { code: 'inconsistent' } })
  })
  it('finds nothing where one list cannot be read', () => {
    const unusual = { 'user list --cluster-id cluster-7kkmnopqrst': 'oh no' }
    const reading = read(wideSpec(), { kind: 'inspect' }, [inventory(0, [ADMIN]), inventory(1, [ADMIN])], unusual)
    expect(reading).toMatchObject({ kind: 'nothing', stop: { code: 'unreadable' } })
  })
})

/** The transcript, with another answer to every listing in all detail that one user was given. */
function listedTo(name: string, transcript: string, answer: string): string {
  let user = ''
  const records = transcript.split('\x1e').map((record) => {
    const [command = '', , ...rest] = record.split('\x1f')
    user = /^login --username (\S+)/.exec(command)?.[1] ?? user
    return user === name && command.endsWith('--verbose') ? [command, `${answer}\n`, ...rest].join('\x1f') : record
  })
  return records.join('\x1e')
}

describe('an inventory', () => {
  const hsms = [
    inventory(0, [ADMIN, JDOE, APP], [ownedKey(7), ownedKey(8, { owner: 'app' }), ownedKey(9), ownedKey(10)]),
    inventory(1, [ADMIN, JDOE], [ownedKey(7)]),
  ]
  const asSeen = ({ handle, label }: ReturnType<typeof ownedKey>) => seenKey(handle, label ?? undefined)

  it('is what the administrator sees: references and labels, of all pages', () => {
    const seen = hsms.map((hsm) => ({ ...hsm, keys: hsm.keys.map(asSeen) }))
    expect(read(wideSpec(), listingOf(hsms), hsms)).toEqual({ kind: 'listed', inventories: seen })
  })

  it('has more of the keys whose owners may be asked, and as much as before of the others', () => {
    const reading = read(wideSpecWithOwners('jdoe'), listingOf(hsms), hsms)
    const keys = reading.kind === 'listed' ? reading.inventories.map((hsm) => hsm.keys) : []
    expect(keys).toEqual([
      [7, 8, 9, 10].map((handle) => (handle === 8 ? seenKey(8, 'pan') : ownedKey(handle, { coverage: 'full' }))),
      [ownedKey(7, { coverage: 'full' })],
    ])
  })

  it('has a key as its owner sees it, not as somebody it is shared with does', () => {
    const shared = ownedKey(7, { owner: 'jdoe', sharedWith: ['app'] })
    const there = [inventory(0, [ADMIN, JDOE, APP], [shared]), inventory(1, [ADMIN, JDOE, APP], [shared])]
    const bySharer = keysAnswer([keyAnswer({ ...shared, sharedWith: [] }).verbose])
    for (const owners of [
      ['jdoe', 'app'],
      ['app', 'jdoe'],
    ]) {
      const spec = wideSpecWithOwners(...owners)
      const session = played(spec, listingOf(there), there)
      const text = listedTo('app', session.text ?? '', bySharer)
      const reading = engine.read(spec, listingOf(there), { ...session, text })
      const keys = reading.kind === 'listed' ? reading.inventories.map((hsm) => hsm.keys) : []
      expect(keys).toEqual([[{ ...shared, coverage: 'full' }], [{ ...shared, coverage: 'full' }]])
    }
  })

  it('is none where an owner lists a key that the administrator does not see: others may be missing too', () => {
    const command = 'key list --cluster-id cluster-7kkmnopqrst --max-items 500'
    const reading = read(wideSpecWithOwners('jdoe'), listingOf(hsms), hsms, { [command]: keysAnswer([]) })
    expect(reading).toMatchObject({ kind: 'nothing', stop: { code: 'partial-view' } })
  })

  it.each([
    ['the administrator’s', 'key list --cluster-id cluster-2abcdefghij --max-items 500', 'the keys of prod-us:'],
    ['an owner’s', 'key list --cluster-id cluster-2abcdefghij --max-items 100 --verbose', "jdoe's keys of prod-us:"],
  ])('is none where %s list cannot be read, and says whose', (_, command, whose) => {
    const reading = read(wideSpecWithOwners('jdoe'), listingOf(hsms), hsms, { [command]: keysAnswer([], 4) })
    expect(reading).toMatchObject({
      kind: 'nothing',
      stop: { code: 'unreadable', detail: expect.stringContaining(whose) },
    })
  })

  it.each([
    [
      'came',
      [
        [ADMIN, JDOE, APP, listed('new')],
        [ADMIN, JDOE],
      ],
      'prod-us',
    ],
    ['went', [[ADMIN, JDOE, APP], [ADMIN]], 'prod-eu'],
    [
      'changed its role',
      [
        [ADMIN, JDOE, APP],
        [ADMIN, listed('jdoe', { role: 'CO' })],
      ],
      'prod-eu',
    ],
  ] as const)('is none where a user %s since the look', (_, users, place) => {
    const now = hsms.map((hsm, at) => ({ ...hsm, users: users[at] ?? [] }))
    expect(read(wideSpec(), listingOf(hsms), now)).toMatchObject({
      kind: 'nothing',
      stop: { code: 'users-changed', detail: expect.stringContaining(place) },
    })
  })
})

describe('copied users', () => {
  const hsms = [inventory(0, [ADMIN, JDOE, APP]), inventory(1, [ADMIN, JDOE])]
  const plan: StepPlan = {
    kind: 'sync-users',
    server: DESTINATION,
    users: [JDOE, APP].map(({ id, name, role }) => ({ id, name, role })),
  }
  const copy = (name: string) =>
    `user replicate --username ${name} --role crypto-user --source-cluster-id cluster-2abcdefghij --destination-cluster-id cluster-7kkmnopqrst`

  it('each has the tool’s word, and the list afterwards is read', () => {
    const unusual = { [copy('app')]: failure('User replicate failed on 1 of 3 connections') }
    expect(read(wideSpec(), plan, hsms, unusual)).toMatchObject({
      kind: 'users-synced',
      attempts: [
        { item: { name: 'jdoe' }, verdict: 'success' },
        { item: { name: 'app' }, verdict: 'incomplete' },
      ],
      after: hsms.map(({ server, users }) => ({ server, users })),
    })
  })

  it('may have been copied where the list afterwards cannot be read', () => {
    const unusual = { 'user list --cluster-id cluster-2abcdefghij': success({}) }
    const reading = read(wideSpec(), plan, hsms, unusual)
    expect(reading).toMatchObject({ kind: 'users-synced', stop: { code: 'unreadable' } })
    expect(reading).not.toHaveProperty('after')
  })
})

describe('copied keys', () => {
  const spec = wideSpec()
  const hsms = [inventory(0, [ADMIN, JDOE], [ownedKey(7), ownedKey(8)]), inventory(1, [ADMIN, JDOE], [ownedKey(7)])]
  const keysPlan = (handles: readonly number[], canary = false): StepPlan => ({
    kind: 'sync-keys',
    server: DESTINATION,
    handles,
    ...(canary ? { canary: { server: DESTINATION, users: [JDOE] } } : {}),
  })

  it('each has the tool’s word', () => {
    const unusual = { [copyOf(spec, 8)]: failure('Key replicate failed on 3 of 3 connections') }
    expect(read(spec, keysPlan([7, 8]), hsms, unusual)).toMatchObject({
      attempts: [
        { item: 7, verdict: 'success' },
        { item: 8, verdict: 'failure' },
      ],
    })
  })

  it('the first one alone: with what the destination has afterwards', () => {
    expect(read(spec, keysPlan([7], true), hsms)).toMatchObject({
      attempts: [{ item: 7, verdict: 'success' }],
      after: { server: DESTINATION, users: [JDOE], keys: [seenKey(7, 'pan')] },
    })
  })

  it('the first one alone: nothing is claimed of a list that cannot be read', () => {
    const command = 'key list --cluster-id cluster-7kkmnopqrst --max-items 500'
    expect(read(spec, keysPlan([7], true), hsms, { [command]: 'oh no' })).not.toHaveProperty('after')
  })

  it('what the step was killed before is as unclear as what was not answered: nobody counted what was sent', () => {
    const whole = played(spec, keysPlan([7, 8, 9]), hsms)
    const [upTo = ''] = (whole.text ?? '').split(`${copyOf(spec, 9)}\x1f`)
    const killed = { ...whole, result: 'stopped-killed' as const, text: upTo.slice(0, -60) }
    expect(engine.read(spec, keysPlan([7, 8, 9]), killed)).toMatchObject({
      attempts: [{ verdict: 'success' }, { verdict: 'unclear' }, { verdict: 'unclear' }],
      stop: { code: 'lost' },
    })
  })
})
