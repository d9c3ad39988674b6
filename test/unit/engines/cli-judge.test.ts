import { describe, expect, it } from 'vitest'
import { judge } from '../../../src/engines/cloudhsm-cli/answers.ts'
import { exchange, failure, replicated, success } from '../../fixtures/cli-session.ts'

const KEY = '0x0000000000300006'
// As documented (user guide, user replicate and key replicate).
const USER_DONE = `{"error_code":0,"data":{"user":{"username":"example-admin","role":"admin","locked":"false","mfa":[],"quorum":[],"cluster-coverage":"full"},"message":"Successfully replicated user"}}`
const KEY_DONE = `{"error_code":0,"data":{"key":{"key-reference":"0x0000000000300006","key-info":{},"attributes":{}},"message":"Successfully replicated key"}}`

function user(answer: string, status?: number, name = 'example-admin') {
  return judge('user', name, exchange('user replicate', answer, { status }))
}
function key(answer: string, status?: number) {
  return judge('key', KEY, exchange('key replicate', answer, { status }))
}

describe('a success', () => {
  it.each([undefined, 0])('is the documented answer, with exit status %s', (status) => {
    expect(user(USER_DONE, status)).toEqual({ verdict: 'success', said: 'Successfully replicated user' })
    expect(key(KEY_DONE, status)).toEqual({ verdict: 'success', said: 'Successfully replicated key' })
  })

  it('tells names in another case apart from other names', () => {
    expect(user(USER_DONE, 0, 'Example-Admin').verdict).toBe('success')
    expect(key(replicated('key', KEY.toUpperCase().replace('0X', '0x'))).verdict).toBe('success')
  })

  it.each([
    ['error code 0, but exit status 3', user(USER_DONE, 3)],
    ['another user', user(USER_DONE, 0, 'jdoe')],
    ['another key', key(replicated('key', '0x0000000000300007'))],
    ['no user in it', user(success({ message: 'Successfully replicated user' }))],
    ['no key in it', key(success({ message: 'Successfully replicated key' }))],
    ['another message', user(USER_DONE.replace('Successfully replicated', 'Successfully found'))],
    ['more than the message', key(KEY_DONE.replace('replicated key', 'replicated key on 1 of 3 connections'))],
    [
      'the message of a key for a user',
      user(success({ user: { username: 'example-admin', role: 'admin' }, message: 'Successfully replicated key' })),
    ],
    ['no message', user(success({ user: { username: 'example-admin', role: 'admin' } }))],
    ['text alone', user('Successfully replicated user')],
    ['an empty answer', user('')],
    ['half an answer', key(KEY_DONE.slice(0, -1))],
    ['two answers', key(`${KEY_DONE}\n${KEY_DONE}`)],
  ])('is nothing else: %s is unclear', (_, { verdict }) => {
    expect(verdict).toBe('unclear')
  })

  it('is not believed where the answer is not whole', () => {
    expect(judge('key', KEY, exchange('key replicate', KEY_DONE, { isWhole: false })).verdict).toBe('unclear')
  })
})

describe('a failure', () => {
  // AWS user guide 2026, troubleshooting of both commands.
  const REPAIR_SOURCE = 'repair the source cluster first'
  const COMPARE = 'compare both by hand'
  it.each([
    ['key', 'The selected key is not synchronized throughout the cluster', 'failure', REPAIR_SOURCE],
    ['key', 'Key replicate failed on 3 of 3 connections', 'failure', COMPARE],
    ['key', 'Key replicate failed on 1 of 1 connections', 'failure', COMPARE],
    ['key', 'Key replicate failed on 1 of 3 connections', 'incomplete', 'not on all of them'],
    ['user', 'Specified user is inconsistent across the cluster', 'failure', REPAIR_SOURCE],
    ['user', 'User replicate failed on 3 of 3 connections', 'failure', COMPARE],
    ['user', 'User replicate failed on 1 of 1 connections', 'failure', COMPARE],
    ['user', 'User replicate failed on 2 of 3 connections', 'incomplete', 'not on all of them'],
  ] as const)('%s: %s', (noun, words, verdict, advice) => {
    const found = noun === 'user' ? user(failure(words), 1) : key(failure(words), 1)
    expect(found.verdict).toBe(verdict)
    expect(found.said).toMatch(words)
    expect(found.said).toContain(advice)
  })

  it('is one whatever the exit status', () => {
    for (const status of [undefined, 0, 1, 3]) {
      expect(key(failure('Key replicate failed on 3 of 3 connections'), status).verdict).toBe('failure')
    }
  })

  it('that no manual explains is told in its own words, without advice', () => {
    expect(user(failure('Something else'), 1)).toEqual({ verdict: 'failure', said: 'Something else' })
  })

  it('is told with no secret in it', () => {
    expect(user(failure('CLOUDHSM_PIN=admin:hunter2hunter2 is wrong')).said).not.toContain('hunter2')
  })
})
