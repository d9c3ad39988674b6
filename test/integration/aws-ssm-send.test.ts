import { describe, expect, it, vi } from 'vitest'
import { awsClients } from '../../src/adapters/aws/clients.ts'
import { ssmBastions } from '../../src/adapters/aws/ssm-bastion.ts'
import type { BastionFacts } from '../../src/domain/spec.ts'
import { freePort } from '../harness/bot-process.ts'
import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import { bastion, callsOf, scripted, simulated } from './aws-place.ts'

const at = simulated()
const call = { tool: 'cmu', data: {}, lines: ["set -- 'x y'", 'echo "$1"'] } as const
const order = { call, comment: 'hsm-sync 7Q2F.1', executionSeconds: 90 }

const bastions = (endpoint = at().aws.url) => ssmBastions(awsClients({ endpoint }))
const presence = (of: BastionFacts = bastion) => bastions().presence(of)
const send = (of: BastionFacts = bastion) => bastions().send(of, order)

describe('the presence of a bastion', () => {
  it.each(['Online', 'ConnectionLost', 'Inactive'] as const)('is SSM’s own word: %s', async (ping) => {
    at().world.update((state) => {
      for (const known of state.bastions) Object.assign(known, { ping })
    })
    await expect(presence()).resolves.toEqual({ ping, platform: 'Linux', agent: '3.3.3572.0' })
  })

  it('names the platform', async () => {
    at().world.update((state) => {
      for (const known of state.bastions) Object.assign(known, { platform: 'Windows' })
    })
    await expect(presence()).resolves.toEqual({ ping: 'Online', platform: 'Windows', agent: '3.3.3572.0' })
  })

  it.each([
    ['an instance SSM does not manage', { ...bastion, instanceId: 'i-0fedcba9876543210' }],
    ['an instance of another Region', { ...bastion, region: 'eu-west-1' }],
  ])('there is none for %s', async (_, other) => {
    await expect(presence(other)).resolves.toBeUndefined()
  })

  const always = { operation: 'DescribeInstanceInformation', times: 99 }
  it.each<[string, AwsFaultRule]>([
    ['access-denied', { ...always, errorType: 'AccessDeniedException' }],
    ['throttled', { ...always, errorType: 'ThrottlingException' }],
    ['unreachable', { ...always, unreachable: true }],
    ['failed', { ...always, status: 500, errorType: 'InternalServerError' }],
  ])('is refused when it cannot be told: %s', async (problem, fault) => {
    at().aws.fault(fault)
    await expect(presence()).resolves.toMatchObject({
      refused: { code: 'aws', problem, service: 'Systems Manager', region: 'us-east-1' },
    })
  })

  it('survives a little throttling', async () => {
    at().aws.fault({ ...always, times: 2, errorType: 'ThrottlingException' })
    await expect(presence()).resolves.toHaveProperty('ping', 'Online')
  })
})

describe('a command sent', () => {
  it('arrives as written: document, lines, comment and time limits', async () => {
    const sent = await send()
    const [command, ...others] = at().aws.commands()
    expect(sent).toEqual({ kind: 'sent', commandId: command?.commandId })
    expect(others).toEqual([])
    expect(callsOf(at(), 'SendCommand')).toMatchObject([
      {
        region: 'us-east-1',
        input: {
          DocumentName: 'AWS-RunShellScript',
          InstanceIds: [bastion.instanceId],
          Comment: order.comment,
          TimeoutSeconds: 120,
          Parameters: { commands: call.lines, executionTimeout: ['90'] },
        },
      },
    ])
    await command?.finished
    expect(command?.stdout).toBe('x y\n')
    expect(at().violations()).toEqual([])
  })

  it('is unsure when the answer was lost, although SSM has it', async () => {
    at().aws.fault({ operation: 'SendCommand', after: true })
    await expect(send()).resolves.toMatchObject({ kind: 'unsure' })
    expect(at().aws.commands()).toHaveLength(1)
  })

  it('is unsure when the connection broke before: from here both look alike', async () => {
    at().aws.fault({ operation: 'SendCommand', unreachable: true })
    await expect(send()).resolves.toMatchObject({ kind: 'unsure' })
    expect(at().aws.commands()).toEqual([])
  })

  it('is unsure when nobody listens', async () => {
    const sent = await bastions(`http://127.0.0.1:${await freePort()}`).send(bastion, order)
    expect(sent).toMatchObject({ kind: 'unsure', problem: expect.stringContaining('ECONNREFUSED') })
  })

  it.each([
    ['half an answer', { body: '{"Command":{"CommandId":"0e5b' }],
    ['an answer without a command', { body: '{}' }],
    ['a gateway’s 502', { status: 502, body: '<html>' }],
    ['a gateway’s 504', { status: 504, body: '' }],
    ['a proxy that gave up waiting, 408', { status: 408, body: '' }],
    ['a 403 of something on the way', { status: 403, body: '<html>Forbidden</html>' }],
    ['a 404 of a gateway', { status: 404, body: '' }],
  ])('is unsure after %s, and is not sent again', async (_, answer) => {
    const endpoint = await scripted([answer])
    const sent = await bastions(endpoint.endpoint).send(bastion, order)
    await endpoint.close()
    expect(sent).toMatchObject({ kind: 'unsure' })
    expect(endpoint.asked()).toBe(1)
  })

  it('never goes over a connection that was used before: it might be closed in that moment', async () => {
    const endpoint = await scripted([{ status: 200, body: '{"Command":{"CommandId":"c-1"}}' }])
    const twice = bastions(endpoint.endpoint)
    for (const _ of [1, 2]) expect(await twice.send(bastion, order)).toMatchObject({ kind: 'sent' })
    expect(endpoint.connections()).toBe(2)
    await endpoint.close()
  })

  const no = { kind: 'refused', again: false }
  it.each<[string, Partial<AwsFaultRule>, object]>([
    ['InvalidInstanceId', { errorType: 'InvalidInstanceId' }, no],
    ['access denied', { errorType: 'AccessDeniedException' }, no],
    ['an expired token', { errorType: 'ExpiredTokenException' }, no],
    ['throttling', { errorType: 'ThrottlingException' }, { ...no, again: true }],
    ['throttling with 429', { errorType: 'TooManyRequestsException', status: 429 }, { ...no, again: true }],
    ['500', { errorType: 'InternalServerError', status: 500 }, { kind: 'unsure' }],
    ['503', { errorType: 'ServiceUnavailable', status: 503 }, { kind: 'unsure' }],
    ['a broken connection', { unreachable: true }, { kind: 'unsure' }],
    ['a lost answer', { after: true }, { kind: 'unsure' }],
  ])('is tried exactly once, whatever SSM says: %s', async (_, fault, expected) => {
    at().aws.fault({ operation: 'SendCommand', ...fault })
    await expect(send()).resolves.toMatchObject(expected)
    // Had the SDK tried again, the fault would have been used up and the second would have gone through.
    expect(callsOf(at(), 'SendCommand')).toHaveLength(1)
  })

  it('without credentials it never left: nothing was sent, and it may be a little later', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials')
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config')
    const sent = await bastions().send(bastion, order)
    expect(sent).toMatchObject({ kind: 'refused', again: true, problem: expect.stringContaining('Credentials') })
    expect(callsOf(at(), 'SendCommand')).toEqual([])
  })

  it('is refused by SSM itself when the bastion is not online', async () => {
    at().world.update((state) => {
      for (const known of state.bastions) Object.assign(known, { ping: 'ConnectionLost' })
    })
    await expect(send()).resolves.toEqual({
      kind: 'refused',
      again: false,
      problem: expect.stringContaining('InvalidInstanceId'),
    })
  })
})
