import { spawnSync } from 'node:child_process'
import { CloudHSMV2Client, DescribeBackupsCommand, DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2'
import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import { ACCOUNT } from '../simulator/aws/policy.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { plantedPassword, twoClusters } from '../simulator/worlds.ts'

// AWS's own clients against the fake endpoints.

const instanceId = 'i-0123456789abcdef0'
let simulator: Simulator
let ssm: SSMClient

beforeEach(async () => {
  simulator = await startSimulator({ world: twoClusters({ pageSize: 1 }) })
  ssm = new SSMClient(clientOptions('us-east-1'))
})
afterEach(() => simulator.stop())

// client-cloudhsm-v2 3.332 does not read AWS_ENDPOINT_URL by itself.
function clientOptions(region: string) {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = simulator.environment()
  return { endpoint: simulator.aws.url, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 }
}

function order(script: string, changes: Partial<SendCommandCommandInput> = {}): SendCommandCommandInput {
  return {
    InstanceIds: [instanceId],
    DocumentName: 'AWS-RunShellScript',
    TimeoutSeconds: 30,
    Comment: 'hsm-sync 7Q2F.1',
    Parameters: { commands: script.split('\n'), executionTimeout: ['30'] },
    ...changes,
  }
}

async function send(script: string, changes: Partial<SendCommandCommandInput> = {}): Promise<string> {
  const { Command } = await ssm.send(new SendCommandCommand(order(script, changes)))
  return Command?.CommandId ?? ''
}

async function follow(commandId: string): Promise<GetCommandInvocationCommandOutput> {
  for (;;) {
    const found = await ssm
      .send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }))
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === 'InvocationDoesNotExist') return undefined
        throw error
      })
    if (found !== undefined && !['Pending', 'InProgress', 'Cancelling'].includes(found.Status ?? '')) return found
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

const run = async (script: string, changes: Partial<SendCommandCommandInput> = {}) =>
  follow(await send(script, changes))

describe('CloudHSM V2', () => {
  it('describes clusters per Region, filtered and in pages', async () => {
    const client = new CloudHSMV2Client(clientOptions('us-east-1'))
    const filter = { Filters: { clusterIds: ['cluster-2abcdefghij'] } }
    const { Clusters } = await client.send(new DescribeClustersCommand(filter))
    expect(Clusters).toMatchObject([
      {
        ClusterId: 'cluster-2abcdefghij',
        State: 'ACTIVE',
        HsmType: 'hsm1.medium',
        Hsms: [{ HsmId: 'hsm-2uuuuuuuuu1', EniIp: '10.0.1.7' }, { EniIpV6: '2001:db8::2:9' }],
      },
    ])
    const elsewhere = new CloudHSMV2Client(clientOptions('eu-west-1'))
    expect((await elsewhere.send(new DescribeClustersCommand(filter))).Clusters).toEqual([])
    const wrong = { Filters: { clusterIds: ['prod-us'] } }
    await expect(client.send(new DescribeClustersCommand(wrong))).rejects.toMatchObject({
      name: 'CloudHsmInvalidRequestException',
    })
  })

  it('returns small pages, whatever was asked for', async () => {
    simulator.world.update((state) => {
      for (const cluster of state.clusters) cluster.region = 'us-east-1'
    })
    const client = new CloudHSMV2Client(clientOptions('us-east-1'))
    const first = await client.send(new DescribeClustersCommand({ MaxResults: 25 }))
    const second = await client.send(new DescribeClustersCommand({ NextToken: first.NextToken ?? '' }))
    expect([...(first.Clusters ?? []), ...(second.Clusters ?? [])]).toHaveLength(2)
    expect(second.NextToken).toBeUndefined()
  })

  it('describes every cluster of a Region without a filter, with its tags', async () => {
    simulator.world.update((state) => {
      for (const cluster of state.clusters) cluster.tags = { Name: cluster.region }
    })
    const client = new CloudHSMV2Client(clientOptions('eu-west-1'))
    expect((await client.send(new DescribeClustersCommand({}))).Clusters).toMatchObject([
      { ClusterId: 'cluster-7klmnopqrst', TagList: [{ Key: 'Name', Value: 'eu-west-1' }] },
    ])
  })

  it('describes backups, the copied ones with their origin', async () => {
    const client = new CloudHSMV2Client(clientOptions('eu-west-1'))
    const { Backups } = await client.send(
      new DescribeBackupsCommand({ Filters: { backupIds: ['backup-2eucopy2222'] } }),
    )
    expect(Backups).toMatchObject([{ SourceCluster: 'cluster-2abcdefghij', SourceRegion: 'us-east-1' }])
    const unknown = new DescribeBackupsCommand({ Filters: { backupIds: ['backup-2nobody2222'] } })
    expect((await client.send(unknown)).Backups).toEqual([])
  })

  it('may lack the right to see the backups of a Region', async () => {
    simulator.world.update((state) => {
      state.backupsDenied = ['eu-west-1']
    })
    const ask = (region: string) => new CloudHSMV2Client(clientOptions(region)).send(new DescribeBackupsCommand({}))
    await expect(ask('eu-west-1')).rejects.toMatchObject({
      name: 'CloudHsmAccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    })
    expect((await ask('us-east-1')).Backups).toHaveLength(1)
  })

  it('shows clones with one certificate, unless the world says otherwise', async () => {
    const certificates = async () => {
      const found = ['us-east-1', 'eu-west-1'].map(async (region) => {
        const { Clusters } = await new CloudHSMV2Client(clientOptions(region)).send(new DescribeClustersCommand({}))
        return Clusters?.[0]?.Certificates?.ClusterCertificate
      })
      return await Promise.all(found)
    }
    const [one, other] = await certificates()
    expect(one).toMatch(/^-----BEGIN CERTIFICATE-----/)
    expect(other).toBe(one)
    simulator.world.update((state) => {
      for (const cluster of state.clusters) cluster.certificate = cluster.region === 'eu-west-1' ? null : 'another'
    })
    expect(await certificates()).toEqual(['another', undefined])
  })
})

describe('DescribeInstanceInformation', () => {
  const ids = async (...Filters: { Key: string; Values: string[] }[]) => {
    const { InstanceInformationList = [] } = await ssm.send(new DescribeInstanceInformationCommand({ Filters }))
    return InstanceInformationList.map((instance) => instance.InstanceId)
  }

  it('shows what is managed, by filters that all must hold', async () => {
    simulator.world.update(({ bastions }) => {
      bastions.push({ name: 'away', instanceId: 'i-0aaaaaaaaaaaaaaa1', region: 'us-east-1', ping: 'ConnectionLost' })
      bastions.push({ name: 'none', instanceId: 'i-0aaaaaaaaaaaaaaa2', region: 'us-east-1', ping: 'unmanaged' })
    })
    await expect(ids()).resolves.toEqual([instanceId, 'i-0aaaaaaaaaaaaaaa1'])
    const online = { Key: 'PingStatus', Values: ['Online'] }
    await expect(ids(online)).resolves.toEqual([instanceId])
    await expect(ids(online, { Key: 'InstanceIds', Values: ['i-0aaaaaaaaaaaaaaa1'] })).resolves.toEqual([])
  })

  it.each([
    { Key: 'PingStatus', Values: ['online'] },
    { Key: 'Ping', Values: ['Online'] },
  ])('refuses the filter %j', async (filter) => {
    await expect(ids(filter)).rejects.toMatchObject({ name: 'InvalidInstanceInformationFilterValue' })
  })
})

describe('Run Command', () => {
  it('really runs the script, in a shell of its own, with nothing on standard input', async () => {
    const script =
      '#!/bin/bash\ncat; echo "$BASH_VERSION $SSM_COMMAND_ID"; tty; env | cut -d= -f1 | sort | tr "\\n" " "'
    const commandId = await send(script)
    const missing = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId })
    await expect(ssm.send(missing)).rejects.toMatchObject({ name: 'InvocationDoesNotExist' })
    const result = await follow(commandId)
    expect(result).toMatchObject({ Status: 'Success', StatusDetails: 'Success', ResponseCode: 0 })
    expect(result.StandardOutputContent).toMatch(/^\d.*\nnot a tty\n/)
    expect(result.StandardOutputContent).toContain(commandId)
    expect(result.StandardOutputContent).not.toMatch(/VITEST|NODE_/)
    expect(simulator.aws.commands()[0]).toMatchObject({ executed: true, exitCode: 0 })
  })

  it('reads the exit code as the agent does', async () => {
    expect(await run('exit 3')).toMatchObject({ Status: 'Failed', StatusDetails: 'Failed', ResponseCode: 3 })
    expect(await run('exit 168')).toMatchObject({ Status: 'Success' })
    expect(await run('kill -9 $$')).toMatchObject({ Status: 'TimedOut', StatusDetails: 'Execution Timed Out' })
    expect(await run('exit 194')).toMatchObject({ Status: 'Failed' })
    expect(simulator.violations()).toHaveLength(3)
  })

  it('kills the whole process group at the end of the time', async () => {
    const started = Date.now()
    const result = await run('sleep 30', { Parameters: { commands: ['sleep 30'], executionTimeout: ['1'] } })
    expect(result).toMatchObject({ StatusDetails: 'Execution Timed Out', ResponseCode: 137 })
    expect(Date.now() - started).toBeLessThan(5000)
  })

  it('cancels', async () => {
    const commandId = await send('echo begun; sleep 30; echo never')
    await expect.poll(() => simulator.aws.commands()[0]?.status).toBe('InProgress')
    await ssm.send(new CancelCommandCommand({ CommandId: commandId }))
    expect(await follow(commandId)).toMatchObject({ Status: 'Cancelled' })
  })

  it('leaves what has left the process group to run on, as the agent does, until the simulator stops', async () => {
    // `timeout` makes a process group of its own.
    const commandId = await send('timeout 60 sleep 59')
    await expect.poll(() => simulator.aws.commands()[0]?.status).toBe('InProgress')
    await new Promise((resolve) => setTimeout(resolve, 100))
    await ssm.send(new CancelCommandCommand({ CommandId: commandId }))
    expect(await follow(commandId)).toMatchObject({ Status: 'Cancelled' })
    const session = String(simulator.aws.commands()[0]?.pid)
    expect(processesOf(session)).not.toBe('')
    await simulator.stop()
    await expect.poll(() => processesOf(session)).toBe('')
    simulator = await startSimulator({ world: twoClusters() })
  })

  it('cuts the output and says so', async () => {
    const result = await run('head -c 30000 /dev/zero | tr "\\0" x; head -c 9000 /dev/zero | tr "\\0" y >&2')
    expect(result.StandardOutputContent).toHaveLength(24_000)
    expect(result.StandardOutputContent).toMatch(/x--output truncated--$/)
    expect(result.StandardErrorContent).toHaveLength(8000)
    expect(simulator.aws.commands()[0]?.stdout).toHaveLength(30_000)
  })

  it('finds a command again by instance, document and time, with its comment and parameters', async () => {
    const before = new Date(Date.now() - 1000).toISOString()
    await run('true')
    await run('false', { Comment: 'hsm-sync 7Q2F.2' })
    const list = (after: string) =>
      ssm.send(
        new ListCommandsCommand({
          InstanceId: instanceId,
          MaxResults: 1,
          Filters: [
            { key: 'InvokedAfter', value: after },
            { key: 'DocumentName', value: 'AWS-RunShellScript' },
          ],
        }),
      )
    const page = await list(before)
    expect(page).toMatchObject({ Commands: [{ Comment: 'hsm-sync 7Q2F.2', Parameters: { commands: ['false'] } }] })
    expect(page.NextToken).toBeDefined()
    expect((await list(new Date(Date.now() + 60_000).toISOString())).Commands).toEqual([])
  })

  it.each([
    ['InvalidInstanceId', { InstanceIds: ['i-0000000000000000f'] }],
    ['InvalidDocument', { DocumentName: 'Other' }],
    ['UnsupportedPlatformType', { DocumentName: 'AWS-RunPowerShellScript' }],
    ['ValidationException', { Comment: 'x'.repeat(101) }],
    ['ValidationException', { TimeoutSeconds: 29 }],
    ['InvalidParameters', { Parameters: { commands: ['true'], timeout: ['1'] } }],
    ['InvalidParameters', { Parameters: { commands: ['echo {{ssm:x}}'] } }],
    ['InvalidParameters', { Parameters: { commands: ['true'], executionTimeout: ['0'] } }],
    ['MaxDocumentSizeExceeded', { Parameters: { commands: ['x'.repeat(33_000)] } }],
  ])('refuses with %s', async (name, changes) => {
    await expect(send('true', changes)).rejects.toMatchObject({ name })
    expect(simulator.aws.commands()).toHaveLength(0)
  })

  it('knows which instances are online', async () => {
    const describeInstances = () =>
      ssm.send(new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] }))
    expect((await describeInstances()).InstanceInformationList).toMatchObject([
      { PingStatus: 'Online', PlatformType: 'Linux' },
    ])
    setPing('ConnectionLost')
    expect((await describeInstances()).InstanceInformationList).toMatchObject([{ PingStatus: 'ConnectionLost' }])
    await expect(send('true')).rejects.toMatchObject({ name: 'InvalidInstanceId' })
    setPing('unmanaged')
    expect((await describeInstances()).InstanceInformationList).toEqual([])
  })
})

describe('faults', () => {
  it.each(['Delivery Timed Out', 'Undeliverable', 'Access Denied', 'Terminated', 'Invalid Platform'] as const)(
    '%s: shown, and not executed',
    async (statusDetails) => {
      simulator.aws.fault({ operation: 'SendCommand', statusDetails })
      expect(await run('echo executed')).toMatchObject({ StatusDetails: statusDetails, StandardOutputContent: '' })
      expect(simulator.aws.commands()[0]?.executed).toBe(false)
    },
  )

  it('executes and loses the answer; throttles; fails before the effect', async () => {
    const hit = async (rule: AwsFaultRule) => {
      simulator.aws.fault(rule)
      await expect(send('true')).rejects.toThrow()
      return simulator.aws.commands().length
    }
    expect(await hit({ operation: 'SendCommand', after: true })).toBe(1)
    expect(await hit({ operation: 'SendCommand', errorType: 'ThrottlingException', message: 'Rate exceeded' })).toBe(1)
    expect(await hit({ operation: 'SendCommand', status: 500 })).toBe(1)
    expect(await hit({ operation: 'SendCommand', unreachable: true })).toBe(1)
    await send('true')
    expect(simulator.aws.commands()).toHaveLength(2)
  })

  it('executes, and never hears of the end', async () => {
    simulator.aws.fault({ operation: 'SendCommand', agentDies: true })
    await send('echo done')
    await simulator.aws.commands()[0]?.finished
    expect(simulator.aws.commands()[0]).toMatchObject({ status: 'InProgress', executed: true, stdout: 'done\n' })
  })

  it('cuts the output anywhere', async () => {
    simulator.aws.fault({ operation: 'GetCommandInvocation', cut: 40 })
    expect((await run('seq 1 1000')).StandardOutputContent).toHaveLength(40)
  })
})

describe('the endpoint', () => {
  it('refuses what is not signed with its key', async () => {
    const stranger = new SSMClient({
      ...clientOptions('us-east-1'),
      credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
    })
    await expect(stranger.send(new SendCommandCommand(order('true')))).rejects.toThrow()
    expect(simulator.violations()).toHaveLength(1)
  })
})

describe('a policy', () => {
  const region = { StringEquals: { 'aws:RequestedRegion': ['us-east-1'] } }
  const allow = (Action: string, Resource: readonly string[]) =>
    ({ Effect: 'Allow', Action: [Action], Resource, Condition: region }) as const
  const document = 'arn:aws:ssm:us-east-1::document/AWS-RunShellScript'
  const instance = `arn:aws:ec2:us-east-1:${ACCOUNT}:instance/${instanceId}`
  const isDenied = { name: 'AccessDeniedException' }

  it('lets through what it names: action, document, instance, Region', async () => {
    simulator.aws.obey({
      Statement: [allow('ssm:SendCommand', [document, instance]), allow('ssm:ListCommands', ['*'])],
    })
    await expect(send('true')).resolves.toMatch(/./)
    await expect(ssm.send(new ListCommandsCommand({}))).resolves.toHaveProperty('Commands')
    expect(simulator.violations()).toEqual([])
  })

  it.each([
    ['another action', [allow('ssm:ListCommands', ['*'])]],
    ['another instance', [allow('ssm:SendCommand', [document, instance.replace(/.$/, '1')])]],
    ['another document', [allow('ssm:SendCommand', [document.replace('Shell', 'PowerShell'), instance])]],
    [
      'another Region',
      [{ ...allow('ssm:SendCommand', ['*']), Condition: { StringEquals: { 'aws:RequestedRegion': ['eu-west-1'] } } }],
    ],
  ])('refuses %s, and notes it', async (_, Statement) => {
    simulator.aws.obey({ Statement })
    await expect(send('true')).rejects.toMatchObject(isDenied)
    expect(simulator.violations()).toEqual([expect.stringContaining('the policy does not allow ssm:SendCommand on ')])
    expect(simulator.aws.commands()).toEqual([])
  })
})

describe('the AWS CLI on the bastion', () => {
  it('reads a secret and a parameter, and says what is denied or missing', async () => {
    const get = 'aws secretsmanager get-secret-value --query SecretString --output text --region us-east-1 --secret-id'
    const result = await run(
      `${get} hsm/crypto-officer\naws ssm get-parameter --with-decryption --query Parameter.Value --output text --name /hsm/crypto-officer`,
    )
    expect(result.StandardOutputContent?.match(new RegExp(plantedPassword, 'g'))).toHaveLength(2)
    expect((await run(`${get} other`)).StandardErrorContent).toContain('(ResourceNotFoundException)')
    simulator.world.update((state) => {
      state.secrets['hsm/crypto-officer'] = { denied: true }
    })
    const denied = await run(`${get} hsm/crypto-officer`)
    expect(denied).toMatchObject({ ResponseCode: 254 })
    expect(denied.StandardErrorContent).toContain('(AccessDeniedException)')
    expect(await run('aws s3 ls')).toMatchObject({ ResponseCode: 252 })
    expect(simulator.recordings()[0]?.argv).toContain('get-secret-value')
    expect(JSON.stringify(simulator.recordings())).not.toContain(plantedPassword)
  })

  it('can be missing, as any other tool', async () => {
    await simulator.stop()
    const bastion = { name: 'bare', instanceId, region: 'us-east-1', missingTools: ['aws', 'flock'] }
    simulator = await startSimulator({ world: twoClusters({ bastions: [bastion] }) })
    ssm = new SSMClient(clientOptions('us-east-1'))
    const result = await run('for tool in aws flock gzip bash; do command -v $tool >/dev/null && echo $tool; done')
    expect(result.StandardOutputContent).toBe('gzip\nbash\n')
  })
})

function processesOf(session: string): string {
  return spawnSync('ps', ['-o', 'pid=,stat=', '--sid', session])
    .stdout.toString()
    .split('\n')
    .filter((line) => !/Z/.test(line))
    .join('')
}

function setPing(ping: 'ConnectionLost' | 'unmanaged'): void {
  simulator.world.update((state) => {
    for (const bastion of state.bastions) bastion.ping = ping
  })
}
