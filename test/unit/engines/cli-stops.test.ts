import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import { type StepPlan, stopOf } from '../../../src/domain/step.ts'
import { cloudHsmCliEngine } from '../../../src/engines/cloudhsm-cli/index.ts'
import { failure, printed, success, transcript } from '../../fixtures/cli-session.ts'
import { wideSpec } from '../../fixtures/whole-clusters.ts'

const engine = cloudHsmCliEngine()
const INSPECT: StepPlan = { kind: 'inspect' }
const KEYS: StepPlan = { kind: 'sync-keys', server: serverNumber(1), handles: [7] }
const LOGIN = 'login --username admin --role admin --cluster-id cluster-2abcdefghij'

function stopFor(
  plan: StepPlan,
  records: readonly (readonly [string, string])[],
  changes: Parameters<typeof printed>[1],
) {
  return stopOf(engine.read(wideSpec(), plan, printed(transcript(records), changes)))
}

describe('why a session did not play to its end', () => {
  it.each([
    ['stopped-login', [LOGIN, failure('Authentication failed')], 'login-failed', `${LOGIN}: Authentication failed`],
    ['stopped-need', ['user list', failure('Not connected')], 'tool-refused', 'user list: Not connected'],
    ['stopped-failed', ['key replicate', failure('New words')], 'unknown-failure', 'key replicate: New words'],
    ['stopped-question', ['user list', 'Continue? (Y/N)'], 'question', 'user list: Continue? (Y/N)'],
    ['stopped-silent', ['user list', ''], 'no-answer', 'user list: the tool said nothing'],
    ['stopped-gone', ['user list', 'Segmentation fault'], 'no-answer', 'user list: Segmentation fault'],
    ['stopped-gone', ['user list', ''], 'no-answer', 'user list: the tool ended by itself'],
    ['stopped-time', ['key list', ''], 'no-answer', 'key list: the time for one step was used up'],
    [
      'stopped-state',
      ['user list', ''],
      'bastion-refused',
      'user list: it could not record any more what it does (is the disk full, or read only?), so it stopped at once',
    ],
    ['stopped-killed', ['user list', ''], 'lost', 'the step was killed on the bastion'],
    ['running', ['user list', ''], 'lost', 'the bastion said running'],
  ] as const)('%s', (result, record, code, detail) => {
    expect(stopFor(INSPECT, [record], { result })).toEqual({ code, detail })
  })

  it.each([
    ['a login that may have failed: the script said so', 'stopped-login', 'login', 'login-failed'],
    ['a login that was not tried, because others had failed', 'stopped-risk', 'login', 'login-risk'],
    ['the disk was full where a login was going on', 'stopped-state', 'login', 'login-unsure'],
    ['killed where a login was going on', 'stopped-killed', 'login', 'login-unsure'],
    ['killed later in the session', 'stopped-killed', 'write', 'lost'],
  ] as const)('%s, also where the transcript did not arrive', (_, result, mark, code) => {
    const stop = stopOf(engine.read(wideSpec(), KEYS, printed(undefined, { result, mark, detail: 'as it said' })))
    expect(stop?.code).toBe(code)
    if (code === 'login-risk') expect(stop?.detail).toBe('as it said')
  })

  it.each([
    ['killed in a process of its own: every one of them logs in', 'stopped-killed', 'login-unsure'],
    ['the time was used up: no other process was begun', 'stopped-time', 'no-answer'],
  ] as const)('%s', (_, result, code) => {
    const text = `${transcript([['key list', success({}), '0']])}key replicate\x1f`
    expect(stopOf(engine.read(wideSpec(), KEYS, printed(text, { result, mark: 'write' })))?.code).toBe(code)
  })

  it('before it said anything', () => {
    expect(stopFor(INSPECT, [], { result: 'stopped-gone' })?.detail).toBe('the tool ended by itself')
  })

  it('with no secret in it', () => {
    const record = [LOGIN, 'password: "hunter2hunter2"'] as const
    expect(stopFor(INSPECT, [record], { result: 'stopped-login' })?.detail).not.toContain('hunter2')
  })
})

describe('a step that never reached an HSM', () => {
  it.each([
    ['refused-busy', 'bastion-busy'],
    ['refused-credentials', 'credentials'],
    ['refused-configured-clusters', 'other-hsms'],
    ['refused-configured-hosts', 'other-hsms'],
    ['refused-configure', 'not-configured'],
    ['refused-tool-missing', 'bastion-refused'],
    ['refused-already-started', 'bastion-refused'],
  ] as const)('%s', (result, code) => {
    const refused = printed(undefined, { result, detail: 'as it said' })
    for (const plan of [INSPECT, KEYS]) {
      expect(engine.read(wideSpec(), plan, refused)).toMatchObject({
        kind: 'nothing',
        stop: { code, detail: expect.stringContaining('as it said') },
      })
    }
  })
})
