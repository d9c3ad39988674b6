import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../harness/bot-process.ts'
import { configFor, type Stage, startStage, until } from '../harness/stage.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'
import { repeatedSteps } from './repeated-steps.ts'

// The real bot process: how it starts, refuses to start, and ends.

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function onStage(options: Parameters<typeof startStage>[0] = {}): Promise<Stage> {
  const stage = await startStage(options)
  cleanups.push(() => stage.stop())
  return stage
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hsm-sync-start-'))
  cleanups.push(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Starts the bot and waits for its end; whatever still runs after two minutes is killed. */
function endOf(
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN], { cwd, env: { PATH: process.env.PATH ?? '', ...env } })
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    err += String(chunk)
  })
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, out, err })
    })
  })
}

describe('settings that cannot work', () => {
  it('end the start with one message that names every wrong field', async () => {
    const cwd = await folder()
    await writeFile(
      join(cwd, 'config.yml'),
      [
        'clusters:',
        '  - { alias: prod us, clusterId: cluster-1, region: us-east-1 }',
        '  - { alias: prod-eu, clusterId: cluster-7klmnopqrst, region: Ireland }',
        'bastions:',
        '  - { name: b, instanceId: server1, region: us-east-1, credentials: { source: env, id: x }, sttaeDir: /x }',
        'routes:',
        '  - { source: prod-us, destination: prod-eu, bastion: b, channel: general, approval: { approvers: {}, expiresAfter: soon } }',
      ].join('\n'),
    )
    const env = {
      SLACK_BOT_TOKEN: 'xoxp-1',
      PORT: 'http',
      DATABASE_URL: 'mysql://x',
      LOG_LEVEL: 'loud',
      AWS_ENDPOINT_URL: 'x',
    }
    const { code, out, err } = await endOf(env, cwd)
    expect(code).toBe(1)
    expect(out).toBe('')
    const lines = err.trim().split('\n')
    expect(lines[0]).toBe('The settings cannot work:')
    const fields = ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'PORT', 'DATABASE_URL', 'LOG_LEVEL', 'AWS_ENDPOINT_URL']
    const paths = [
      'clusters[0].alias',
      'clusters[0].clusterId',
      'clusters[1].region',
      'bastions[0].instanceId',
      'bastions[0].credentials.source',
      'sttaeDir',
      'routes[0].channel',
      'routes[0].approval.expiresAfter',
    ]
    for (const wanted of [...fields, ...paths]) expect(err).toContain(wanted)
    expect(lines).toHaveLength(1 + fields.length + paths.length)
    expect(err).not.toContain('xoxp-1')
    expect(err).not.toMatch(/\bat .*\.js:\d+/)
  })

  it('name a file that is not there', async () => {
    const { code, err } = await endOf({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'x' }, await folder())
    expect(code).toBe(1)
    expect(err).toContain('config.yml: cannot be read (ENOENT); BOT_CONFIG names the file')
  })
})

describe('a place where the bot cannot work', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await startStage()
  })
  afterAll(() => stage.stop())

  it('ends the start with the rules that nobody could ever meet', async () => {
    const cwd = await folder()
    const config = configFor(stage.simulator, { required: 9 })
      .replace(', userGroups: [S0BBBBBBB]', '')
      .replace('source: prod-us', 'source: prod-ux')
    await writeFile(join(cwd, 'config.yml'), config)
    const { code, err } = await endOf({ ...stage.env, BOT_CONFIG: 'config.yml' }, cwd)
    expect(code).toBe(1)
    expect(err).toContain('routes[0].source: no cluster has the alias prod-ux')
    expect(err).toContain('routes[0].approval.required: 9 approvals are required, but only 2 can approve')
  })

  it.each<[string, (stage: Stage) => Promise<Record<string, string>>, RegExp]>([
    [
      'Slack refuses the token',
      async () => ({ SLACK_BOT_TOKEN: 'xoxb-another-token' }),
      /could not start: Slack refuses SLACK_BOT_TOKEN \(invalid_auth\)/,
    ],
    [
      'the database does not answer',
      async () => ({ DATABASE_URL: `postgres://a:b@127.0.0.1:${await freePort()}/x` }),
      /could not start: .*(schema|ECONNREFUSED)/,
    ],
    ['the port is taken', async ({ env }) => ({ PORT: env.PORT ?? '' }), /could not start: .*EADDRINUSE/],
    [
      'another bot has the SQLite file',
      async ({ env }) => ({ DATABASE_URL: env.DATABASE_URL ?? '' }),
      /another process is using/,
    ],
  ])('ends the start with 1 and the reason: %s', async (_, changes, reason) => {
    const cwd = await folder()
    const env = { ...stage.env, PORT: String(await freePort()), DATABASE_URL: `sqlite:${join(cwd, 'bot.sqlite')}` }
    const { code, err } = await endOf({ ...env, HOST: '127.0.0.1', ...(await changes(stage)) }, cwd)
    expect(err).toMatch(reason)
    expect(code).toBe(1)
    expect(err).not.toContain('a:b@')
  })
})

describe('Slack that does not answer', () => {
  const ready = async (stage: Stage) => {
    const answer = await fetch(`${stage.bot.url}/readyz`)
    return { status: answer.status, body: await answer.json() }
  }

  it.each([
    ['HTTP', {}],
    ['Socket Mode', { socketMode: true }],
  ])('holds up neither the start nor the pages nor a run, and all is shown once it is back: %s', async (_, options) => {
    const stage = await onStage({ ...options, required: 1 })
    const { slack } = stage.simulator
    const card = await stage.ask()
    stage.simulator.aws.fault({ operation: 'DescribeClusters', delayMs: 1_500, times: 2 })
    await stage.approve(card, people.approver)
    await stage.cardWith('Approved')
    await stage.bot.stop('SIGKILL')
    slack.fault({ method: '*', unreachable: true, times: 1_000_000 })
    await stage.restart()
    await until(() => (stage.simulator.sessions().length > 3 ? true : undefined), 'the run to go on')
    await expect(ready(stage)).resolves.toMatchObject({
      status: 503,
      body: { ready: false, database: 'ok', slack: 'failed', why: { slack: expect.stringMatching(/reached|is down/) } },
    })
    await expect(fetch(`${stage.bot.url}/healthz`)).resolves.toHaveProperty('status', 200)
    slack.clearFaults()
    await expect(stage.finished(card)).resolves.toHaveProperty('text', expect.stringContaining('Succeeded'))
    await vi.waitFor(async () => expect(await ready(stage)).toMatchObject({ status: 200 }), {
      timeout: 60_000,
      interval: 500,
    })
    expect(repeatedSteps(stage)).toEqual([])
  })
})

describe('the end', () => {
  it('SIGINT ends it with 0, soon', async () => {
    const stage = await onStage()
    const started = performance.now()
    await expect(stage.bot.stop('SIGINT')).resolves.toBe(0)
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(stage.bot.log()).toContain('"stopped"')
  })

  it('SIGTERM lets what people asked for come to its answer', async () => {
    const stage = await onStage()
    stage.simulator.aws.fault({ operation: 'DescribeClusters', delayMs: 1_500 })
    await stage.simulator.slack.command(people.requester, channels.route, '/hsm-ips', 'prod-us')
    await expect(stage.bot.stop()).resolves.toBe(0)
    expect(
      stage.simulator.slack
        .ephemerals(people.requester)
        .map(({ text }) => text)
        .join(),
    ).toContain('prod-us')
  })

  it('SIGTERM ends it within 10 s although Slack hangs', async () => {
    const stage = await onStage()
    stage.simulator.slack.fault({ method: 'response_url', delayMs: 30_000 })
    await stage.simulator.slack.command(people.requester, channels.route, '/hsm-help', '')
    const started = performance.now()
    await stage.bot.stop()
    expect(performance.now() - started).toBeLessThan(11_000)
  })

  it('SIGTERM in the middle of a run ends it with 0, and the next start brings the run to its end, once', async () => {
    const stage = await onStage({ world: twoClusters({ latencyMs: { syncKey: 400 } }), required: 1 })
    const card = await stage.ask()
    await stage.approve(card, people.approver)
    await until(
      () =>
        stage.simulator.sessions().some(({ commands }) => commands.some((line) => line.startsWith('syncKey')))
          ? true
          : undefined,
      'the first syncKey',
    )
    const started = performance.now()
    await expect(stage.bot.stop()).resolves.toBe(0)
    expect(performance.now() - started).toBeLessThan(10_000)
    await stage.restart()
    await expect(stage.finished(card)).resolves.toHaveProperty('text', expect.stringContaining('Succeeded'))
    expect(repeatedSteps(stage)).toEqual([])
    expect(stage.simulator.violations()).toEqual([])
  })
})
