import { describe, expect, it } from 'vitest'
import { normalized } from '../../../src/engines/cloudhsm-cli/made-config.ts'

const server = (hostname: string, more: object = {}) => ({ hostname, port: 2223, enable: true, ...more })
const cluster = (id: string, ...servers: readonly object[]) => ({
  type: 'hsm2m',
  cluster: { 'cluster-id': id, hsm_ca_file: '/opt/cloudhsm/etc/customerCA.crt', servers },
})
const file = (...clusters: readonly object[]) => ({ clusters, logging: { log_type: 'file', log_level: 'info' } })

const USUAL = file(cluster('a', server('10.0.0.7'), server('10.0.3.7')), cluster('b', server('10.0.1.7')))
const text = normalized(JSON.stringify(USUAL))

describe('the configuration that the tool made is always written the same way', () => {
  it.each([
    [
      'the servers in another order',
      file(cluster('a', server('10.0.3.7'), server('10.0.0.7')), cluster('b', server('10.0.1.7'))),
    ],
    ['the clusters in another order', { ...USUAL, clusters: USUAL.clusters.toReversed() }],
  ])('%s', (_, other) => {
    expect(normalized(JSON.stringify(other))).toBe(text)
  })
  it.each([0, 1, 4, '\t'])('in any layout (%s)', (indent) => {
    expect(normalized(`\n${JSON.stringify(USUAL, null, indent)}\n\n`)).toBe(text)
  })
  it('a second time it stays as it is', () => {
    expect(normalized(text ?? '')).toBe(text)
  })
})

describe('a configuration that differs in what it says is another', () => {
  it.each([
    ['another address', file(cluster('a', server('10.0.0.8'), server('10.0.3.7')), cluster('b', server('10.0.1.7')))],
    [
      'addresses that changed their clusters',
      file(cluster('a', server('10.0.1.7'), server('10.0.3.7')), cluster('b', server('10.0.0.7'))),
    ],
    [
      'ids that changed their addresses',
      file(cluster('b', server('10.0.0.7'), server('10.0.3.7')), cluster('a', server('10.0.1.7'))),
    ],
    [
      'another port',
      file(cluster('a', server('10.0.0.7', { port: 2224 }), server('10.0.3.7')), cluster('b', server('10.0.1.7'))),
    ],
    [
      'a server twice',
      file(cluster('a', server('10.0.0.7'), server('10.0.0.7'), server('10.0.3.7')), cluster('b', server('10.0.1.7'))),
    ],
    ['a field nobody knows', { ...USUAL, proxy: 'http://evil.example' }],
    ['another log level', { ...USUAL, logging: { log_type: 'file', log_level: 'trace' } }],
  ])('%s', (_, other) => {
    expect(normalized(JSON.stringify(other))).not.toBe(text)
  })
})

it('keeps what it does not know, and everything outside the clusters as it stands', () => {
  const odd = { ...USUAL, list: ['b', 'a'], 'new-field': { of: 'next year' } }
  expect(JSON.parse(normalized(JSON.stringify(odd)) ?? '')).toMatchObject({
    list: ['b', 'a'],
    'new-field': { of: 'next year' },
  })
})
