import { describe, it } from 'vitest'
import {
  ALL_ARRIVED,
  changed,
  type Expected,
  expectEnd,
  KEYS,
  type Scenario,
  theKeys,
  USERS,
  usersOnly,
} from './scenario.ts'
import { bothTools } from './tools.ts'
import { destinationOf, giveKeys, giveUsers, sourceOf } from './truth.ts'

// Both engines, the same clusters, the same request: the same end with the same meaning. What is expected is written once.

const SCENARIOS: readonly (Scenario & { readonly ends: Expected })[] = [
  {
    when: 'nothing is missing',
    given: (state) => [giveUsers, giveKeys].map((give) => give(state)),
    ends: { state: 'succeeded', proof: 'before', wrote: false, users: '7 already', keys: '15 already' },
  },
  {
    when: 'users are missing',
    given: (state) => {
      for (const hsm of sourceOf(state).hsms) hsm.keys = hsm.keys.filter(({ handle }) => !KEYS.includes(handle))
    },
    ends: {
      ...changed,
      state: 'succeeded',
      users: '5 already, 2 synced',
      keys: '10 already',
      arrived: { users: USERS },
    },
  },
  {
    when: 'keys are missing',
    given: giveUsers,
    ends: { ...changed, state: 'succeeded', users: '7 already', keys: '10 already, 5 synced', arrived: { keys: KEYS } },
  },
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
    when: 'another key stands on the destination under a key’s number',
    given: (state, tool) => {
      for (const hsm of destinationOf(state).hsms)
        for (const key of hsm.keys) if (key.handle === 7) tool.changeMarks(key)
    },
    ends: {
      ...changed,
      state: 'partial',
      users: '5 already, 2 synced',
      keys: '9 already, 5 synced, 1 conflicts',
      named: ['key 7: conflict'],
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
  {
    when: 'it is only a plan',
    options: { mode: 'plan' },
    ends: { state: 'succeeded', proof: 'before', wrote: false, users: '5 already', keys: '10 already' },
  },
  {
    when: 'only users are asked for',
    options: { scope: usersOnly },
    ends: { ...changed, state: 'succeeded', users: '5 already, 2 synced', keys: '', arrived: { users: USERS } },
  },
  {
    when: 'only one key is asked for',
    options: { scope: { users: { kind: 'none' }, keys: theKeys(262162) } },
    ends: { ...changed, state: 'succeeded', users: '', keys: '1 synced', arrived: { keys: [262162] } },
  },
  {
    when: 'a key is asked for that the source does not have',
    options: { scope: { users: { kind: 'none' }, keys: theKeys(99) } },
    ends: {
      state: 'failed',
      proof: 'before',
      wrote: false,
      users: '',
      keys: '1 failed',
      named: ['key 99: unknown-on-source'],
    },
  },
]

describe.each(bothTools)('$engine', (tool) => {
  it.concurrent.each(SCENARIOS.map((scenario) => [scenario.when, scenario] as const))('%s', (_when, scenario) =>
    expectEnd(tool, scenario, scenario.ends),
  )
})
