import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { operationId } from '../../../src/domain/ids.ts'
import { isAbout, parseBlock, statementOf } from '../../../src/engines/printed.ts'
import { RESULTS } from '../../../src/engines/results.ts'
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
    expect(block({ action: 'session', result: 'a word of next year', mark: 'none' })).toBeUndefined()
    expect(block({ action: 'session', result: 'toString', mark: 'none' })).toBeUndefined()
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

it('reads a block whose lines end as PowerShell ends them', () => {
  const text = ['-----BEGIN HSM-SYNC-----', 'action=session', 'operation=7Q2F.1', 'result=refused-input', 'mark=none']
  const block = parseBlock([...text, '-----END HSM-SYNC-----', ''].join('\r\n'))
  expect(block).toMatchObject({ operation: '7Q2F.1', result: 'refused-input', mark: 'none' })
})

it.each(['.sh', '.ps1'])('knows every result that the scripts print, and no other (%s)', (kind) => {
  const folder = fileURLToPath(new URL('../../../src/engines/', import.meta.url))
  const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(kind))
    .map((name) => readFileSync(join(folder, name), 'utf8').replace(/^\s*#.*$/gm, ''))
    .join('\n')
  const words = (pattern: RegExp) => [...scripts.matchAll(pattern)].map(([, word = '']) => word)
  const found = new Set([
    ...words(/\brefuse '?([a-z-]+)'?/g).map((word) => `refused-${word}`),
    ...words(/(?:\bstop='?|\bfail |\becho |:stop = '|\breturn ')([a-z]+)\b/g).map((word) => `stopped-${word}`),
    ...words(/\b(?:answer|conclude) '?([a-z-]+)(?:'? ["']|' \$)/g),
    ...words(/\b(stopped-[a-z]+|refused-[a-z-]+)\b/g),
  ])
  // Of the script itself: words of its own (`unsuited`, `unasked`) are another mode or another stop before it ends.
  // Windows runs one tool.
  const others = /^stopped-(failed|login|risk|time)$|^refused-(configure|configured-.*|namespace|version)$/
  const own = RESULTS.filter((result) => result !== 'sealed' && (kind === '.sh' || !others.test(result)))
  expect(own.filter((result) => !found.has(result))).toEqual([])
  const printed = [...found].filter((word) => !/^stopped-(unsuited|unasked|no|yes|on|taken|held)$/.test(word))
  expect(printed.filter((word) => !(RESULTS as readonly string[]).includes(word))).toEqual([])
})
