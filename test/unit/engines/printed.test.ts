import { describe, expect, it } from 'vitest'
import { operationId } from '../../../src/domain/ids.ts'
import { isAbout, parseBlock, statementOf } from '../../../src/engines/printed.ts'
import { OPERATION, REQUEST_ID, sure } from '../../fixtures/examples.ts'

function block(fields: Readonly<Record<string, string>>) {
  const lines = Object.entries({ operation: OPERATION, ...fields }).map(([name, value]) => `${name}=${value}`)
  return parseBlock(['-----BEGIN HSM-SYNC-----', ...lines, '-----END HSM-SYNC-----'].join('\n'))
}

describe('a block proves something about an operation', () => {
  it.each([
    ['its own session', { action: 'session', result: 'refused-busy', mark: 'none' }, { by: 'bastion', mark: 'none' }],
    [
      'its own, killed',
      { action: 'fetch', result: 'recorded', recorded: 'stopped-killed', mark: 'write' },
      { by: 'bastion', mark: 'write' },
    ],
    ['sealed', { action: 'fetch', result: 'sealed' }, { by: 'seal' }],
  ])('%s', (_, fields, statement) => expect(statementOf(sure(block(fields)), OPERATION)).toEqual(statement))

  it.each([
    ['it does not say how far it came', { action: 'session', result: 'stopped-silent' }],
    ['a mark that nobody knows', { action: 'session', result: 'stopped-silent', mark: 'maybe' }],
    [
      'its name was taken: another run of it may be going on',
      { action: 'session', result: 'refused-already-started', mark: 'none' },
    ],
    ['a look for it was refused: a full disk', { action: 'fetch', result: 'refused-state', mark: 'none' }],
    ['a look for it was refused: a program missing', { action: 'fetch', result: 'refused-tool-missing', mark: 'none' }],
    ['it is running', { action: 'fetch', result: 'running', mark: 'none' }],
    ['another action', { action: 'read-config', result: 'done', mark: 'none' }],
    ['a killed one whose record cannot be read', { action: 'fetch', result: 'recorded', recorded: 'stopped-killed' }],
  ])('but not where %s', (_, fields) => expect(statementOf(sure(block(fields)), OPERATION)).toBeUndefined())

  it('nor where it is about another one', () => {
    const other = operationId(REQUEST_ID, 2)
    expect(isAbout(sure(block({ action: 'session', result: 'done', mark: 'write' })), other)).toBe(false)
    expect(statementOf(sure(block({ action: 'fetch', result: 'sealed' })), other)).toBeUndefined()
  })

  it('and one that does not name its action is none', () => {
    expect(block({ result: 'done', mark: 'none' })).toBeUndefined()
    expect(block({ action: 'else', result: 'done', mark: 'none' })).toBeUndefined()
    expect(block({ action: 'fetch', result: 'recorded' })).toBeUndefined()
  })
})

it('what a block does not say is absent, not zero', () => {
  expect(block({ action: 'session', result: 'done', seconds: 'x', sent: '-1' })).toEqual({
    action: 'session',
    operation: OPERATION,
    result: 'done',
    detail: '',
  })
})
