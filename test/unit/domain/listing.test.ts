import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import { listAll, listOn, roundsOf } from '../../../src/domain/listing.ts'
import { next } from '../../../src/domain/run-plan.ts'
import type { DoneStep, ServerUsers, StepPlan } from '../../../src/domain/step.ts'
import { cmuEngine } from '../../../src/engines/cmu/index.ts'
import { ADMIN, NOW, OPERATION, specOfOne, sure, user } from '../../fixtures/examples.ts'

const many = Array.from({ length: 1_024 }, (_, at) => user(`user_${at}`, { id: 3 + at }))
const servers: ServerUsers[] = [0, 1, 2, 3].map((number) => ({ server: serverNumber(number), users: [ADMIN, ...many] }))

/** What such a step would find: nobody has a key. */
function found(plan: StepPlan): DoneStep {
  const listing = plan as StepPlan & { kind: 'inventory' }
  const of = ({ server }: ServerUsers) =>
    listing.part
      ? (listing.part.owners.find((owner) => owner.server === server)?.names ?? [])
      : many.map(({ name }) => name)
  const marked = listing.users.map((hsm) => ({ ...hsm, listed: of(hsm).map((name) => ({ user: name, keys: [] })) }))
  return { plan, reading: { kind: 'marked', servers: marked }, evidence: 'only-reads-sent', seconds: 300 }
}

describe('1,024 users on four HSMs', () => {
  const steps: DoneStep[] = [found(listAll('before', servers))]
  while (roundsOf(steps, 'before')[0]?.isOpen) steps.push(found(listOn(sure(roundsOf(steps, 'before')[0]))))

  it('are listed in parts that end in their time, every user once', () => {
    expect(steps).toHaveLength(10)
    const listed = steps.flatMap(({ plan }) =>
      plan.kind === 'inventory'
        ? (plan.part?.owners ?? []).flatMap(({ server, names }) => names.map((name) => `${server} ${name}`))
        : [],
    )
    expect(listed).toHaveLength(4 * 1_024)
    expect(new Set(listed).size).toBe(4 * 1_024)
  })
  it('are one listing once all parts are there, and none before', () => {
    expect(roundsOf(steps, 'before')).toMatchObject([{ isOpen: false, parts: 10 }])
    expect(roundsOf(steps, 'before')[0]?.inventories).toHaveLength(4)
    expect(roundsOf(steps.slice(0, 9), 'before')[0]).toMatchObject({ isOpen: true, inventories: undefined })
  })
  it('the run goes on with the next part', () => {
    const inspect: DoneStep = {
      plan: { kind: 'inspect' },
      reading: { kind: 'inspected', servers },
      evidence: 'only-reads-sent',
      seconds: 1,
    }
    const step = next(specOfOne(), [inspect, ...steps.slice(0, 4)], { stopAsked: false })
    expect(step).toMatchObject({ kind: 'step', step: { kind: 'inventory', part: { n: 5, of: 10 } } })
  })
  it('a part that failed ends it', () => {
    const failed: DoneStep = {
      ...sure(steps[3]),
      reading: { kind: 'nothing', stop: { code: 'no-answer', detail: 'x' } },
    }
    expect(roundsOf([...steps.slice(0, 3), failed], 'before')[0]).toMatchObject({
      isOpen: false,
      inventories: undefined,
    })
  })
  it('a part tells the tool to list its own users only', () => {
    const { lines } = cmuEngine().write(specOfOne(), sure(steps[0]).plan, { operation: OPERATION, until: NOW })
    expect(lines.join('\n').length).toBeLessThan(32_000)
  })
})

it('few users are listed in one step, and a tool that lists whole clusters always does', () => {
  expect(
    listAll(
      'after',
      servers.map(({ server }) => ({ server, users: [ADMIN] })),
    ),
  ).not.toHaveProperty('part')
  expect(listAll('after', servers, 'cluster')).not.toHaveProperty('part')
})

describe('a batch', () => {
  const facts = (fits: (step: StepPlan) => boolean) => {
    const empty: ServerUsers[] = [0, 1].map((number) => ({
      server: serverNumber(number),
      users: number === 0 ? [ADMIN, ...many] : [ADMIN],
    }))
    const inspect: DoneStep = {
      plan: { kind: 'inspect' },
      reading: { kind: 'inspected', servers: empty },
      evidence: 'only-reads-sent',
      seconds: 1,
    }
    const inventories = empty.map((hsm) => ({ ...hsm, keys: [] }))
    const listed: DoneStep = {
      plan: listAll('before', []),
      reading: { kind: 'listed', inventories },
      evidence: 'only-reads-sent',
      seconds: 1,
    }
    return next(specOfOne(), [inspect, listed], { stopAsked: false, fits })
  }
  it('is as large as goes into one command, by what its engine writes', () => {
    expect(facts(() => true)).toMatchObject({ step: { kind: 'sync-users', users: { length: 60 } } })
    expect(facts((step) => step.kind === 'sync-users' && step.users.length <= 20)).toMatchObject({
      step: { users: { length: 15 } },
    })
  })
  it('and one at least, whatever it is', () => {
    expect(facts(() => false)).toMatchObject({ step: { users: { length: 1 } } })
  })
})
