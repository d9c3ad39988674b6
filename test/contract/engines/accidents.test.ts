import { describe, it } from 'vitest'
import { sure } from '../../fixtures/examples.ts'
import { changed, type Expected, expectEnd, type Scenario, theKeys, USERS, usersOnly } from './scenario.ts'
import { bothForms } from './tools.ts'
import { destinationOf } from './truth.ts'

// Both engines, the same accidents: the same end with the same meaning. What is expected is written once.

const threeKeys = { users: { kind: 'none' }, keys: theKeys(262159, 262162, 262163) } as const

const SCENARIOS: readonly (Scenario & { readonly ends: Expected })[] = [
  {
    when: 'the tool hangs in the middle of a batch',
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'hang' }),
    options: { scope: threeKeys },
    ends: {
      ...changed,
      state: 'partial',
      stop: 'no-answer',
      users: '',
      keys: '1 synced, 1 failed, 1 untried',
      named: ['key 262162: failed', 'key 262163: untried'],
      arrived: { keys: [262159] },
    },
  },
  {
    bastion: 'real',
    when: 'the script is killed in the middle of a batch',
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'delay', ms: 20_000 }),
    killedAt: 262162,
    options: { scope: threeKeys },
    ends: {
      ...changed,
      state: 'partial',
      stop: 'lost',
      users: '',
      // Nobody counted what was sent: the one behind it may have been.
      keys: '1 synced, 2 failed',
      named: ['key 262162: failed', 'key 262163: failed'],
      arrived: { keys: [262159] },
    },
  },
  {
    when: 'the tool copies a user and ends in the middle of saying so',
    // To one HSM: CMU stops before the next one.
    given: (state, tool) => {
      destinationOf(state).hsms.length = 1
      tool.disturbUser(state, 'crypto_user6', { do: 'cut' })
    },
    options: { scope: usersOnly },
    ends: {
      ...changed,
      state: 'succeeded',
      stop: 'no-answer',
      users: '5 already, 2 synced',
      keys: '',
      arrived: { users: USERS },
    },
  },
  {
    when: 'the first key arrives under another number: no other is tried',
    given: (state, tool) => {
      // The highest number of both clusters: the tools count on from another one each.
      for (const hsm of destinationOf(state).hsms) hsm.keys.push({ ...sure(hsm.keys[0]), handle: 300_000 })
      tool.disturbKey(state, 262161, { do: 'new-handle' })
    },
    options: { scope: { users: { kind: 'all' }, keys: theKeys(262161, 262162) } },
    ends: {
      ...changed,
      state: 'partial',
      stop: 'canary-effect',
      users: '5 already, 2 synced',
      keys: '1 failed, 1 untried',
      named: ['key 262161: failed', 'key 262162: untried', 'key 300001: unexpected'],
      arrived: { users: USERS, keys: [300_001] },
    },
  },
]

describe.each(bothForms)('%s', (_form, tool, isLocked) => {
  // A real shell is killed in the same way whichever form its script came in.
  const scenarios = SCENARIOS.filter(({ bastion }) => !isLocked || bastion !== 'real')
  it.concurrent.each(scenarios.map((scenario) => [scenario.when, scenario] as const))('%s', (_when, scenario) =>
    expectEnd(tool, scenario, scenario.ends, isLocked),
  )
})
