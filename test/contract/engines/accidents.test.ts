import { rmSync } from 'node:fs'
import { describe, it } from 'vitest'
import { sure } from '../../fixtures/examples.ts'
import {
  ALL_ARRIVED,
  changed,
  changePassword,
  type Expected,
  expectEnd,
  KEYS,
  keysBut,
  type Scenario,
  theKeys,
  USERS,
  untouched,
  usersOnly,
} from './scenario.ts'
import { bothTools } from './tools.ts'
import { destinationOf } from './truth.ts'

// Both engines, the same accidents: the same end with the same meaning. What is expected is written once.

const SCENARIOS: readonly (Scenario & { readonly ends: Expected })[] = [
  {
    when: 'the tool refuses one key',
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'fail' }),
    ends: {
      ...changed,
      state: 'partial',
      users: '5 already, 2 synced',
      keys: '10 already, 4 synced, 1 failed',
      named: ['key 262162: failed'],
      arrived: { users: USERS, keys: keysBut(262162) },
    },
  },
  {
    when: 'the tool refuses one user',
    given: (state, tool) => tool.disturbUser(state, 'crypto_user6', { do: 'fail' }),
    options: { scope: usersOnly },
    ends: {
      ...changed,
      state: 'partial',
      users: '5 already, 1 synced, 1 failed',
      keys: '',
      named: ['user crypto_user6: failed'],
      arrived: { users: ['crypto_user5'] },
    },
  },
  {
    when: 'the password is wrong on both clusters',
    given: (state) => state.clusters.map(changePassword),
    ends: { ...untouched, state: 'failed', stop: 'login-failed' },
  },
  {
    when: 'the password is wrong on the destination',
    given: (state) => changePassword(destinationOf(state)),
    ends: { ...untouched, state: 'failed', stop: 'login-failed' },
  },
  {
    when: 'the tool has gone since the request',
    meanwhile: ({ files }) => [files.binary, files.cli].map((tool) => rmSync(tool)),
    ends: { ...untouched, state: 'failed', stop: 'bastion-refused' },
  },
  {
    when: 'the tool hangs in the middle of a batch',
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'hang' }),
    ends: {
      ...changed,
      state: 'partial',
      stop: 'no-answer',
      users: '5 already, 2 synced',
      keys: '10 already, 3 synced, 1 failed, 1 untried',
      named: ['key 262162: failed', 'key 262163: untried'],
      arrived: { users: USERS, keys: [262159, 262160, 262161] },
    },
  },
  {
    when: 'the tool says success and does nothing for a key',
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'lie' }),
    ends: {
      ...changed,
      state: 'partial',
      users: '5 already, 2 synced',
      keys: '10 already, 4 synced, 1 failed',
      named: ['key 262162: failed'],
      arrived: { users: USERS, keys: keysBut(262162) },
    },
  },
  {
    when: 'the tool says success and does nothing for a user',
    given: (state, tool) => tool.disturbUser(state, 'crypto_user6', { do: 'lie' }),
    options: { scope: usersOnly },
    ends: {
      ...changed,
      state: 'partial',
      users: '5 already, 1 synced, 1 failed',
      keys: '',
      named: ['user crypto_user6: failed'],
      arrived: { users: ['crypto_user5'] },
    },
  },
  {
    when: 'the first key does not arrive: no other is tried',
    given: (state, tool) => tool.disturbKey(state, 262159, { do: 'lie' }),
    ends: {
      ...changed,
      state: 'partial',
      stop: 'canary-effect',
      users: '5 already, 2 synced',
      keys: '10 already, 1 failed, 4 untried',
      named: ['key 262159: failed', ...KEYS.slice(1).map((key) => `key ${key}: untried`)],
      arrived: { users: USERS },
    },
  },
  {
    when: 'the script is killed in the middle of a batch',
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'delay', ms: 20_000 }),
    killedAt: 262162,
    ends: {
      ...changed,
      state: 'partial',
      stop: 'lost',
      users: '5 already, 2 synced',
      keys: '10 already, 3 synced, 1 failed, 1 untried',
      named: ['key 262162: failed', 'key 262163: untried'],
      arrived: { users: USERS, keys: [262159, 262160, 262161] },
    },
  },
  {
    when: 'the login of the verification fails: nothing may be counted',
    given: (state, tool) => tool.failLastLogin(state),
    ends: {
      state: 'unknown',
      proof: 'none',
      stop: 'login-failed',
      wrote: true,
      users: '',
      keys: '',
      named: [...KEYS.map((key) => `key ${key}: unverified`), ...USERS.map((name) => `user ${name}: unverified`)],
      arrived: ALL_ARRIVED,
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

describe.each(bothTools)('$engine', (tool) => {
  it.concurrent.each(SCENARIOS.map((scenario) => [scenario.when, scenario] as const))('%s', (_when, scenario) =>
    expectEnd(tool, scenario, scenario.ends),
  )
})
