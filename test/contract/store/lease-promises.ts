import { expect, it } from 'vitest'
import { LeaseLost, type StepRecord } from '../../../src/application/store.ts'
import type { Request } from '../../../src/domain/request.ts'
import { approved, auditOf, NOON, pending, requestId, running, succeeded } from '../sample-request.ts'
import { type AtPlace, replica, together } from './place.ts'

const UNTIL = NOON + 60_000
const step: StepRecord = { n: 1, plan: { kind: 'inspect' }, plannedAt: NOON, blocks: [] }
const asked = auditOf('asked')
const changed = () => auditOf('changed')

export function leasePromises(at: AtPlace): void {
  it('gives one run to one of ten claimers', async () => {
    await replica(at(), 0).create(approved(1), asked)
    const claims = await together(10, (number) => replica(at(), number).claimRun(`holder-${number}`, NOON, UNTIL))
    expect(claims.flatMap((claim) => claim?.id ?? [])).toEqual([requestId(1)])
  })

  it('gives no run to two holders, however many claim at once', async () => {
    await together(8, (number) => replica(at(), number).create(running(number), asked))
    const claims: (string | undefined)[] = []
    // A claimer may come away empty-handed in a crowd; what it may never do is take what another has.
    for (let round = 0; round < 8; round++)
      claims.push(
        ...(await together(
          10,
          async (number) => (await replica(at(), number).claimRun(`${round}.${number}`, NOON, UNTIL))?.id,
        )),
      )
    const taken = claims.filter((claim) => claim !== undefined)
    expect(taken).toHaveLength(8)
    expect(new Set(taken).size).toBe(8)
  })

  it('gives out approved and running requests only, the oldest first', async () => {
    const store = replica(at(), 0)
    await store.create(pending(1), asked)
    await store.create(succeeded(2), asked)
    await store.create(running(4), asked)
    await store.create(approved(3), asked)
    await expect(store.claimRun('me', NOON, UNTIL)).resolves.toMatchObject({ id: requestId(3) })
    await expect(store.claimRun('me', NOON, UNTIL)).resolves.toMatchObject({ id: requestId(4) })
    await expect(store.claimRun('me', NOON, UNTIL)).resolves.toBeUndefined()
  })

  it('does not give a run away before its lease runs out, and does so then', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.claimRun('first', NOON, UNTIL)
    await expect(replica(at(), 1).claimRun('second', UNTIL - 1, UNTIL + 60_000)).resolves.toBeUndefined()
    await expect(replica(at(), 1).claimRun('second', UNTIL, UNTIL + 60_000)).resolves.toMatchObject({
      id: requestId(1),
    })
  })

  it('lets only the holder renew', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.claimRun('first', NOON, UNTIL)
    await expect(store.renewLease(requestId(1), 'second', UNTIL + 60_000)).resolves.toBe(false)
    await expect(store.renewLease(requestId(1), 'first', UNTIL + 60_000)).resolves.toBe(true)
    await expect(store.claimRun('second', UNTIL, UNTIL + 60_000)).resolves.toBeUndefined()
    await expect(store.renewLease(requestId(2), 'first', UNTIL)).resolves.toBe(false)
  })

  it('lets only the holder release', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.claimRun('first', NOON, UNTIL)
    await store.releaseRun(requestId(1), 'second', { tries: 0, after: 0 })
    await expect(store.claimRun('second', NOON, UNTIL)).resolves.toBeUndefined()
    await store.releaseRun(requestId(1), 'first', { tries: 0, after: 0 })
    await expect(store.claimRun('second', NOON, UNTIL)).resolves.toMatchObject({ id: requestId(1) })
    await expect(store.renewLease(requestId(1), 'first', UNTIL)).resolves.toBe(false)
  })

  it('stops the old holder at its next write, after another took the run over', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.claimRun('first', NOON, UNTIL)
    await store.saveStep(requestId(1), step, 'first')
    await replica(at(), 1).claimRun('second', UNTIL, UNTIL + 60_000)

    const late = { ...step, commandId: 'from the old holder' }
    await expect(store.saveStep(requestId(1), late, 'first', auditOf('late'))).rejects.toThrow(LeaseLost)
    await expect(store.change(requestId(1), (now) => now, changed, 'first')).rejects.toThrow(LeaseLost)
    await expect(store.renewLease(requestId(1), 'first', UNTIL)).resolves.toBe(false)
    await expect(store.steps(requestId(1))).resolves.toEqual([step])
    await expect(store.load(requestId(1))).resolves.toHaveProperty('version', 2)

    await store.saveStep(requestId(1), { ...step, commandId: 'from the new one' }, 'second')
    await expect(store.change(requestId(1), () => succeeded(1), changed, 'second')).resolves.toHaveProperty('version')
  })

  it('plans a step only where nothing has changed since it was decided, such as that it is asked to stop', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.claimRun('me', NOON, UNTIL)
    const { version = 0 } = (await store.load(requestId(1))) ?? {}
    const stop = (now: Request): Request => ({ ...now, stopAskedAt: NOON }) as Request
    await replica(at(), 1).change(requestId(1), stop, changed)

    await expect(store.planStep(requestId(1), step, 'me', version)).resolves.toBe(false)
    await expect(store.steps(requestId(1))).resolves.toEqual([])
    await expect(store.planStep(requestId(1), step, 'me', version + 1)).resolves.toBe(true)
    await expect(store.steps(requestId(1))).resolves.toEqual([step])
    await expect(store.load(requestId(1))).resolves.toHaveProperty('version', version + 2)
    await expect(store.planStep(requestId(1), step, 'other', version + 2)).rejects.toThrow(LeaseLost)
  })

  it('lets people change a request that somebody drives: they hold no lease', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await store.claimRun('first', NOON, UNTIL)
    const stopped = { ...running(1), stopAskedAt: NOON }
    await expect(store.change(requestId(1), () => stopped, changed)).resolves.toMatchObject({ request: stopped })
    await expect(store.renewLease(requestId(1), 'first', UNTIL)).resolves.toBe(true)
  })

  it('throws LeaseLost where nobody ever claimed, or nothing is', async () => {
    const store = replica(at(), 0)
    await store.create(running(1), asked)
    await expect(store.saveStep(requestId(1), step, 'me')).rejects.toThrow(LeaseLost)
    await expect(store.saveStep(requestId(2), step, 'me')).rejects.toThrow(LeaseLost)
    await expect(store.change(requestId(1), (now) => now, changed, 'me')).rejects.toThrow(LeaseLost)
  })
}
