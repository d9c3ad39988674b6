import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { openTerminal, type Terminal } from '../../src/commands/init/terminal.ts'
import { initCommand } from '../../src/commands/init.ts'
import { parseLandscape } from '../../src/config-file.ts'
import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import { plantedPassword, plantedPreCoPassword } from '../simulator/worlds.ts'
import { callsOf, simulated } from './aws-place.ts'

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const at = simulated()
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hsm-sync-init-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const clock = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
}

async function init(words: readonly string[], terminal?: Terminal): Promise<{ code: number; text: string }> {
  const lines: string[] = []
  const env = { AWS_ENDPOINT_URL: at().aws.url, AWS_REGION: 'us-east-1' }
  const world = { env, workingDirectory: folder, clock, openTerminal: terminal && (() => terminal) }
  const code = await initCommand(words, world, (line) => lines.push(line))
  return { code, text: lines.join('\n') }
}

const regions = ['--region', 'us-east-1', '--region', 'eu-west-1']
const slack = ['--channel', 'C0123456789', '--approver', 'U0AAAAAAA', '--approver-group', 'S0BBBBBBB']
const enough = [...regions, ...slack, '--secret', 'hsm/crypto-officer']

const written = (name = 'config.yml') => readFileSync(join(folder, name), 'utf8')
function landscape() {
  const parsed = parseLandscape(parse(written()))
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.landscape
}

/** Somebody who answers with these lines, and then goes away. */
function person(...answers: string[]): Terminal & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    ask: async (question) => {
      asked.push(question)
      return answers.shift()
    },
    close: () => undefined,
  }
}

describe('init with flags', () => {
  it('writes a config.yml that starts: source, destination and bastion from what AWS shows', async () => {
    at().world.update((state) => {
      for (const cluster of state.clusters) cluster.tags = { Name: `hsm-${cluster.region}` }
    })
    const { code, text } = await init(enough)
    expect(text).toMatch(
      /node dist\/main\.js manifest[\s\S]* iam [\s\S]*node dist\/main\.js doctor[\s\S]*main\.js: starts/,
    )
    expect(text).toContain('clone of hsm-us-east-1')
    expect(code).toBe(0)
    expect(landscape().routes).toMatchObject([
      {
        source: { alias: 'hsm-us-east-1', clusterId: 'cluster-2abcdefghij', region: 'us-east-1' },
        destination: { alias: 'hsm-eu-west-1', clusterId: 'cluster-7klmnopqrst', region: 'eu-west-1' },
        bastion: {
          instanceId: 'i-0123456789abcdef0',
          region: 'us-east-1',
          credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
        },
        channel: 'C0123456789',
        engine: 'auto',
        approvers: { users: ['U0AAAAAAA'], userGroups: ['S0BBBBBBB'] },
        required: 2,
      },
    ])
    expect(written()).toMatch(/engine: auto # .* today cmu \(hsm1\.medium to hsm1\.medium\)/)
    expect(readdirSync(folder).sort()).toEqual(['.env.example', 'config.yml'])
    for (const secret of [plantedPassword, plantedPreCoPassword])
      expect(text + written() + written('.env.example')).not.toContain(secret)
    expect(at().violations()).toEqual([])
  })

  it('takes the Region where a cluster has no name, one approval for one person, and a parameter', async () => {
    const one = ['--approver', 'U0AAAAAAA', '--channel', 'C0123456789', '--parameter', '/hsm/crypto-officer']
    await expect(init([...regions, ...one])).resolves.toHaveProperty('code', 0)
    expect(landscape().routes).toMatchObject([
      {
        source: { alias: 'us-east-1' },
        destination: { alias: 'eu-west-1' },
        bastion: { credentials: { source: 'ssm-parameter', id: '/hsm/crypto-officer' } },
        required: 1,
      },
    ])
  })

  it('goes through every page, and leaves out what is deleted', async () => {
    at().world.update((state) => {
      const [first] = state.clusters
      if (!first) throw new Error('no cluster')
      for (const letter of 'abc') {
        state.clusters.unshift({ ...first, clusterId: `cluster-${letter.repeat(11)}`, state: 'DELETED' })
      }
      state.pageSize = 1
      state.bastions.push({ name: 'other', instanceId: 'i-0123456789abcde69', region: 'eu-west-1' })
    })
    const { code, text } = await init([...enough, '--bastion', 'i-0123456789abcde69'])
    expect(code).toBe(0)
    expect(text).not.toContain('cluster-aaa')
    expect(callsOf(at(), 'DescribeClusters').filter(({ region }) => region === 'us-east-1')).toHaveLength(4)
    expect(landscape().routes).toMatchObject([{ bastion: { instanceId: 'i-0123456789abcde69', region: 'eu-west-1' } }])
  })

  it('says it where the bot would refuse these two today', async () => {
    at().world.update((state) => {
      for (const cluster of state.clusters) delete cluster.sourceBackupId
      const [first] = state.clusters
      if (first) first.state = 'MODIFY_IN_PROGRESS'
    })
    const { code, text } = await init([...enough, '--source', 'US-EAST-1', '--destination', 'cluster-7klmnopqrst'])
    expect(code).toBe(0)
    expect(text).toMatch(
      /are no clones[\s\S]*today the bot would refuse. Cluster cluster-2abcdefghij is MODIFY_IN_PROGRESS/,
    )
    expect(written()).toMatch(/engine: auto # .*today it refuses: cluster-migrating/)
  })
})

describe('init that cannot', () => {
  afterEach(() => expect(readdirSync(folder).filter((name) => name !== 'kept')).toEqual([]))

  it.each<[string, readonly string[], readonly string[]]>([
    ['everything', [], ['--region', '--source', '--destination', '--bastion', '--secret', '--channel', '--approver']],
    ['what Slack knows', [...regions, '--secret', 'hsm/crypto-officer'], ['--channel', '--approver']],
    ['the other Region', ['--region', 'us-east-1', ...enough.slice(4)], ['--source', '--destination']],
  ])('names %s that is missing, a line each', async (_, words, flags) => {
    const { code, text } = await init(words)
    expect(code).toBe(2)
    expect(text.match(/^--[a-z-]+(?= is missing: \w)/gm)).toEqual(flags)
  })

  it('names what could be meant where more than one could be', async () => {
    at().world.update((state) => {
      const [first, second] = state.clusters
      if (!first || !second) throw new Error('no clusters')
      state.clusters.push({ ...second, clusterId: 'cluster-7uvwxyzabcd' })
      state.bastions.push({ name: 'second', instanceId: 'i-0aaaaaaaaaaaaaaa1', region: 'eu-west-1' })
      state.bastions.push({
        name: 'third',
        instanceId: 'i-0aaaaaaaaaaaaaaa2',
        region: 'eu-west-1',
        platform: 'Windows',
      })
    })
    const { code, text } = await init(enough)
    expect(code).toBe(2)
    expect(text).toContain(
      '--destination is missing: found eu-west-1 (cluster-7klmnopqrst@eu-west-1), eu-west-1-2 (cluster-7uvwxyzabcd@eu-west-1)',
    )
    expect(text).toContain(
      '--bastion is missing: found i-0123456789abcdef0 (us-east-1), i-0aaaaaaaaaaaaaaa1 (eu-west-1), i-0aaaaaaaaaaaaaaa2 (eu-west-1)\n',
    )
    expect(text).toMatch(/i-0aaaaaaaaaaaaaaa2 +eu-west-1 +windows +third/)
    expect(text).not.toContain('--source is missing')
  })

  it('goes through all pages of the instances, and shows some', async () => {
    at().world.update((state) => {
      for (let number = 10; number < 70; number++) {
        state.bastions.push({ name: 'other', instanceId: `i-0123456789abcde${number}`, region: 'eu-west-1' })
        const away = { name: 'away', ping: 'ConnectionLost' as const, region: 'eu-west-1' }
        state.bastions.push({ ...away, instanceId: `i-0123456789abcdd${number}` })
      }
    })
    const { code, text } = await init(enough)
    expect(code).toBe(2)
    expect(text).toMatch(/--bastion is missing: found i-0123456789abcdef0 \(us-east-1\), .*and 41 more/)
    expect(text).not.toContain('abcdd')
    expect(callsOf(at(), 'DescribeInstanceInformation').filter(({ region }) => region === 'eu-west-1')).toHaveLength(2)
  })

  it.each<[string, readonly string[], RegExp]>([
    ['an unknown flag', ['--what'], /usage:/],
    ['two places of the secret', ['--secret', 'a', '--parameter', 'b'], /name one of them\nusage:/],
    ['a cluster that is not there', [...enough, '--source', 'prod'], /^--source: no such cluster; found us-east-1 \(/m],
    [
      'one cluster as both',
      [...enough, '--source', 'us-east-1', '--destination', 'us-east-1'],
      /^--destination: no such other/m,
    ],
    ['an instance that is not there', [...enough, '--bastion', 'i-0aaaaaaaaaaaaaaa1'], /^--bastion: .* online/m],
    ['a channel by name', [...enough, '--channel', '#hsm'], /^--channel: expected a channel id/m],
    ['a Region that is none', [...enough, '--region', 'Ohio'], /^--region: expected a Region/m],
    ['an approver by name', [...enough, '--approver', '@anna'], /^--approver: expected a user id/m],
    [
      'more approvals than people',
      [...regions, ...slack.slice(0, 4), '--secret', 'x', '--required', '2'],
      /^--required: only 1 can/m,
    ],
  ])('refuses %s', async (_, words, expected) => {
    const { code, text } = await init(words)
    expect(text).toMatch(expected)
    expect(code).toBe(2)
  })

  it('never repeats a password that was typed where its name belongs', async () => {
    const { code, text } = await init([...enough.slice(0, -1), `{"username":"admin","password":"${plantedPassword}"}`])
    expect(code).toBe(2)
    expect(text).toContain('never its value')
    expect(text).not.toContain(plantedPassword)
  })

  it.each<[string, AwsFaultRule, RegExp]>([
    [
      'denies clusters',
      { operation: 'DescribeClusters', errorType: 'CloudHsmAccessDeniedException', times: 99 },
      /AWS refuses access to CloudHSM in .*Needed: cloudhsm:DescribeClusters/,
    ],
    [
      'denies instances',
      { operation: 'DescribeInstanceInformation', errorType: 'AccessDeniedException', times: 99 },
      /AWS refuses access to Systems Manager/,
    ],
    [
      'throttles',
      { operation: 'DescribeClusters', errorType: 'ThrottlingException', times: 99 },
      /AWS throttles CloudHSM/,
    ],
    [
      'cannot be reached',
      { operation: 'DescribeClusters', unreachable: true, times: 99 },
      /CloudHSM in .* cannot be reached/,
    ],
    [
      'fails',
      { operation: 'DescribeClusters', errorType: 'CloudHsmInvalidRequestException', times: 99 },
      /CloudHSM in .* failed/,
    ],
  ])('says that AWS %s', async (_, fault, expected) => {
    at().aws.fault(fault)
    const { code, text } = await init(enough)
    expect(text).toMatch(expected)
    expect(code).toBe(1)
  })

  it('says that the folder is not there', async () => {
    const { code, text } = await init([...enough, '--out', 'nowhere'])
    expect(text).toMatch(/cannot be written: ENOENT.*Nothing was written/)
    expect(code).toBe(1)
  })
})

describe('files that are there', () => {
  it('are never overwritten: a second run refuses before it asks anything', async () => {
    await init(enough)
    const before = written()
    const calls = at().aws.calls.length
    const { code, text } = await init([...enough, '--required', '1'])
    expect({ code, calls: at().aws.calls.length }).toEqual({ code: 1, calls })
    expect(text).toMatch(/config\.yml and .*\.env\.example: already there/)
    expect(written()).toBe(before)
  })

  it.each(['config.yml', '.env.example'])('%s alone: the other one is not written either', async (name) => {
    writeFileSync(join(folder, name), 'mine')
    const { code, text } = await init(enough)
    expect(code).toBe(1)
    expect(text).toContain(`${name}: already there`)
    expect(readdirSync(folder)).toEqual([name])
    expect(written(name)).toBe('mine')
  })

  it('take back the first where the second appears meanwhile', async () => {
    const late = person('S0BBBBBBB', '')
    const ask = late.ask
    const busy: Terminal = {
      ...late,
      ask: (question) => {
        writeFileSync(join(folder, '.env.example'), 'mine')
        return ask(question)
      },
    }
    const given = [...regions, '--source', 'us-east-1', '--destination', 'eu-west-1', '--secret', 'x']
    const rest = ['--bastion', 'i-0123456789abcdef0', '--channel', 'C0123456789']
    await expect(init([...given, ...rest], busy)).resolves.toMatchObject({
      code: 1,
      text: expect.stringMatching(/EEXIST.*\.env\.example.*Nothing was written/),
    })
    expect(readdirSync(folder)).toEqual(['.env.example'])
    expect(written('.env.example')).toBe('mine')
  })
})

describe('init at a terminal', () => {
  it('asks for everything, proposes what is unambiguous, and asks again after a wrong answer', async () => {
    const anna = person(
      'us-east-1 eu-west-1',
      '',
      '',
      '',
      '',
      'parameter:/hsm/co',
      'hsm',
      'C0123456789',
      'U0AAAAAAA,S0BBBBBBB',
      '',
    )
    const { code, text } = await init([], anna)
    expect(text).toContain('expected a channel id')
    expect(code).toBe(0)
    expect(anna.asked.map((question) => /\[(.*)\]: $/.exec(question)?.[1] ?? 'none')).toEqual([
      'us-east-1',
      'us-east-1',
      'eu-west-1',
      'i-0123456789abcdef0',
      ...['none', 'none', 'none', 'none', 'none'],
      '2',
    ])
    expect(landscape().routes).toMatchObject([{ required: 2, bastion: { credentials: { id: '/hsm/co' } } }])
  })

  it('ends where the input ends, with nothing written', async () => {
    const { code, text } = await init(enough.slice(0, 4), person('us-east-1'))
    expect(code).toBe(1)
    expect(text).toContain('The input ended. Nothing was written.')
    expect(readdirSync(folder)).toEqual([])
  })

  it('reads lines, and sees the end of them', async () => {
    const input = new PassThrough()
    const terminal = openTerminal(input, new PassThrough())
    const first = terminal.ask('one? ')
    input.write(' yes \n')
    await expect(first).resolves.toBe('yes')
    const second = terminal.ask('two? ')
    input.end()
    await expect(second).resolves.toBeUndefined()
    await expect(terminal.ask('three? ')).resolves.toBeUndefined()
  })
})

it('is a command of the program: where nobody can be asked it says what is missing', () => {
  const env = { PATH: process.env.PATH ?? '', ...at().environment() }
  const { status, stdout } = spawnSync(process.execPath, [MAIN, 'init'], { cwd: folder, env, encoding: 'utf8' })
  expect(stdout).toMatch(/^--region is missing: /)
  expect(status).toBe(2)
})
