import { expect, it } from 'vitest'
import type { StepRecord } from '../../../src/application/store.ts'
import { serverNumber } from '../../../src/domain/ids.ts'
import { isRefusal, refuse } from '../../../src/domain/refusal.ts'
import type { Request } from '../../../src/domain/request.ts'
import { approved, auditOf, NOON, pending, requestId, running, sampleSpec, succeeded } from '../sample-request.ts'
import { type AtPlace, replica, together } from './place.ts'

const changed = () => auditOf('changed')
const withReason = (reason: string) => (request: Request) => ({ ...request, reason })

export function requestPromises(at: AtPlace): void {
  it('gives back what was stored, to the letter', async () => {
    const store = replica(at(), 0)
    const request = pending(1)
    await expect(store.create(request, auditOf('asked'))).resolves.toEqual({ kind: 'stored' })
    await expect(replica(at(), 1).load(request.id)).resolves.toEqual({ request, version: 1 })
    await expect(store.load(requestId(2))).resolves.toBeUndefined()
  })

  it('takes one open request per destination, and names it to everybody else', async () => {
    const spec = sampleSpec(1)
    const answers = await together(20, (number) =>
      replica(at(), number).create(pending(number, { spec }), auditOf('asked', { request: requestId(number) })),
    )
    expect(answers.filter(({ kind }) => kind === 'stored')).toHaveLength(1)
    const { requests } = await replica(at(), 0).list({ limit: 50 })
    expect(requests).toHaveLength(1)
    const others = answers.flatMap((answer) => (answer.kind === 'busy' ? [answer.by] : []))
    expect(others).toEqual(Array.from({ length: 19 }, () => requests[0]?.id))
    // Who lost left nothing behind: no request, and no audit row of one.
    const histories = await together(20, (number) => replica(at(), 0).history(requestId(number)))
    expect(histories.flat()).toHaveLength(1)
  })

  it('takes requests for other destinations at the same time', async () => {
    const answers = await together(20, (number) => replica(at(), number).create(pending(number), auditOf('asked')))
    expect(answers.filter(({ kind }) => kind === 'stored')).toHaveLength(20)
  })

  it('takes the next request for a destination once the one before has ended', async () => {
    const store = replica(at(), 0)
    const spec = sampleSpec(1)
    for (const [number, end] of [succeeded(1, { spec }), succeeded(2, { spec })].entries()) {
      const first = approved(number + 1, { spec })
      await expect(store.create(first, auditOf('asked'))).resolves.toEqual({ kind: 'stored' })
      await expect(store.create(pending(9, { spec }), auditOf('asked'))).resolves.toEqual({
        kind: 'busy',
        by: first.id,
      })
      await store.change(first.id, () => end, changed)
    }
    await expect(store.create(pending(9, { spec }), auditOf('asked'))).resolves.toEqual({ kind: 'stored' })
  })

  it('files one request for one delivery, also where the first has ended: the other process gets that one', async () => {
    const store = replica(at(), 0)
    const spec = sampleSpec(1)
    const first = approved(1, { spec, askedIn: 'delivery:1' })
    await expect(store.create(first, auditOf('asked'))).resolves.toEqual({ kind: 'stored' })
    const again = pending(2, { spec, askedIn: 'delivery:1' })
    await expect(store.create(again, auditOf('asked'))).resolves.toEqual({ kind: 'again', request: first })
    const end = succeeded(1, { spec, askedIn: 'delivery:1' })
    await store.change(first.id, () => end, changed)
    await expect(replica(at(), 1).create(again, auditOf('asked'))).resolves.toEqual({ kind: 'again', request: end })
    const other = pending(3, { spec, askedIn: 'delivery:2' })
    await expect(store.create(other, auditOf('asked'))).resolves.toEqual({ kind: 'stored' })
  })

  it('never writes a new request over one with the same id', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1), auditOf('asked'))
    await store.create(pending(2, { id: requestId(1) }), auditOf('asked')).catch(() => undefined)
    await expect(store.load(requestId(1))).resolves.toEqual({ request: pending(1), version: 1 })
  })

  it('applies each of 50 changes at once exactly once, and the version counts them', async () => {
    const request = pending(1)
    await replica(at(), 0).create(request, auditOf('asked'))
    const answers = await together(50, (number) =>
      replica(at(), number).change(
        request.id,
        (now) => ({ ...now, decisions: [...now.decisions, { by: `U${number}`, verdict: 'approve', at: NOON }] }),
        changed,
      ),
    )
    const versions = answers.map((answer) => (isRefusal(answer) ? 0 : answer.version)).sort((a, b) => a - b)
    expect(versions).toEqual(Array.from({ length: 50 }, (_, number) => number + 2))
    const stored = await replica(at(), 0).load(request.id)
    expect(stored?.version).toBe(51)
    expect(new Set(stored?.request.decisions.map(({ by }) => by)).size).toBe(50)
  })

  it('lets one of two deciders win, and tells the other what is so now', async () => {
    const request = pending(1)
    await replica(at(), 0).create(request, auditOf('asked'))
    const decide = (number: number) =>
      replica(at(), number).change(
        request.id,
        (now) => (now.state === 'pending' ? approved(1) : refuse({ code: 'self-approval' })),
        changed,
      )
    const answers = await together(10, decide)
    expect(answers.filter((answer) => !isRefusal(answer))).toHaveLength(1)
  })

  it('writes nothing when the change refuses', async () => {
    const store = replica(at(), 0)
    const request = pending(1)
    await store.create(request, auditOf('asked', { request: request.id }))
    const refusal = refuse({ code: 'self-approval' })
    await expect(store.change(request.id, () => refusal, changed)).resolves.toEqual(refusal)
    await expect(store.load(request.id)).resolves.toEqual({ request, version: 1 })
    await expect(store.history(request.id)).resolves.toHaveLength(1)
  })

  it('leaves the request as it was when the change or its audit function throws', async () => {
    const store = replica(at(), 0)
    const request = pending(1)
    await store.create(request, auditOf('asked'))
    const broken = () => {
      throw new Error('broken on purpose')
    }
    await expect(store.change(request.id, withReason('other'), broken)).rejects.toThrow('broken on purpose')
    await expect(store.change(request.id, broken, changed)).rejects.toThrow('broken on purpose')
    await expect(store.load(request.id)).resolves.toEqual({ request, version: 1 })
    // … and the store works on: nothing is left locked.
    await expect(store.change(request.id, withReason('third'), changed)).resolves.toHaveProperty('version', 2)
  })

  it('refuses to change a request that does not exist', async () => {
    await expect(replica(at(), 0).change(requestId(1), (now) => now, changed)).resolves.toEqual(
      refuse({ code: 'no-such-request', text: requestId(1) }),
    )
  })

  it('keeps steps in their order, and a step written again replaces itself', async () => {
    const store = replica(at(), 0)
    const request = running(1)
    await store.create(request, auditOf('asked'))
    await store.claimRun('me', NOON, NOON + 60_000)
    const inspect: StepRecord = { n: 1, plan: { kind: 'inspect' }, plannedAt: NOON, blocks: [] }
    const keys: StepRecord = {
      n: 10,
      plan: { kind: 'sync-keys', server: serverNumber(1), handles: [7, 262_162] },
      plannedAt: NOON + 1,
      blocks: [],
    }
    await store.saveStep(request.id, keys, 'me')
    await store.saveStep(request.id, inspect, 'me')
    const done: StepRecord = {
      ...inspect,
      commandId: '0e5ba1f0-4d2f-4d7e-9d55-a0e0a4a1a1a1',
      sentAt: NOON + 2,
      blocks: [
        {
          action: 'session',
          operation: `${request.id}.1`,
          result: 'done',
          detail: 'naïve — “quotes” \\ and\nlines',
          seconds: 2,
          sent: 4,
          mark: 'read',
          content: { sha256: 'ab', chunks: 1, chunk: 1, text: 'H4sIAAAA' },
        },
      ],
      end: { kind: 'printed' },
      endedAt: NOON + 3,
    }
    await store.saveStep(request.id, done, 'me', auditOf('sent', { request: request.id }))
    await expect(store.steps(request.id)).resolves.toEqual([done, keys])
    await expect(store.steps(requestId(2))).resolves.toEqual([])
    // Each of them makes the picture older than the truth.
    await expect(store.load(request.id)).resolves.toHaveProperty('version', 4)
    await expect(store.history(request.id)).resolves.toMatchObject([{ type: 'sent' }])
  })

  it('lists the newest first, filtered and limited', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1), auditOf('asked'))
    await store.create(running(3, { requestedBy: 'U0OTHER' }), auditOf('asked'))
    await store.create(succeeded(2), auditOf('asked'))
    await store.create(approved(4), auditOf('asked'))
    const ids = async (filter: Parameters<typeof store.list>[0]) =>
      (await store.list(filter)).requests.map(({ id }) => id)
    await expect(ids({ limit: 10 })).resolves.toEqual([4, 3, 2, 1].map((number) => requestId(number)))
    await expect(ids({ limit: 2 })).resolves.toEqual([requestId(4), requestId(3)])
    await expect(ids({ states: ['pending', 'running'], limit: 10 })).resolves.toEqual([requestId(3), requestId(1)])
    await expect(ids({ states: ['succeeded'], limit: 10 })).resolves.toEqual([requestId(2)])
    await expect(ids({ requestedBy: 'U0OTHER', limit: 10 })).resolves.toEqual([requestId(3)])
    await expect(ids({ requestedBy: 'U0OTHER', states: ['pending'], limit: 10 })).resolves.toEqual([])
  })

  it('finds what is past its expiry: pending only, at the very moment', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1, { expiresAt: NOON }), auditOf('asked'))
    await store.create(pending(2, { expiresAt: NOON + 1 }), auditOf('asked'))
    await store.create(approved(3, { expiresAt: NOON }), auditOf('asked'))
    await store.create(succeeded(4, { expiresAt: NOON }), auditOf('asked'))
    await expect(store.pastExpiry(NOON - 1)).resolves.toEqual([])
    await expect(store.pastExpiry(NOON)).resolves.toEqual([requestId(1)])
    await expect(store.pastExpiry(NOON + 1)).resolves.toHaveLength(2)
  })
}
