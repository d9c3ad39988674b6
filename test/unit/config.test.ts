import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type Config, ConfigError, loadConfig } from '../../src/config.ts'
import { parseLandscape } from '../../src/config-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type File = { clusters: object[]; bastions: object[]; routes: object[] }
function file(): File {
  return {
    clusters: [
      { alias: 'prod-us', clusterId: 'cluster-2abcdefghij', region: 'us-east-1' },
      { alias: 'prod-eu', clusterId: 'cluster-7klmnopqrst', region: 'eu-west-1' },
    ],
    bastions: [
      {
        name: 'us-bastion',
        instanceId: 'i-0123456789abcdef0',
        region: 'us-east-1',
        credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
      },
    ],
    routes: [route()],
  }
}
function route(changes: object = {}, approval: object = {}): object {
  const rule = { approvers: { users: ['U0AAAAAAA', 'U0BBBBBBB'] }, required: 2, ...approval }
  return {
    source: 'prod-us',
    destination: 'prod-eu',
    bastion: 'us-bastion',
    channel: 'C0123456789',
    approval: rule,
    ...changes,
  }
}

const ENV = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'shh' }
beforeEach(() => writeFileSync(join(folder, 'config.yml'), stringify(file())))

function load(env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ ...ENV, ...env }, folder)
}
function problems(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    loadConfig(env, folder)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
function wrong(raw: unknown): readonly string[] {
  const parsed = parseLandscape(raw)
  return 'problems' in parsed ? parsed.problems : []
}

describe('defaults are those of the design', () => {
  it('of the environment', () => {
    expect(load()).toMatchObject({
      port: 3000,
      metricsPort: undefined,
      databaseUrl: 'sqlite:data/bot.sqlite',
      logLevel: 'info',
      auditStream: undefined,
      host: undefined,
      awsEndpoint: undefined,
      slack: { mode: { kind: 'http', signingSecret: 'shh' }, apiUrl: undefined },
    })
  })
  it('of a bastion and a route', () => {
    const [found] = load().landscape.routes
    expect(found).toMatchObject({
      engine: 'auto',
      required: 2,
      expiresAfterMs: 8 * 3_600_000,
      bastion: {
        platform: 'linux',
        cmu: {
          binary: '/opt/cloudhsm/bin/cloudhsm_mgmt_util',
          config: '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg',
        },
        cli: {
          binary: '/opt/cloudhsm/bin/cloudhsm-cli',
          configure: '/opt/cloudhsm/bin/configure-cli',
          config: '/opt/cloudhsm/etc/cloudhsm-cli.cfg',
        },
        cryptoUsers: [],
        stateDir: '/var/lib/cloudhsm-sync',
        workDir: '/dev/shm',
      },
    })
  })
  it('the record is streamed where that is set', () => {
    expect(load({ AUDIT_STREAM: 'stdout' }).auditStream).toBe('stdout')
    expect(load({ AUDIT_STREAM: '' }).auditStream).toBeUndefined()
  })
  it('an app-level token means Socket Mode', () => {
    expect(load({ SLACK_APP_TOKEN: 'xapp-1' }).slack.mode).toEqual({ kind: 'socket', appToken: 'xapp-1' })
  })
  it.each(['30m', '8h', '2d'])('expiresAfter may be %s', (text) => {
    expect(wrong({ ...file(), routes: [route({}, { expiresAfter: text })] })).toEqual([])
  })
})

describe('an empty variable is an unset one', () => {
  it('takes the default', () => {
    expect(load({ PORT: '', LOG_LEVEL: '', DATABASE_URL: '', SLACK_APP_TOKEN: '', BOT_CONFIG: '', HOST: '' })).toEqual(
      load(),
    )
  })
  it('is missing where there is no default', () => {
    expect(problems({ SLACK_BOT_TOKEN: '', SLACK_SIGNING_SECRET: '' })).toHaveLength(2)
  })
})

describe('wrong settings', () => {
  it('are all named at once, those of the environment and those of the file', () => {
    const broken = file()
    broken.clusters[0] = { alias: 'prod us', clusterId: 'cluster-1', region: 'moon' }
    broken.routes[0] = route({ channel: '#general', typo: 1 })
    writeFileSync(join(folder, 'config.yml'), stringify(broken))
    const found = problems({
      SLACK_BOT_TOKEN: 'xoxp-1',
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      AUDIT_STREAM: 'stderr',
      DATABASE_URL: 'mysql://x',
      SLACK_API_URL: 'slack',
    })
    for (const part of [
      'AUDIT_STREAM expected stdout, or nothing at all',
      'SLACK_BOT_TOKEN',
      'SLACK_SIGNING_SECRET',
      'PORT',
      'LOG_LEVEL',
      'DATABASE_URL',
      'SLACK_API_URL',
    ]) {
      expect(
        found.filter((line) => line.startsWith(part)),
        part,
      ).toHaveLength(1)
    }
    for (const part of [
      'clusters[0].alias',
      'clusters[0].clusterId',
      'clusters[0].region',
      'routes[0].channel',
      'typo',
    ]) {
      expect(
        found.filter((line) => line.includes(part)),
        part,
      ).toHaveLength(1)
    }
  })

  it('stand one a line in the message, and show no token', () => {
    try {
      loadConfig({ SLACK_BOT_TOKEN: 'xoxp-very-secret-token' }, folder)
      expect.unreachable()
    } catch (error) {
      expect(String(error).split('\n')).toHaveLength(3)
      expect(String(error)).not.toContain('very-secret')
    }
  })

  it.each([
    ['no file', undefined, 'cannot be read (ENOENT)'],
    ['a file that is not YAML', 'a: [', 'is not YAML'],
    ['an empty file', '', 'the file'],
    ['a list', '- a', 'the file'],
  ])('%s', (_, text, words) => {
    rmSync(join(folder, 'config.yml'), { force: true })
    if (text !== undefined) writeFileSync(join(folder, 'config.yml'), text)
    expect(problems(ENV).join()).toContain(words)
  })
})

describe('METRICS_PORT', () => {
  it.each([
    ['another port', { METRICS_PORT: '9090' }, 9090],
    ['any free one, beside any free PORT', { METRICS_PORT: '0', PORT: '0' }, 0],
  ])('may be %s', (_, env, metricsPort) => {
    expect(load(env)).toMatchObject({ metricsPort })
  })
  it.each([
    ['PORT', { METRICS_PORT: '8080', PORT: '8080' }, 'is the same as PORT'],
    ["PORT's default", { METRICS_PORT: '3000' }, 'is the same as PORT'],
    ['no number', { METRICS_PORT: 'metrics' }, 'expected a port number'],
    ['beyond 65535', { METRICS_PORT: '65536' }, 'expected a port number'],
  ])('is wrong where it is %s', (_, env, words) => {
    expect(problems({ ...ENV, ...env })).toEqual([expect.stringMatching(new RegExp(`^METRICS_PORT .*${words}`))])
  })
})

describe('a rule that could never be met is wrong', () => {
  const cases: readonly [string, object[], string][] = [
    ['more approvals than people', [route({}, { required: 3 })], '3 approvals are required, but only 2 can approve'],
    [
      'the same person listed twice',
      [route({}, { approvers: { users: ['U0AAAAAAA', 'U0AAAAAAA'] } })],
      'only 1 can approve',
    ],
    ['nobody may approve', [route({}, { approvers: {} })], 'nobody may approve'],
    ['an unknown source', [route({ source: 'prod-uk' })], 'no cluster has the alias prod-uk'],
    ['an unknown destination', [route({ destination: 'prod-uk' })], 'no cluster has the alias prod-uk'],
    ['an unknown bastion', [route({ bastion: 'eu-bastion' })], 'no bastion has the name eu-bastion'],
    ['a cluster with itself', [route({ destination: 'PROD-US' })], 'source and destination are the same cluster'],
    ['the same route twice', [route(), route()], 'stands there twice'],
    ['the same route in another spelling', [route(), route({ source: 'PROD-US' })], 'stands there twice'],
  ]
  it.each(cases)('%s', (_, routes, words) => {
    expect(wrong({ ...file(), routes }).join('\n')).toContain(words)
  })

  it.each([
    ['alias', { alias: 'Prod-US', clusterId: 'cluster-3abcdefghij', region: 'us-east-1' }],
    ['cluster id', { alias: 'third', clusterId: 'cluster-2abcdefghij', region: 'us-east-1' }],
  ])('the same %s twice', (_, cluster) => {
    expect(wrong({ ...file(), clusters: [...file().clusters, cluster] }).join()).toContain('stands there twice')
  })

  it('an alias that is the id of another cluster would send people there', () => {
    const cluster = { alias: 'cluster-2ABCDEFGHIJ', clusterId: 'cluster-3abcdefghij', region: 'us-east-1' }
    expect(wrong({ ...file(), clusters: [...file().clusters, cluster] })).toEqual([
      'clusters[2].alias: cluster-2ABCDEFGHIJ is the id of clusters[0]',
    ])
  })

  it.each([
    [
      'a path of Windows on Linux',
      { stateDir: String.raw`C:\ProgramData\x` },
      'expected a path of linux, such as /opt/cloudhsm',
    ],
    [
      'a path of Linux on Windows',
      { platform: 'windows', cmu: { binary: '/opt/cmu' } },
      String.raw`bastions[0].cmu.binary: expected a path of windows, such as C:\ProgramData`,
    ],
  ])('%s', (_, settings, words) => {
    const [bastion, ...rest] = file().bastions
    expect(wrong({ ...file(), bastions: [{ ...bastion, ...settings }, ...rest] }).join()).toContain(words)
  })

  it('CloudHSM CLI is not for a Windows bastion, which has paths of its own', () => {
    const [bastion] = file().bastions
    const bastions = [{ ...bastion, platform: 'windows' }]
    expect(wrong({ ...file(), bastions, routes: [{ ...route(), engine: 'cloudhsm-cli' }] }).join()).toContain(
      'routes[0].engine: cloudhsm-cli needs a Linux bastion',
    )
    const parsed = parseLandscape({ ...file(), bastions, routes: [{ ...route(), engine: 'cmu' }] })
    expect('landscape' in parsed && parsed.landscape.routes[0]?.bastion).toMatchObject({
      platform: 'windows',
      cmu: {
        binary: String.raw`C:\Program Files\Amazon\CloudHSM\cloudhsm_mgmt_util.exe`,
        config: String.raw`C:\ProgramData\Amazon\CloudHSM\data\cloudhsm_mgmt_util.cfg`,
      },
      stateDir: String.raw`C:\ProgramData\hsm-sync`,
      workDir: String.raw`C:\ProgramData\hsm-sync\work`,
    })
  })

  it('a user group can hold any number of people', () => {
    const approvers = { userGroups: ['S0BBBBBBB'] }
    expect(wrong({ ...file(), routes: [route({}, { approvers, required: 5 })] })).toEqual([])
  })

  it.each(['0m', '31d', '8', '8 hours', '-1h'])('expiresAfter %s', (text) => {
    expect(wrong({ ...file(), routes: [route({}, { expiresAfter: text })] })).toHaveLength(1)
  })
})

it('settings cannot be changed by who reads them', () => {
  const { landscape } = load()
  expect(Object.isFrozen(landscape.routes[0]?.approvers.users)).toBe(true)
})

describe('who may ask, with which ticket, and whose members count', () => {
  const problemsOf = (changes: object, top: object = {}) => {
    const parsed = parseLandscape({ ...file(), routes: [route(changes)], ...top })
    return 'problems' in parsed ? parsed.problems : []
  }

  it('any full member of this workspace, with none, where nothing is said', () => {
    const parsed = parseLandscape(file())
    expect(parsed).toMatchObject({ landscape: { workspaces: [] } })
    expect(JSON.stringify(parsed)).not.toMatch(/requesters|ticket/)
  })

  it('as the settings say', () => {
    const given = { requesters: { userGroups: ['S0CCCCCCC'] }, ticket: 'CHG[0-9]{7}' }
    const parsed = parseLandscape({ ...file(), routes: [route(given)], workspaces: ['T0OTHER'] })
    expect(parsed).toMatchObject({
      landscape: {
        workspaces: ['T0OTHER'],
        routes: [{ requesters: { users: [], userGroups: ['S0CCCCCCC'] }, ticket: 'CHG[0-9]{7}' }],
      },
    })
  })

  it.each([
    [{ requesters: {} }, {}, 'routes[0].requesters: nobody may ask'],
    [{ requesters: { users: ['rita'] } }, {}, 'routes[0].requesters.users[0]: expected a user id'],
    [{ ticket: 'CHG[0-9' }, {}, 'routes[0].ticket: expected a regular expression'],
    [{ ticket: '' }, {}, 'routes[0].ticket'],
    [{}, { workspaces: ['acme'] }, 'workspaces[0]: expected a workspace id such as T0123ABCD'],
  ])('a wrong one is named: %j', (changes, top, problem) => {
    expect(problemsOf(changes, top).join('\n')).toContain(problem)
  })
})
