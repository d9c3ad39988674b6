import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../../src/domain/refusal.ts'
import { sure } from '../../fixtures/examples.ts'
import { Ground } from '../../harness/engine-run.ts'
import { changed, type Expected, expectEnd, keysBut, keysOnly, type Scenario, theKeys, USERS } from './scenario.ts'
import { bothForms, bothTools, type Tool } from './tools.ts'

// Where the two tools do not come to the same end, and why. Whatever is not here is the same for both.

interface Difference extends Scenario {
  readonly because: string
  readonly common: Partial<Expected>
  readonly ends: { readonly cmu: Partial<Expected>; readonly 'cloudhsm-cli': Partial<Expected> }
}

const DIFFERENCES: readonly Difference[] = [
  {
    when: 'the tool copies a key and ends in the middle of saying so',
    because:
      'CMU lists each HSM; an administrator’s listing of a cluster does not tell whether all of its HSMs have a key',
    given: (state, tool) => tool.disturbKey(state, 262163, { do: 'cut' }),
    common: {
      ...changed,
      stop: 'no-answer',
      users: '5 already, 2 synced',
      arrived: { users: USERS, keys: keysBut() },
    },
    ends: {
      cmu: { state: 'succeeded', keys: '10 already, 5 synced' },
      'cloudhsm-cli': {
        state: 'partial',
        keys: '10 already, 4 synced, 1 failed',
        named: ['key 262163: incomplete'],
      },
    },
  },
  {
    when: 'the owners of keys are not asked for',
    because: 'an administrator’s listing shows no owners, so CloudHSM CLI finds out by trying',
    options: { scope: keysOnly },
    common: { ...changed, state: 'partial', users: '', keys: '10 already, 3 synced, 2 failed' },
    ends: {
      cmu: { named: ['key 262160: blocked', 'key 262161: blocked'], arrived: { keys: keysBut(262160, 262161) } },
      'cloudhsm-cli': {
        named: ['key 262160: failed', 'key 262161: failed'],
        arrived: { keys: keysBut(262160, 262161) },
      },
    },
  },
  {
    when: 'the owner of the first key is not asked for',
    because: 'an administrator’s listing shows no owners: it is tried, refused, and another key goes first',
    options: { scope: { ...keysOnly, keys: theKeys(262160, 262162) } },
    common: { ...changed, users: '' },
    ends: {
      cmu: {
        state: 'partial',
        keys: '1 synced, 1 failed',
        named: ['key 262160: blocked'],
        arrived: { keys: [262162] },
      },
      'cloudhsm-cli': {
        state: 'partial',
        keys: '1 synced, 1 failed',
        named: ['key 262160: failed'],
        arrived: { keys: [262162] },
      },
    },
  },
]

describe.each(bothForms)('%s', (_form, tool, isLocked) => {
  it.concurrent.each(DIFFERENCES.map((one) => [one.when, one.because, one] as const))('%s: %s', (_when, _why, one) =>
    expectEnd(tool, one, endsOf(one, tool), isLocked),
  )
})

function endsOf(one: (typeof DIFFERENCES)[number], { engine }: Tool): Expected {
  return { state: '', proof: '', wrote: false, users: '', keys: '', ...one.common, ...one.ends[engine] }
}

describe('a bastion without the tool', () => {
  const missingTools = ['cloudhsm_mgmt_util', 'cloudhsm-cli', 'configure-cli']
  it.each(['cmu', 'cloudhsm-cli'] as const)('%s: a request is refused', async (engine) => {
    const tool = sure(bothTools.find((one) => one.engine === engine))
    const { bastions } = tool.world()
    const ground = new Ground({
      engine,
      world: tool.world({ bastions: bastions.map((one) => ({ ...one, missingTools })) }),
    })
    const spec = await ground.derive()
    ground.remove()
    expect(isRefusal(spec) ? spec.refused.code : undefined).toBe('tool-missing')
  })
})
