import { describe, expect, it } from 'vitest'
import { asHsmId } from '../../../src/domain/ids.ts'
import { type Request, transition } from '../../../src/domain/request.ts'
import { next } from '../../../src/domain/run-plan.ts'
import type { DoneStep } from '../../../src/domain/step.ts'
import { ADMIN, ALICE, key, NOW, request, specOfOne, user } from '../../fixtures/examples.ts'
import { except, honest, story, walk } from '../../fixtures/walk.ts'

const world = () => ({ users: [[ADMIN, user('jdoe', { id: 3 })], [ADMIN]], keys: [[key(7), key(8)], []] })

describe('what nobody asked for', () => {
  it('is named, and nothing that comes with it has succeeded', () => {
    const hsms = world()
    const tool = honest(hsms)
    const { outcome } = walk(
      specOfOne(),
      except(tool, (plan, n) => {
        if (plan.kind !== 'inventory' || plan.purpose !== 'after') return undefined
        hsms.keys[1]?.push(key(4711))
        return tool(plan, n)
      }),
    )
    expect(outcome.state).toBe('partial')
    expect(outcome.discrepancies).toMatchObject([{ kind: 'key', name: '4711', problem: 'unexpected' }])
  })

  it('is an HSM of the destination that was not ACTIVE, too: users do not spread to it', () => {
    const spec = specOfOne()
    const leftOut = [{ hsmId: spec.source.hsm.hsmId, state: 'DEGRADED' }]
    const { outcome } = walk({ ...spec, destination: { ...spec.destination, leftOut } }, honest(world()))
    expect(outcome.state).toBe('partial')
    expect(outcome.discrepancies).toMatchObject([{ kind: 'HSM', problem: 'left-out', why: 'it was DEGRADED' }])
  })
})

describe('an HSM that joins the destination during the run', () => {
  const { steps, outcome } = walk(specOfOne(), honest(world()))
  const joined = [asHsmId('hsm-newcomer111')]

  it('is named: it lacks what was copied, and nobody else would say so', () => {
    expect(outcome.state).toBe('succeeded')
    expect(next(specOfOne(), steps, { stopAsked: false, joined })).toMatchObject({
      outcome: {
        state: 'partial',
        discrepancies: [
          { kind: 'HSM', name: 'hsm-newcomer111', problem: 'left-out', why: 'it joined the cluster during the run' },
        ],
      },
    })
  })
})

describe('a run that must not go on', () => {
  const undisturbed = walk(specOfOne(), honest(world()))
  const upTo = (words: string) =>
    undisturbed.steps.slice(0, story(undisturbed).findIndex((step) => step.startsWith(words)) + 1)
  const halted = (steps: readonly DoneStep[], code: 'not-approved' | 'interrupted') =>
    next(specOfOne(), steps, { stopAsked: false, halt: { code, detail: 'here' } })

  it('sends nothing more that was not approved, not even to look, and says it cannot tell', () => {
    expect(halted(upTo('users'), 'not-approved')).toMatchObject({
      outcome: { state: 'unknown', stop: { code: 'not-approved' } },
    })
    expect(halted(upTo('inventory before'), 'not-approved')).toMatchObject({
      outcome: { state: 'failed', evidence: expect.stringMatching(/-sent$/) },
    })
  })

  it('looks, without a login first, but writes nothing more when it lay still for too long', () => {
    expect(halted(upTo('users'), 'interrupted')).toMatchObject({ step: { kind: 'inspect' } })
    expect(halted(upTo('inventory before'), 'interrupted')).toMatchObject({
      outcome: { state: 'failed', evidence: expect.stringMatching(/-sent$/) },
    })
  })
})

describe('a login that fails after something else has stopped the run', () => {
  const loginFailed = {
    reading: { kind: 'nothing', stop: { code: 'login-failed', detail: 'wrong password' } },
    evidence: 'only-reads-sent',
  } as const

  it('is said first, and what stopped it before stays', () => {
    const hsms = world()
    const tool = honest(hsms)
    const { outcome } = walk(
      specOfOne(),
      except(tool, (plan, n) => {
        if (plan.kind === 'inventory' && plan.purpose === 'after') return loginFailed
        if (plan.kind !== 'sync-keys') return undefined
        const done = tool(plan, n)
        hsms.keys[1]?.push(key(4711))
        return done
      }),
    )
    expect(outcome).toMatchObject({ stop: { code: 'login-failed' }, lastLogin: 'doubt', state: 'unknown' })
  })

  it('is in doubt where only the count of failed logins tells, and the run lay still for too long', () => {
    const undisturbed = walk(specOfOne(), honest(world()))
    const users = undisturbed.steps.findIndex(({ plan }) => plan.kind === 'sync-users')
    const inspect = undisturbed.steps.find(({ plan }) => plan.kind === 'inspect')
    if (inspect?.reading.kind !== 'inspected') throw new Error('no look')
    const failed = inspect.reading.servers.map((server) => ({
      ...server,
      users: server.users.map((one) => (one.role === 'CO' ? { ...one, failedLogins: one.failedLogins + 1 } : one)),
    }))
    const steps = [
      ...undisturbed.steps.slice(0, users + 1),
      { ...inspect, n: 90, reading: { ...inspect.reading, servers: failed } },
    ]
    const halt = { code: 'interrupted', detail: 'here' } as const
    expect(next(specOfOne(), steps, { stopAsked: false, halt })).toMatchObject({
      outcome: { stop: { code: 'login-unsure' }, earlier: { code: 'interrupted' }, lastLogin: 'doubt' },
    })
  })

  it('is not risked by a program that nobody approved, whatever a step ended with', () => {
    const undisturbed = walk(specOfOne(), honest(world()))
    const users = undisturbed.steps.findIndex(({ plan }) => plan.kind === 'sync-users')
    const steps = undisturbed.steps.slice(0, users + 1).map(
      (step, at): DoneStep =>
        at < users
          ? step
          : {
              ...step,
              reading: { kind: 'nothing', stop: { code: 'lost', detail: '' } },
              evidence: 'may-have-written',
            },
    )
    const halt = { code: 'not-approved', detail: 'here' } as const
    expect(next(specOfOne(), steps, { stopAsked: false, halt })).toMatchObject({ outcome: { state: 'unknown' } })
  })
})

describe('a login', () => {
  it('is not tried again when the officer has one failure more than before the run', () => {
    const failed = [{ ...ADMIN, failedLogins: 1 }]
    let inspections = 0
    const { outcome, steps } = walk(
      specOfOne(),
      except(honest(world()), (plan) => {
        if (plan.kind === 'sync-keys') {
          return {
            reading: { kind: 'nothing', stop: { code: 'no-answer', detail: 'the tool ended' } },
            evidence: 'only-reads-sent',
          }
        }
        if (plan.kind !== 'inspect' || ++inspections === 1) return undefined
        return {
          reading: { kind: 'inspected', servers: [0, 1].map((server) => ({ server: server as never, users: failed })) },
        }
      }),
    )
    expect(story({ steps }).slice(-2)).toEqual(['canary 7', 'inspect'])
    expect(outcome.state).toBe('unknown')
  })
})

it('counts the stricter of the old and the live number of approvals', () => {
  const pending = request('pending', { rule: { users: [ALICE], userGroups: [], required: 1 } })
  const after = transition(pending, { type: 'approve', by: ALICE, required: 2 }, NOW) as Request
  expect(after).toMatchObject({ state: 'pending', rule: { required: 2 } })
})
