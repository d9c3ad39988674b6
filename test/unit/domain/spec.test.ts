import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cluster, chooseHsms, type Hsm } from '../../../src/domain/cluster.ts'
import { canonicalJson, sha256 } from '../../../src/domain/digest.ts'
import {
  asHsmId,
  operationId,
  parseClusterId,
  parseDigest,
  parseRequestId,
  serverNumber,
} from '../../../src/domain/ids.ts'
import { covers } from '../../../src/domain/scope.ts'
import { differences, digestOf, type Spec, serversOf } from '../../../src/domain/spec.ts'
import { REQUEST_ID, spec, sure, target } from '../../fixtures/examples.ts'

/** Every place in a value where something stands, as a path. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  return Object.entries(value).flatMap(([name, part]) => leaves(part, [...path, name]))
}

function changedAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return typeof value === 'number' ? value + 1 : `${value}x`
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) }
  return Object.assign(copy, { [name]: changedAt(Reflect.get(copy, name), rest) })
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, part]) => [name, reversed(part)]),
  )
}

describe('the digest of a spec', () => {
  const whole = spec({ scope: { users: { kind: 'listed', items: ['jdoe'] }, keys: { kind: 'listed', items: [7] } } })

  it.each(leaves(whole).map((path) => [path.join('.'), path] as const))('changes with %s', (_, path) => {
    expect(digestOf(changedAt(whole, path) as Spec)).not.toBe(digestOf(whole))
  })

  it('does not depend on the order of keys', () => {
    expect(digestOf(reversed(whole) as Spec)).toBe(digestOf(whole))
  })

  it('changes when an HSM is added, goes away, or the order of HSMs changes', () => {
    const hsms = [[target(1)], [target(1), target(2), target(3)], [target(2), target(1)]]
    const digests = hsms.map((some) => digestOf(spec({ destination: { ...whole.destination, hsms: some } })))
    expect(new Set([...digests, digestOf(spec())]).size).toBe(4)
  })

  it('is 64 lower-case hex digits', () => expect(parseDigest(digestOf(whole))).toBe(digestOf(whole)))
})

describe('canonical JSON', () => {
  it('says the same as JSON, for any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, () => 1, 1n])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })
  it('leaves undefined out', () => expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}'))
})

describe('what an approver is told when a spec is stale', () => {
  const approved = spec()
  it.each([
    ['the destination HSMs or their ENI IPs', { destination: { ...approved.destination, hsms: [target(1)] } }],
    ['the source HSM or its ENI IP', { source: { ...approved.source, hsm: target(3) } }],
    ['the base config on the bastion', { baseConfig: '{}' }],
    ['the bastion script', { scriptDigest: sha256('another script') }],
    [
      'the bastion, its paths, its document or its credential reference',
      { bastion: { ...approved.bastion, workDir: '/tmp' } },
    ],
    ['the engine', { engine: 'cloudhsm-cli' as const }],
    ['the request itself', { mode: 'plan' as const }],
  ])('%s', (words, change) => {
    expect(differences(approved, spec(change))).toEqual([words])
  })
  it('nothing, when nothing changed', () => expect(differences(approved, spec())).toEqual([]))
})

describe('choosing HSMs', () => {
  const hsm = (id: string, changes: Partial<Hsm> = {}): Hsm => ({
    hsmId: asHsmId(`hsm-${id}`),
    state: 'ACTIVE',
    eniIp: `10.0.0.${id.charCodeAt(0)}`,
    ...changes,
  })
  const cluster = (hsms: readonly Hsm[], state = 'ACTIVE'): Cluster => {
    return { clusterId: sure(parseClusterId('cluster-2abcdefghij')), region: 'us-east-1', state, hsms }
  }
  const from = cluster([hsm('n'), hsm('m')])
  const two = cluster([hsm('b'), hsm('a')])

  it('takes the same HSMs in whatever order AWS lists them', () => {
    const once = chooseHsms(from, two, 'hsm')
    expect(chooseHsms(cluster(from.hsms.toReversed()), cluster(two.hsms.toReversed()), 'hsm')).toEqual(once)
    expect(once).toMatchObject({ source: { hsmId: 'hsm-m' }, destinations: [{ hsmId: 'hsm-a' }, { hsmId: 'hsm-b' }] })
  })
  it('leaves out, and names, what is not ACTIVE', () => {
    const chosen = chooseHsms(from, cluster([hsm('a'), hsm('c', { state: 'CREATE_IN_PROGRESS' })]), 'hsm')
    expect(chosen).toMatchObject({ leftOut: [{ hsmId: 'hsm-c', state: 'CREATE_IN_PROGRESS' }] })
  })
  it.each([
    ['no-active-hsm', cluster([]), two],
    ['no-active-hsm', from, cluster([hsm('a', { state: 'DEGRADED' })])],
    ['hsm-without-ip', from, cluster([hsm('a'), { hsmId: asHsmId('hsm-z'), state: 'ACTIVE' }])],
    ['same-address', cluster([hsm('a')]), two],
    ['same-address', from, cluster([hsm('a'), hsm('b', { eniIp: '10.0.0.97' })])],
  ])('refuses: %s', (code, source, destination) => {
    expect(chooseHsms(source, destination, 'hsm')).toMatchObject({ refused: { code } })
  })
  it.each([
    ['hsm-not-active', two, cluster([hsm('a'), hsm('c', { state: 'CREATE_IN_PROGRESS' })])],
    ['hsm-not-active', cluster([hsm('a'), hsm('c', { state: 'DEGRADED' })]), two],
    ['hsm-without-ip', cluster([hsm('a'), { hsmId: asHsmId('hsm-z'), state: 'ACTIVE' }]), two],
    ['same-address', cluster([hsm('m'), hsm('b')]), two],
  ])('an engine that works on whole clusters needs every HSM of both: %s', (code, source, destination) => {
    expect(chooseHsms(source, destination, 'cluster')).toMatchObject({ refused: { code } })
  })
  it('and gets all of the source', () => {
    expect(chooseHsms(from, two, 'cluster')).toMatchObject({ sources: [{ hsmId: 'hsm-m' }, { hsmId: 'hsm-n' }] })
  })
})

describe('ids', () => {
  it.each(['7q2f', ' 7Q2F ', '#7q2f'])('a request id is read as people type it: %s', (text) => {
    expect(parseRequestId(text)).toBe('7Q2F')
  })
  it('takes O for 0, and I and L for 1', () => expect(parseRequestId('7oil')).toBe('7011'))
  it.each(['', '7Q2', 'U7Q2', '7Q2F-1', '7Q2F7Q2F7Q2F7'])('no request id: %s', (text) => {
    expect(parseRequestId(text)).toBeUndefined()
  })
  it.each(['cluster-2abcdefghi', 'cluster-0abcdefghij', 'Cluster-2abcdefghij', 'cluster-2abcdefghij '])(
    'no cluster id: %s',
    (text) => expect(parseClusterId(text)).toBeUndefined(),
  )
  it.each([-1, 1.5, Number.NaN])('no server number: %s', (number) =>
    expect(() => serverNumber(number)).toThrow(RangeError),
  )
  it('an operation id names request and step', () => expect(operationId(REQUEST_ID, 3)).toBe('7Q2F.3'))
})

describe('scope', () => {
  it.each([
    [{ kind: 'all' }, true],
    [{ kind: 'none' }, false],
    [{ kind: 'listed', items: ['jdoe'] }, true],
    [{ kind: 'listed', items: ['app', 'bob'] }, false],
  ] as const)('%j covers jdoe: %s', (selection, does) => expect(covers<string>(selection, 'jdoe')).toBe(does))
  it('the servers of a spec are the source, then the destinations', () => {
    expect(serversOf(spec())).toEqual([target(0), target(1), target(2)])
  })
})
