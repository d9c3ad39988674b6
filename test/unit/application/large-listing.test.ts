import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { openDatabase } from '../../../src/adapters/store/open-database.ts'
import { requestStore } from '../../../src/adapters/store/request-store.ts'
import { findingOf } from '../../../src/application/finding.ts'
import type { Clock } from '../../../src/application/ports.ts'
import type { StepRecord } from '../../../src/application/store.ts'
import { sha256 } from '../../../src/domain/digest.ts'
import { cloudHsmCliEngine } from '../../../src/engines/cloudhsm-cli/index.ts'
import type { OutputBlock } from '../../../src/engines/printed.ts'
import { played } from '../../fixtures/cli-session.ts'
import { ADMIN, inventory, NOW, OPERATION, REQUEST_ID, request, sure, user } from '../../fixtures/examples.ts'
import { ownedKey, wideSpecWithOwners } from '../../fixtures/whole-clusters.ts'

const KEYS = 5_000
const clock: Clock = { now: () => NOW, sleep: (ms) => pause(ms) }
const spec = wideSpecWithOwners('jdoe')
const users = [{ ...ADMIN, id: 0, coverage: 'full' }, user('jdoe', { id: 0, coverage: 'full' })]
const keys = Array.from({ length: KEYS }, (_, at) => ownedKey(262_144 + at, { label: `label ${at}`, coverage: 'full' }))
const plan = { kind: 'inventory', purpose: 'before', users: [0, 1].map((server) => inventory(server, users)) } as const

function blocksOf(text: string): OutputBlock[] {
  const packed = gzipSync(text).toString('base64')
  const chunks = Math.ceil(packed.length / 18_000)
  return Array.from({ length: chunks }, (_, at) => ({
    action: 'session',
    operation: OPERATION,
    result: 'done',
    detail: '',
    mark: 'read',
    content: { sha256: sha256(packed), chunks, chunk: at + 1, text: packed.slice(at * 18_000, (at + 1) * 18_000) },
  }))
}

/** How often others get their turn while this goes on. */
async function turnsDuring<Value>(work: () => Promise<Value>): Promise<[Value, number]> {
  let turns = 0
  let isDone = false
  const turn = () => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  const value = await work()
  isDone = true
  return [value, turns]
}

it('a large listing is read, stored and read back in slices between which others get their turn', async () => {
  const hsms = [inventory(0, users, keys), inventory(1, users, keys)]
  const { text } = played(spec, plan, hsms)
  const step: StepRecord = { n: 1, plan, plannedAt: NOW, blocks: blocksOf(sure(text)), end: { kind: 'printed' } }
  const [finding, whileRead] = await turnsDuring(() =>
    findingOf(clock, { id: REQUEST_ID, spec, engine: cloudHsmCliEngine() }, step),
  )
  expect(finding.reading.kind).toBe('listed')
  expect(whileRead).toBeGreaterThan(1_000)

  const store = requestStore(await openDatabase('sqlite::memory:'))
  await store.create(request('running', { spec }), { at: NOW, type: 'requested', actor: 'test', facts: {} })
  await store.claimRun('me', NOW, NOW + 1e9)
  await store.saveStep(REQUEST_ID, { ...step, blocks: [], finding }, 'me')
  const [steps, whileStored] = await turnsDuring(() => store.steps(REQUEST_ID))
  expect(steps[0]?.finding).toEqual(finding)
  expect(whileStored).toBeGreaterThan(0)
  await store.close()
})
