import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as hsm from '@aws-sdk/client-cloudhsm-v2'
import * as ssm from '@aws-sdk/client-ssm'
import { webApi } from '@slack/bolt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Program, playProgram } from '../simulator/bin/played-program.mjs'
import { coverage } from '../simulator/coverage.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { methods } from '../simulator/slack/web-api.ts'
import { twoClusters } from '../simulator/worlds.ts'

// The matrix says what the simulator covers; here each line of it is tried.

let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator({ world: twoClusters(), seed: 3 })
})
afterAll(() => simulator.stop())

const names = (matrix: object, level: string) =>
  Object.entries(matrix).flatMap(([name, entry]) => (entry.level === level ? [name] : []))
const rows = (matrix: object) => Object.entries(matrix).map(([name, { level }]): [string, string] => [name, level])

describe('Slack', () => {
  it('has exactly the supported methods', () => {
    expect(Object.keys(methods).sort()).toEqual(names(coverage.slack, 'supported').sort())
  })

  it.each(rows(coverage.slack))('%s: %s', async (method, level) => {
    const environment = simulator.environment({ socketMode: true })
    const token = method.startsWith('apps.') ? environment.SLACK_APP_TOKEN : environment.SLACK_BOT_TOKEN
    const client = new webApi.WebClient(token, { slackApiUrl: simulator.slack.apiUrl, logLevel: webApi.LogLevel.ERROR })
    const error = await client.apiCall(method).then(
      () => 'none',
      (reason: unknown) => (reason instanceof webApi.WebAPIPlatformError ? reason.data.error : String(reason)),
    )
    expect(error === 'unknown_method').toBe(level === 'refused')
    expect(error).not.toMatch(/auth|token/)
  })
})

describe('AWS', () => {
  const instance = { InstanceId: 'i-0123456789abcdef0', CommandId: '00000000-0000-0000-0000-000000000000' }
  const calls: Record<keyof typeof coverage.awsSsm | keyof typeof coverage.awsCloudHsm, () => Promise<unknown>> = {
    SendCommand: () =>
      ssmClient().send(new ssm.SendCommandCommand({ DocumentName: 'None', InstanceIds: [instance.InstanceId] })),
    GetCommandInvocation: () => ssmClient().send(new ssm.GetCommandInvocationCommand(instance)),
    ListCommands: () => ssmClient().send(new ssm.ListCommandsCommand({})),
    CancelCommand: () => ssmClient().send(new ssm.CancelCommandCommand(instance)),
    DescribeDocument: () => ssmClient().send(new ssm.DescribeDocumentCommand({ Name: 'HsmSync' })),
    GetDocument: () => ssmClient().send(new ssm.GetDocumentCommand({ Name: 'HsmSync' })),
    GetCalendarState: () => ssmClient().send(new ssm.GetCalendarStateCommand({ CalendarNames: ['windows'] })),
    DescribeInstanceInformation: () => ssmClient().send(new ssm.DescribeInstanceInformationCommand({})),
    ListCommandInvocations: () => ssmClient().send(new ssm.ListCommandInvocationsCommand({})),
    StartSession: () => ssmClient().send(new ssm.StartSessionCommand({ Target: instance.InstanceId })),
    GetParameter: () => ssmClient().send(new ssm.GetParameterCommand({ Name: '/hsm/crypto-officer' })),
    DescribeClusters: () => hsmClient().send(new hsm.DescribeClustersCommand({})),
    DescribeBackups: () => hsmClient().send(new hsm.DescribeBackupsCommand({})),
    ListTags: () => hsmClient().send(new hsm.ListTagsCommand({ ResourceId: 'cluster-2abcdefghij' })),
    CreateHsm: () =>
      hsmClient().send(new hsm.CreateHsmCommand({ ClusterId: 'cluster-2abcdefghij', AvailabilityZone: 'us-east-1a' })),
    DeleteCluster: () => hsmClient().send(new hsm.DeleteClusterCommand({ ClusterId: 'cluster-2abcdefghij' })),
  }

  it.each(rows({ ...coverage.awsSsm, ...coverage.awsCloudHsm }))('%s: %s', async (operation, level) => {
    const call = Object.entries(calls).find(([name]) => name === operation)?.[1]
    if (call === undefined) throw new Error(`nothing tries ${operation}`)
    const error = await call().then(
      () => 'none',
      (reason: unknown) => (reason instanceof Error ? reason.name : String(reason)),
    )
    expect(error === 'UnknownOperationException').toBe(level === 'refused')
  })

  function options() {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = simulator.environment()
    return {
      endpoint: simulator.aws.url,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    }
  }
  const ssmClient = () => new ssm.SSMClient(options())
  const hsmClient = () => new hsm.CloudHSMV2Client(options())
})

// In this process, as simulator-programs.test.ts holds the tools to their programs.
function play(tool: Program, words: readonly string[], input = '') {
  const variables = {
    SIM_STATE: simulator.world.path,
    SIM_BASTION: 'by-hand',
    SIM_ETC: join(simulator.directory, 'etc'),
  }
  return playProgram(tool, { variables, words, input })
}

describe('cloudhsm_mgmt_util', () => {
  // A command that asks takes `quit` for an answer and leaves at the end of the input.
  function session(command: string): string {
    const config = simulator.bastionPaths('us-bastion').config
    const { status, stdout } = play('cloudhsm_mgmt_util', [config], `${command}\nquit\n`)
    expect(status).toBe(simulator.world.read().dialect.exitCode)
    return stdout
  }

  it('has exactly the supported commands', () => {
    const listed = session('help').match(/Commands: (.*)/)?.[1]
    expect(listed?.split(' ').sort()).toEqual(names(coverage.cmu, 'supported').sort())
  })

  it.each(rows(coverage.cmu))('%s: %s', (command, level) => {
    expect(session(command).includes(`Command not found: ${command}`)).toBe(level === 'refused')
  })
})

describe('cloudhsm-cli', () => {
  const run = (words: string) => {
    const { stdout, stderr } = play('cloudhsm-cli', words.split(' '))
    return stdout + stderr
  }

  it('has exactly the supported commands', () => {
    const listed = run('help').match(/Commands: (.*)/)?.[1]
    expect(listed?.split(', ').sort()).toEqual(names(coverage.cloudhsmCli, 'supported').sort())
  })

  it.each(rows(coverage.cloudhsmCli).filter(([command]) => command !== 'quit'))('%s: %s', (command, level) => {
    expect(run(command).includes('error: unrecognized subcommand')).toBe(level === 'refused')
  })
})

describe('configure-cli', () => {
  it.each(rows(coverage.configureCli))('%s: %s', (word, level) => {
    const { status, stderr } = play('configure-cli', [word])
    // There is no cluster that could be given an option.
    expect(status).toBe(word === '--disable-key-availability-check' ? 1 : 2)
    expect(/error: (unexpected argument|unrecognized)/.test(stderr)).toBe(level === 'refused')
  })
})

describe('the AWS CLI', () => {
  const complete: Record<string, readonly string[]> = {
    'secretsmanager get-secret-value': [
      '--secret-id',
      'hsm/crypto-officer',
      '--query',
      'SecretString',
      '--output',
      'text',
    ],
    'ssm get-parameter': [
      '--name',
      '/hsm/crypto-officer',
      '--with-decryption',
      '--query',
      'Parameter.Value',
      '--output',
      'text',
    ],
  }

  it.each(rows(coverage.awsCli))('%s: %s', (call, level) => {
    const { status } = spawnSync(join(simulator.binDirectory, 'aws'), [...call.split(' '), ...(complete[call] ?? [])])
    expect(status).toBe(level === 'supported' ? 0 : 252)
  })
})

describe('the simulator', () => {
  it('imports nothing from the product', () => {
    const root = new URL('../simulator', import.meta.url).pathname
    const files = execFileSync('find', [root, '-type', 'f', '-name', '*.*ts']).toString().trim().split('\n')
    expect(files.length).toBeGreaterThan(30)
    for (const file of files) expect(readFileSync(file, 'utf8')).not.toMatch(/from '(\.\.\/)+src\//)
  })
})
