import { expect, it } from 'vitest'
import { type StepRecord, Unreadable } from '../../../src/application/store.ts'
import { missingChunk } from '../../../src/engines/printed.ts'
import { approved, auditOf, NOON, pending, requestId, running, succeeded } from '../sample-request.ts'
import { type AtPlace, rawly, replica } from './place.ts'

const UNTIL = NOON + 60_000
const asked = auditOf('asked')
const step: StepRecord = { n: 1, plan: { kind: 'inspect' }, plannedAt: NOON, blocks: [] }

/** What keeps runs from being taken up without end, and one request from holding up another. */
export function runPromises(at: AtPlace): void {
  it('lets a run rest that was taken up in vain, and remembers how often that was', async () => {
    const store = replica(at(), 0)
    await store.create(approved(1), asked)
    await expect(store.claimRun('me', NOON, UNTIL)).resolves.toEqual({ id: requestId(1), version: 1, tries: 0 })
    await store.releaseRun(requestId(1), 'me', { tries: 1, after: NOON + 5_000 })
    await expect(store.claimRun('me', NOON + 4_999, UNTIL)).resolves.toBeUndefined()
    await expect(replica(at(), 1).claimRun('you', NOON + 5_000, UNTIL)).resolves.toMatchObject({ tries: 1 })
  })

  it('gives another run out while one rests', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.create(running(2), asked)
    await store.claimRun('me', NOON, UNTIL)
    await store.releaseRun(requestId(1), 'me', { tries: 3, after: NOON + 60_000 })
    await expect(store.claimRun('me', NOON, UNTIL)).resolves.toMatchObject({ id: requestId(2) })
  })

  it('names what cannot be read, and lists the rest', async () => {
    const store = replica(at(), 0)
    for (const number of [1, 2, 3]) await store.create(pending(number), asked)
    await rawly(at(), `update requests set doc = '{"id":' where id = '${requestId(2)}'`)
    const { requests, unreadable } = await store.list({ states: ['pending'], limit: 10 })
    expect(requests.map(({ id }) => id)).toEqual([requestId(3), requestId(1)])
    expect(unreadable).toEqual([requestId(2)])
    await expect(store.load(requestId(2))).rejects.toThrow(Unreadable)
    await expect(store.versionOf(requestId(2))).resolves.toBe(1)
    await expect(store.versionOf(requestId(9))).resolves.toBeUndefined()
  })

  it('puts away what cannot be read: its destination is free, and the record says so', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await rawly(at(), `update requests set shape = 99 where id = '${requestId(1)}'`)
    await expect(store.abandon(requestId(1), auditOf('abandoned', { request: requestId(1) }))).resolves.toBe(true)
    await expect(store.abandon(requestId(1), auditOf('abandoned'))).resolves.toBe(false)
    await expect(store.claimRun('me', NOON, UNTIL)).resolves.toBeUndefined()
    await expect(store.history(requestId(1))).resolves.toMatchObject([{ type: 'abandoned' }])
    const again = pending(7, { spec: running(1).spec })
    await expect(store.create(again, asked)).resolves.toEqual({ kind: 'stored' })
  })

  it('removes steps whose time is over, of requests that ended, and nothing of the record', async () => {
    const store = replica(at(), 0)
    for (const [number, request] of [
      [1, running(1)],
      [2, succeeded(2)],
      [3, succeeded(3, { expiresAt: NOON + 9_000_000_000 })],
    ] as const) {
      await store.create(request, auditOf('asked', { request: requestId(number) }))
      await rawly(at(), `update requests set lease_holder = 'me' where id = '${request.id}'`)
      await store.saveStep(request.id, step, 'me')
    }
    await expect(store.forgetSteps(NOON + 9_000_000_000)).resolves.toBe(1)
    const left = await Promise.all([1, 2, 3].map((number) => store.steps(requestId(number))))
    expect(left.map(({ length }) => length)).toEqual([1, 0, 1])
    await expect(store.history(requestId(2))).resolves.toHaveLength(1)
  })

  it('still reads what the versions before have stored', async () => {
    const store = replica(at(), 0)
    await store.create(succeeded(1), asked)
    await store.create(running(2), asked)
    const outcome = {
      state: 'partial',
      proof: 'after',
      withdrawn: false,
      wrote: true,
      destinations: [],
      troubles: [],
      keyHashes: [],
    }
    const stop = { code: 'lost', detail: 'its answer', wrote: 'maybe' }
    const old = JSON.stringify({ ...succeeded(1), state: 'partial', outcome: { ...outcome, stop } })
    await rawly(
      at(),
      `update requests set shape = 1, doc = '${old.replaceAll("'", "''")}' where id = '${requestId(1)}'`,
    )
    await expect(store.load(requestId(1))).resolves.toMatchObject({
      request: {
        outcome: {
          state: 'partial',
          evidence: 'may-have-written',
          stop: { code: 'lost', detail: 'its answer' },
          discrepancies: [{ kind: 'run', problem: 'stopped', why: 'its answer' }],
        },
      },
    })
    const lost = { kind: 'key', name: '7', problem: 'failed', why: 'not there afterwards' }
    const two = JSON.stringify({ ...succeeded(1), state: 'partial', outcome: { ...outcome, troubles: [lost] } })
    await rawly(at(), `update requests set shape = 2, doc = '${two}' where id = '${requestId(1)}'`)
    const { request } = (await store.load(requestId(1))) ?? {}
    expect(request).toMatchObject({ outcome: { discrepancies: [lost] } })
    expect(request).not.toHaveProperty('outcome.troubles')
    await store.claimRun('me', NOON, UNTIL)
    await store.saveStep(requestId(2), step, 'me')
    const block = { operation: `${requestId(2)}.1`, result: 'done', detail: '', seconds: 1, sent: 1, mark: '' }
    const oldStep = JSON.stringify({ ...step, blocks: [block], end: { kind: 'not-executed', status: 'Undeliverable' } })
    await rawly(at(), `update steps set shape = 1, doc = '${oldStep}' where request_id = '${requestId(2)}'`)
    const [read] = await store.steps(requestId(2))
    expect(read?.end).toEqual({ kind: 'lost', status: 'Undeliverable' })
    expect(read?.blocks[0]).toMatchObject({ action: 'session' })
    expect(read?.blocks[0]).not.toHaveProperty('mark')
    // Of what was printed in several parts each keeps its number, or the rest would not be fetched any more.
    const content = { sha256: 'a'.repeat(64), pieces: 3, piece: 2, text: 'H4sI' }
    const stepTwo = JSON.stringify({ ...step, blocks: [{ ...block, action: 'session', content }] })
    for (const shape of [1, 2]) {
      await rawly(at(), `update steps set shape = ${shape}, doc = '${stepTwo}' where request_id = '${requestId(2)}'`)
      const [inParts] = await store.steps(requestId(2))
      expect(inParts?.blocks[0]?.content).toEqual({ sha256: 'a'.repeat(64), chunks: 3, chunk: 2, text: 'H4sI' })
      expect(missingChunk(inParts?.blocks ?? [])).toBe(1)
    }
  })
}
