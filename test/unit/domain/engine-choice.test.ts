import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../src/domain/cluster.ts'
import { chooseEngine } from '../../../src/domain/engine-choice.ts'
import { cluster, clusterHsm, DESTINATION_ID, SOURCE_ID } from '../../fixtures/whole-clusters.ts'

const HSM1 = 'hsm1.medium'
const HSM2 = 'hsm2m.medium'
const MIGRATING = ['MODIFY_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'PENDING_ROLLBACK']

function source(changes: Partial<Cluster> = {}): Cluster {
  return cluster(SOURCE_ID, changes)
}
function destination(changes: Partial<Cluster> = {}): Cluster {
  return cluster(DESTINATION_ID, { region: 'eu-west-1', ...changes })
}
/** A cluster's type is its own word and that of each HSM. */
function of(hsmType: string): Partial<Cluster> {
  return { hsmType, hsms: [clusterHsm(1, { hsmType }), clusterHsm(2, { hsmType })] }
}
function untyped({ hsmType: _, ...rest }: Cluster): Cluster {
  return rest
}

describe('the engine for two clusters of one type each', () => {
  const cli = { engine: 'cloudhsm-cli' }
  const cmu = { engine: 'cmu' }
  const needsHsm1 = (name: string, hsmType: string) => ({
    refused: { code: 'wrong-hsm-type', cluster: name, hsmType },
  })
  const wrongWay = { refused: { code: 'type-direction', sourceType: HSM2, destinationType: HSM1 } }

  it.each([
    ['auto', HSM1, HSM1, cmu],
    ['auto', HSM1, HSM2, cli],
    ['auto', HSM2, HSM2, cli],
    ['auto', HSM2, HSM1, wrongWay],
    ['cmu', HSM1, HSM1, cmu],
    ['cmu', HSM1, HSM2, needsHsm1(DESTINATION_ID, HSM2)],
    ['cmu', HSM2, HSM2, needsHsm1(SOURCE_ID, HSM2)],
    ['cmu', HSM2, HSM1, wrongWay],
    ['cloudhsm-cli', HSM1, HSM1, cli],
    ['cloudhsm-cli', HSM1, HSM2, cli],
    ['cloudhsm-cli', HSM2, HSM2, cli],
    ['cloudhsm-cli', HSM2, HSM1, wrongWay],
    ['auto', 'hsm3.large', 'hsm3.large', cli],
    ['auto', HSM1, 'hsm3.large', cli],
    ['cmu', 'hsm3.large', 'hsm3.large', needsHsm1(SOURCE_ID, 'hsm3.large')],
    ['cmu', 'hsm1.large', 'hsm1.large', needsHsm1(SOURCE_ID, 'hsm1.large')],
  ] as const)('%s: from %s to %s', (setting, from, to, expected) => {
    expect(chooseEngine(setting, source(of(from)), destination(of(to)))).toMatchObject(expected)
  })

  it.each([
    ['auto', 'hsm-types'],
    ['cmu', 'route'],
    ['cloudhsm-cli', 'route'],
  ] as const)('%s: says that it was chosen by %s, and for which types', (setting, by) => {
    expect(chooseEngine(setting, source(of(HSM1)), destination(of(HSM1)))).toMatchObject({
      by,
      sourceType: HSM1,
      destinationType: HSM1,
    })
  })
})

describe('a type that AWS leaves out', () => {
  it('of every HSM is the type of the cluster', () => {
    expect(chooseEngine('auto', source(), destination())).toMatchObject({ engine: 'cmu', sourceType: HSM1 })
  })
  it('of the cluster is the type of its HSMs', () => {
    expect(chooseEngine('auto', untyped(source(of(HSM2))), destination(of(HSM2)))).toMatchObject({
      engine: 'cloudhsm-cli',
      sourceType: HSM2,
    })
  })
  it('of both is unknown, and never a reason for CMU', () => {
    const [from, to] = [untyped(source()), untyped(destination())]
    expect(chooseEngine('auto', from, to)).toMatchObject({ engine: 'cloudhsm-cli', sourceType: 'unknown' })
    expect(chooseEngine('cmu', from, to)).toMatchObject({
      refused: { code: 'wrong-hsm-type', cluster: SOURCE_ID, hsmType: 'unknown' },
    })
  })
})

describe('a cluster that is between two types is refused, whatever the route says', () => {
  const SETTINGS = ['auto', 'cmu', 'cloudhsm-cli'] as const
  const mixed = { hsms: [clusterHsm(1, { hsmType: HSM1 }), clusterHsm(2, { hsmType: HSM2 })] }

  it.each(SETTINGS)('%s: HSMs of two types', (setting) => {
    expect(chooseEngine(setting, source(mixed), destination())).toEqual({
      kind: 'refusal',
      refused: { code: 'mixed-hsm-types', cluster: SOURCE_ID, types: [HSM1, HSM2] },
    })
    expect(chooseEngine(setting, source(), destination(mixed))).toMatchObject({
      refused: { code: 'mixed-hsm-types', cluster: DESTINATION_ID },
    })
  })
  it.each(SETTINGS)('%s: every HSM of another type than the cluster itself', (setting) => {
    const other = { hsmType: HSM1, hsms: [clusterHsm(1, { hsmType: HSM2 }), clusterHsm(2, { hsmType: HSM2 })] }
    expect(chooseEngine(setting, source(other), destination())).toMatchObject({
      refused: { code: 'mixed-hsm-types', types: [HSM1, HSM2] },
    })
  })
  it('one HSM whose type nobody tells', () => {
    const half = untyped(source({ hsms: [clusterHsm(1, { hsmType: HSM1 }), clusterHsm(2)] }))
    expect(chooseEngine('auto', half, destination())).toMatchObject({
      refused: { code: 'mixed-hsm-types', types: [HSM1, 'unknown'] },
    })
  })

  it.each(SETTINGS.flatMap((setting) => MIGRATING.map((state) => [setting, state] as const)))(
    '%s: %s',
    (setting, state) => {
      expect(chooseEngine(setting, source({ state }), destination())).toEqual({
        kind: 'refusal',
        refused: { code: 'cluster-migrating', cluster: SOURCE_ID, state },
      })
      expect(chooseEngine(setting, source(), destination({ state }))).toEqual({
        kind: 'refusal',
        refused: { code: 'cluster-migrating', cluster: DESTINATION_ID, state },
      })
    },
  )
  it('is told so before anything about its types', () => {
    const both = source({ ...mixed, state: 'MODIFY_IN_PROGRESS' })
    expect(chooseEngine('auto', both, destination())).toMatchObject({ refused: { code: 'cluster-migrating' } })
  })
})

describe('a cluster that is not ACTIVE is refused', () => {
  it.each([
    'CREATE_IN_PROGRESS',
    'UNINITIALIZED',
    'INITIALIZE_IN_PROGRESS',
    'INITIALIZED',
    'UPDATE_IN_PROGRESS',
    'DELETE_IN_PROGRESS',
    'DELETED',
    'DEGRADED',
    'A_STATE_OF_NEXT_YEAR',
  ])('%s', (state) => {
    expect(chooseEngine('auto', source({ state }), destination())).toEqual({
      kind: 'refusal',
      refused: { code: 'cluster-not-active', cluster: SOURCE_ID, state },
    })
    expect(chooseEngine('cloudhsm-cli', source(), destination({ state }))).toEqual({
      kind: 'refusal',
      refused: { code: 'cluster-not-active', cluster: DESTINATION_ID, state },
    })
  })
})

it('from HSMs of the newer type to hsm1 nothing leads, and the sentence has both clusters and types', () => {
  expect(chooseEngine('auto', source(of(HSM2)), destination(of(HSM1)))).toEqual({
    kind: 'refusal',
    refused: {
      code: 'type-direction',
      source: SOURCE_ID,
      destination: DESTINATION_ID,
      sourceType: HSM2,
      destinationType: HSM1,
    },
  })
})
