import { describe, expect, it } from 'vitest'
import { awsClients } from '../../src/adapters/aws/clients.ts'
import { hsmDirectory } from '../../src/adapters/aws/hsm-directory.ts'
import { parseClusterId } from '../../src/domain/ids.ts'
import { freePort } from '../harness/bot-process.ts'
import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import { plantedPreCoPassword } from '../simulator/worlds.ts'
import { callsOf, type ScriptedAnswer, scripted, simulated } from './aws-place.ts'

const at = simulated()

function describeCluster(text: string, region: string, endpoint = at().aws.url) {
  const clusterId = parseClusterId(text)
  if (!clusterId) throw new Error(`no cluster id: ${text}`)
  return hsmDirectory(awsClients({ endpoint })).describe(clusterId, region)
}

const prodUs = () => describeCluster('cluster-2abcdefghij', 'us-east-1')

describe('what AWS says of a cluster', () => {
  it('arrives whole: ENI IP, IPv6, zone, subnet, state and type of every HSM', async () => {
    await expect(prodUs()).resolves.toEqual({
      clusterId: 'cluster-2abcdefghij',
      region: 'us-east-1',
      state: 'ACTIVE',
      hsmType: 'hsm1.medium',
      certificate: expect.stringMatching(/^[0-9a-f]{64}$/),
      hsms: [
        {
          hsmId: 'hsm-2uuuuuuuuu1',
          state: 'ACTIVE',
          hsmType: 'hsm1.medium',
          eniIp: '10.0.1.7',
          eniId: 'eni-10000107',
          availabilityZone: 'us-east-1a',
          subnetId: 'subnet-0aaa1111',
        },
        {
          hsmId: 'hsm-2uuuuuuuuu2',
          state: 'ACTIVE',
          hsmType: 'hsm1.medium',
          eniIp: '10.0.2.9',
          eniIpV6: '2001:db8::2:9',
          eniId: 'eni-10000209',
          availabilityZone: 'us-east-1b',
          subnetId: 'subnet-0aaa2222',
        },
      ],
    })
    expect(at().violations()).toEqual([])
  })

  it('is asked for in its own Region, by id', async () => {
    await expect(describeCluster('cluster-7klmnopqrst', 'eu-west-1')).resolves.toHaveProperty('region', 'eu-west-1')
    expect(callsOf(at(), 'DescribeClusters')).toMatchObject([
      { region: 'eu-west-1', input: { Filters: { clusterIds: ['cluster-7klmnopqrst'] } } },
    ])
  })

  it('never carries PreCoPassword further', async () => {
    const found = await prodUs()
    expect(JSON.stringify(at().aws.calls[0]?.output)).toContain(plantedPreCoPassword)
    expect(JSON.stringify(found)).not.toContain(plantedPreCoPassword)
  })

  it('has HSMs without an address as they are, and leaves deleted ones out', async () => {
    at().world.update((state) => {
      const [first, second] = state.clusters[0]?.hsms ?? []
      if (first) {
        first.state = 'CREATE_IN_PROGRESS'
        delete first.ip
      }
      if (second) second.state = 'DELETED'
    })
    const found = await prodUs()
    expect(found).toMatchObject({ hsms: [{ hsmId: 'hsm-2uuuuuuuuu1', state: 'CREATE_IN_PROGRESS' }] })
    expect(found).toHaveProperty('hsms.length', 1)
    expect(found).not.toHaveProperty('hsms.0.eniIp')
  })
})

describe('what AWS does not say', () => {
  it.each([
    ['an id nobody has', 'cluster-aaaaaaaaaaa', 'us-east-1'],
    ['a cluster of another Region', 'cluster-7klmnopqrst', 'us-east-1'],
  ])('%s is not found', async (_, cluster, region) => {
    await expect(describeCluster(cluster, region)).resolves.toEqual({
      kind: 'refusal',
      refused: { code: 'cluster-not-found', cluster, region },
    })
  })

  const always = { operation: 'DescribeClusters', times: 99 }
  it.each<[string, AwsFaultRule, string, 'once' | 'repeated']>([
    ['denied, and asked once', { ...always, errorType: 'CloudHsmAccessDeniedException' }, 'access-denied', 'once'],
    ['an unknown key, asked once', { ...always, errorType: 'UnrecognizedClientException' }, 'access-denied', 'once'],
    ['throttled for long', { ...always, errorType: 'ThrottlingException' }, 'throttled', 'repeated'],
    ['broken connections', { ...always, unreachable: true }, 'unreachable', 'repeated'],
    ['500 for long', { ...always, status: 500, errorType: 'CloudHsmInternalFailureException' }, 'failed', 'repeated'],
    ['a complaint about the request', { ...always, errorType: 'CloudHsmInvalidRequestException' }, 'failed', 'once'],
  ])('%s is its own refusal', async (_, fault, problem, tries) => {
    at().aws.fault(fault)
    await expect(prodUs()).resolves.toMatchObject({
      refused: { code: 'aws', problem, service: 'CloudHSM', region: 'us-east-1' },
    })
    // SDK 3.332 counts one attempt more than it is told.
    const { length } = callsOf(at(), 'DescribeClusters')
    expect(tries === 'once' ? [1] : [3, 4]).toContain(length)
  })

  it.each<[string, AwsFaultRule]>([
    ['throttling', { operation: 'DescribeClusters', times: 2, errorType: 'ThrottlingException' }],
    ['a broken connection', { operation: 'DescribeClusters', times: 2, unreachable: true }],
    ['a lost answer', { operation: 'DescribeClusters', after: true }],
    ['503', { operation: 'DescribeClusters', times: 2, status: 503 }],
  ])('survives a little %s', async (_, fault) => {
    at().aws.fault(fault)
    await expect(prodUs()).resolves.toHaveProperty('clusterId', 'cluster-2abcdefghij')
  })

  it('is unreachable when nobody listens', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    await expect(describeCluster('cluster-2abcdefghij', 'us-east-1', endpoint)).resolves.toMatchObject({
      refused: { code: 'aws', problem: 'unreachable' },
    })
  })
})

describe('answers the simulator is too well-behaved for', () => {
  const clusterId = 'cluster-2abcdefghij'
  const whole = { ClusterId: clusterId, State: 'ACTIVE', HsmType: 'hsm1.medium', Hsms: [], PreCoPassword: 'Planted1' }
  const json = (body: object): ScriptedAnswer => ({ body: JSON.stringify(body) })

  async function answered(answers: readonly ScriptedAnswer[]) {
    const endpoint = await scripted(answers)
    const found = await describeCluster(clusterId, 'us-east-1', endpoint.endpoint)
    await endpoint.close()
    return { found, asked: endpoint.asked() }
  }

  it('goes through empty pages, and stops where the cluster is', async () => {
    const page = (NextToken: string) => json({ Clusters: [], NextToken })
    const { found, asked } = await answered([page('a'), page('b'), json({ Clusters: [whole], NextToken: 'c' })])
    expect(found).toMatchObject({ clusterId, hsms: [] })
    expect(asked).toBe(3)
  })

  it('takes no other cluster for the one it asked for', async () => {
    const { found } = await answered([json({ Clusters: [{ ...whole, ClusterId: 'cluster-aaaaaaaaaaa' }] })])
    expect(found).toMatchObject({ refused: { code: 'cluster-not-found' } })
  })

  it('does not call a cluster unknown when the pages never end', async () => {
    const { found, asked } = await answered([json({ Clusters: [], NextToken: 'again' })])
    expect(found).toMatchObject({ refused: { code: 'aws', problem: 'failed' } })
    expect(asked).toBe(40)
  })

  it('says nothing of what it could not read', async () => {
    const { found } = await answered([json({ Clusters: [{ ...whole, Hsms: [{ HsmId: 7 }] }] })])
    expect(found).toMatchObject({ refused: { code: 'aws', problem: 'failed' } })
    expect(JSON.stringify(found)).not.toContain('Planted1')
    const half = await answered([{ body: JSON.stringify({ Clusters: [whole] }).slice(0, -9) }])
    expect(half.found).toMatchObject({ refused: { code: 'aws' } })
    expect(JSON.stringify(half.found)).not.toContain('Planted1')
  })
})
