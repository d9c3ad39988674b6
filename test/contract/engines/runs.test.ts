import { describe, it } from 'vitest'
import { ALL_ARRIVED, changed, type Expected, expectEnd, KEYS, type Scenario, USERS, usersOnly } from './scenario.ts'
import { bothForms } from './tools.ts'
import { destinationOf } from './truth.ts'

// Both engines, the same clusters, the same request: the same end with the same meaning. What is expected is written
// once.

const SCENARIOS: readonly (Scenario & { readonly ends: Expected })[] = [
  {
    when: 'users and keys are missing',
    ends: {
      ...changed,
      state: 'succeeded',
      users: '5 already, 2 synced',
      keys: '10 already, 5 synced',
      arrived: ALL_ARRIVED,
    },
  },
  {
    when: 'a user of the same name has another role on the destination',
    given: (state) => {
      for (const hsm of destinationOf(state).hsms)
        hsm.users.push({ id: 90, name: 'crypto_user5', type: 'CO', password: 'another-one', loginFailures: 0 })
    },
    options: { scope: usersOnly },
    ends: {
      ...changed,
      state: 'partial',
      users: '5 already, 1 synced, 1 conflicts',
      keys: '',
      named: ['user crypto_user5: conflict'],
      arrived: { users: ['crypto_user6'] },
    },
  },
  {
    when: 'the requester stops it after the users',
    options: { stopAsked: (steps) => steps.some(({ plan }) => plan.kind === 'sync-users' && plan.server !== 0) },
    given: (state) => {
      destinationOf(state).hsms.length = 1
    },
    ends: {
      ...changed,
      state: 'partial',
      users: '5 already, 2 synced',
      keys: '10 already, 5 untried',
      named: KEYS.map((key) => `key ${key}: untried`),
      arrived: { users: USERS },
    },
  },
]

describe.each(bothForms)('%s', (_form, tool, isLocked) => {
  it.concurrent.each(SCENARIOS.map((scenario) => [scenario.when, scenario] as const))('%s', (_when, scenario) =>
    expectEnd(tool, scenario, scenario.ends, isLocked),
  )
})
