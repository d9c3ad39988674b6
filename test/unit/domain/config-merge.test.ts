import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeConfig } from '../../../src/domain/config-merge.ts'
import { baseConfig, baseConfigWithout } from '../../fixtures/examples.ts'

const ADDRESSES = ['10.0.0.7', '10.0.1.7', '10.0.2.7']

function merged(base: string, addresses: readonly string[] = ADDRESSES): string {
  const result = mergeConfig(base, addresses)
  if (!('merged' in result)) throw new Error(`not merged: ${JSON.stringify(result)}`)
  return result.merged
}

describe('the merged config', () => {
  it('has one server per address, in order, the source first', () => {
    const { servers } = JSON.parse(merged(baseConfig()))
    expect(servers.map((server: { name: string }) => server.name)).toEqual(ADDRESSES)
    expect(servers.map((server: { hostname: string }) => server.hostname)).toEqual(ADDRESSES)
  })

  it('makes every server from the first one and forgets the others', () => {
    const file = JSON.parse(baseConfig({ port: 2223 }))
    file.servers.push({ ...file.servers[0], port: 9999, name: 'left-over' })
    const { servers } = JSON.parse(merged(JSON.stringify(file)))
    expect(servers.map((server: { port: number }) => server.port)).toEqual([2223, 2223, 2223])
    expect(merged(JSON.stringify(file))).not.toContain('left-over')
  })

  it('keeps unknown keys of the file and of the server, in their place', () => {
    const file = JSON.parse(
      merged(baseConfig({ vendor_field: [1, { a: null }] }, { loglevel: 'debug', x: { y: 'z' } })),
    )
    expect(Object.keys(file)).toEqual(['scard', 'servers', 'loglevel', 'x'])
    expect(file.x).toEqual({ y: 'z' })
    expect(file.servers[2].vendor_field).toEqual([1, { a: null }])
  })

  it('is two-space JSON that ends in a line feed', () => {
    expect(merged(`\uFEFF${baseConfig()}`).split('\n').slice(0, 2)).toEqual(['{', '  "scard": {'])
    expect(merged(baseConfig()).endsWith('}\n')).toBe(true)
  })

  it('does not depend on how the base file is indented or on a byte order mark', () => {
    const squeezed = JSON.stringify(JSON.parse(baseConfig()))
    expect(merged(squeezed)).toBe(merged(baseConfig()))
    expect(merged(`\uFEFF${squeezed}`)).toBe(merged(baseConfig()))
    expect(merged(baseConfig().replaceAll('\n', '\r\n'))).toBe(merged(baseConfig()))
  })

  it('takes an older file that keeps the owner certificate on the server entry', () => {
    const older = baseConfig({ e2e_encryption: undefined, owner_cert_path: '/opt/cloudhsm/etc/customerCA.crt' })
    expect(JSON.parse(merged(older)).servers[0].owner_cert_path).toBe('/opt/cloudhsm/etc/customerCA.crt')
  })

  it('takes CAfile where there is no CApath', () => {
    expect(merged(baseConfig({ CApath: '', CAfile: '/etc/ca.crt' }))).toContain('/etc/ca.crt')
  })
})

describe('a base file that cannot be used says why', () => {
  it.each([
    ['nothing', '', 'not-json'],
    ['a trailing comma', baseConfig().replace('"yes"\n', '"yes",\n').replace(/\}\n$/, ',}\n'), 'not-json'],
    ['a comment', `// made by hand\n${baseConfig()}`, 'not-json'],
    ['half a file', baseConfig().slice(0, 100), 'not-json'],
    ['a list', '[]', 'not-json'],
    ['null', 'null', 'not-json'],
    ['no servers', '{}', 'no-server'],
    ['an empty list of servers', '{"servers":[]}', 'no-server'],
    ['servers that are no list', '{"servers":{"0":{}}}', 'no-server'],
    ['a server that is no object', '{"servers":["10.0.0.7"]}', 'no-server'],
  ])('%s', (_, base, flaw) => {
    expect(mergeConfig(base, ADDRESSES)).toMatchObject({ flaw })
  })

  it.each([
    ['port', baseConfigWithout('port')],
    ['port', baseConfig({ port: '2225' })],
    ['port', baseConfig({ port: 0 })],
    ['certificate', baseConfigWithout('certificate')],
    ['pkey', baseConfig({ pkey: '' })],
    ['CApath', baseConfigWithout('CApath')],
    ['enable', baseConfig({ enable: 'no' })],
    ['enable', baseConfig({ enable: true })],
    ['enable', baseConfig({ enable: 'No' })],
    ['enable', baseConfigWithout('enable')],
    ['server_ssl', baseConfig({ server_ssl: 'no' })],
    ['server_ssl', baseConfig({ server_ssl: true })],
    ['e2e_encryption.enable', baseConfig({ e2e_encryption: { enable: true, owner_cert_path: '/a' } })],
    ['e2e_encryption.enable', baseConfig({ e2e_encryption: { owner_cert_path: '/a' } })],
    ['e2e_encryption.enable', baseConfig({ e2e_encryption: { enable: 'no', owner_cert_path: '/a' } })],
    ['e2e_encryption.owner_cert_path', baseConfigWithout('e2e_encryption')],
    ['e2e_encryption.owner_cert_path', baseConfig({ e2e_encryption: { enable: 'yes' } })],
  ])('a server entry without a usable %s names that field', (field, base) => {
    expect(mergeConfig(base, ADDRESSES)).toMatchObject({ flaw: 'field', field: `servers[0].${field}` })
  })
})

describe('for any base file', () => {
  // Keys that look like numbers move to the front of a JavaScript object: the order of those is not promised.
  const name = fc.string({ minLength: 1 }).filter((text) => !/^\d+$/.test(text) && text !== '__proto__')
  const extras = fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true })
  const base = fc.tuple(extras, extras).map(([server, file]) => {
    const { servers } = JSON.parse(baseConfig())
    return JSON.stringify({ ...file, servers: [{ ...server, ...servers[0] }] })
  })
  const addresses = fc.array(fc.ipV4(), { minLength: 1, maxLength: 5 })

  it('unknown keys keep their values', () => {
    fc.assert(
      fc.property(base, addresses, (text, ips) => {
        const before = JSON.parse(text)
        const after = JSON.parse(merged(text, ips))
        expect({ ...after, servers: [] }).toEqual({ ...before, servers: [] })
        expect(Object.keys(after)).toEqual(Object.keys(before))
        for (const server of after.servers)
          expect({ ...server, name: 0, hostname: 0 }).toEqual({ ...before.servers[0], name: 0, hostname: 0 })
      }),
    )
  })

  it('merging what was merged changes no byte', () => {
    fc.assert(
      fc.property(base, addresses, (text, ips) => {
        expect(merged(merged(text, ips), ips)).toBe(merged(text, ips))
      }),
    )
  })

  it('anything at all is answered, never thrown', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((servers) => `{"servers":[${servers}]}`),
    )
    fc.assert(
      fc.property(text, (any) => {
        expect(mergeConfig(any, ADDRESSES)).toBeTypeOf('object')
      }),
    )
  })
})
