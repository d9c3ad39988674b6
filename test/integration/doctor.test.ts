import { rmSync, writeFileSync } from 'node:fs'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { openBeside } from '../../src/adapters/store/open-database.ts'
import { channels, people } from '../simulator/worlds.ts'
import { everythingSaid, examine, PASSWORD, type Planted, type Told, withCredentials } from './doctor-place.ts'

withCredentials()

describe('an installation in which all is well', () => {
  it('is told so, line by line: exit 0', async () => {
    const told = await examine()
    expect(told.lines.filter((line) => !/^ok {6}\S+: \S/.test(line))).toEqual([
      'not checked: whether Slack reaches this bot. When it runs, type /hsm-help in Slack: an answer shows that it does.',
      'All is well: 33 of 33 ok.',
    ])
    expect(told.code).toBe(0)
    expect(told.simulator.violations()).toEqual([])
  })

  it('is looked at by one command for the bastion, that says whose it is, and by nothing that writes', async () => {
    const { simulator } = await examine()
    const sent = simulator.aws.calls.filter(({ operation }) => operation === 'SendCommand')
    expect(sent.map(({ input }) => [input.Comment, input.DocumentName])).toEqual([
      ['hsm-sync doctor us-bastion', 'HsmSync-us'],
    ])
    expect([...new Set(simulator.slack.calls.map(({ method }) => method))].sort()).toEqual([
      'auth.test',
      'blocks.validate',
      'conversations.info',
      'usergroups.users.list',
      'users.info',
    ])
    expect([simulator.logins(), simulator.sessions()]).toEqual([[], []])
  })

  it('is told with --json as a list, and nothing beside', async () => {
    const { code, text } = await examine({}, ['--json'])
    const found: { check: string; about: string; state: string }[] = JSON.parse(text)
    expect([code, new Set(found.map(({ state }) => state))]).toEqual([0, new Set(['ok'])])
    expect(found).toContainEqual({ check: 'card', about: 'blocks.validate', state: 'ok' })
  })

  it('does without a locked document too, and says what that means: unwise, exit 0', async () => {
    const { code, text, simulator } = await examine({
      plain: true,
      change: ({ documents }) => delete documents['HsmSync-us'],
    })
    expect(code).toBe(0)
    expect(text).toContain(
      'unwise  settings: bastion us-bastion: has no locked document: whoever holds the role of the bot is root there.',
    )
    expect(text).toContain('ok      secret: us-bastion: hsm/crypto-officer')
    expect(simulator.violations()).toEqual([])
  })
})

const ONE = 'i-0123456789abcdef0'
const found = (findings: Readonly<Record<string, string>>): Planted => ({
  change: ({ bastions }) => Object.assign(bastions[0] ?? {}, { findings }),
})
const secret = (text: string): Planted => ({
  change: ({ secrets }) => {
    secrets['hsm/crypto-officer'] = text
  },
})
const bastionOf = (changes: object): Planted => ({
  world: { bastions: [{ name: 'us-bastion', instanceId: ONE, region: 'us-east-1', ...changes }] },
})
const sqlOn = (statement: string): Planted => ({
  prepare: async ({ file }) => {
    const { db } = await openBeside(`sqlite:${file}`, 'to write')
    await sql.raw(statement).execute(db)
    await db.destroy()
  },
})
const inChannel = (change: object): Planted => ({
  slack: ({ workspace }) => Object.assign(workspace.channels.get(channels.route) ?? {}, change),
})
const config = (from: string | RegExp, to: string): Planted => ({ config: (text) => text.replace(from, to) })
const flagged = (flags: Readonly<Record<string, boolean>>): Planted => ({
  slack: ({ workspace }) => workspace.users.set(people.approver, { id: people.approver, name: 'anna', flags }),
})

/** What is wrong, and the line that says so. */
const WRONG: readonly (readonly [string, Planted, string])[] = [
  // Slack
  [
    'a token that is none',
    { env: (env) => ({ ...env, SLACK_BOT_TOKEN: 'xoxb-another' }) },
    'wrong   slack-token: SLACK_BOT_TOKEN: Slack does not take my token any more (invalid_auth): who runs me must look. Take the bot token',
  ],
  [
    'a scope that is missing',
    { manifest: (text) => text.replace(/ +- files:write.*\n/, '') },
    'wrong   slack-scopes: the scopes of the bot token: missing: files:write. Take the manifest over again',
  ],
  [
    'an app-level token that is none',
    { env: (env) => ({ ...env, SLACK_APP_TOKEN: 'xapp-another' }) },
    'wrong   socket-mode: SLACK_APP_TOKEN: Slack does not take my token any more (invalid_auth): who runs me must look. Make an app-level token',
  ],
  [
    'a channel that is not there',
    config(channels.route, 'C0NOWHERE01'),
    'wrong   channel: C0NOWHERE01: the bot cannot see this channel. Is the id right?',
  ],
  [
    'an archived channel',
    inChannel({ isArchived: true }),
    'wrong   channel: C0123456789: #hsm-sync is archived. Unarchive it',
  ],
  [
    'a channel without the bot',
    config(channels.route, channels.withoutBot),
    'wrong   channel: C0NOBOT0001: the bot is not in #elsewhere. Type /invite @hsm-sync there.',
  ],
  [
    'a channel that another company reads',
    inChannel({ isExtShared: true }),
    'wrong   channel: C0123456789: #hsm-sync is shared with another company. End the sharing',
  ],
  [
    'a user group that is not there',
    config('S0BBBBBBB', 'S0NOBODY00'),
    'wrong   user-group: S0NOBODY00: Slack has no such user group (no_such_subteam).',
  ],
  [
    'a user group without members',
    { slack: ({ workspace }) => workspace.userGroups.set('S0BBBBBBB', []) },
    'wrong   user-group: S0BBBBBBB: the user group has no members. Add people',
  ],
  [
    'a guest as approver',
    flagged({ is_restricted: true }),
    'wrong   person: U0AAAAAAA: is a guest, so nothing counts that they do. Take them out',
  ],
  [
    'a deactivated approver',
    flagged({ deleted: true }),
    'wrong   person: U0AAAAAAA: is deactivated, so nothing counts that they do.',
  ],
  [
    'an approver who is not there',
    config(people.secondApprover, 'U0NOBODY00'),
    'wrong   person: U0NOBODY00: Slack shows me no such person (user_not_found).',
  ],
  [
    'too few who may approve',
    config('required: 2', 'required: 4'),
    'wrong   approvers: route prod-us → prod-eu: 4 must approve, and the list has 3 full members. Name more approvers',
  ],
  [
    'a card that Slack would not take',
    { slack: (slack) => slack.fault({ method: 'blocks.validate', error: 'invalid_message' }) },
    'wrong   card: blocks.validate: Slack would not take the card: invalid_message.',
  ],
  // AWS
  [
    'a cluster that is not there',
    config('cluster-7klmnopqrst', 'cluster-7nowhereaaa'),
    'wrong   cluster: prod-eu (cluster-7nowhereaaa, eu-west-1): AWS shows my own role no cluster cluster-7nowhereaaa in eu-west-1.',
  ],
  [
    'a cluster that is not ACTIVE',
    { change: ({ clusters }) => Object.assign(clusters[1] ?? {}, { state: 'DEGRADED' }) },
    'wrong   cluster: prod-eu (cluster-7klmnopqrst, eu-west-1): it is DEGRADED, not ACTIVE.',
  ],
  [
    'clusters that are no clones',
    { change: ({ clusters }) => delete clusters[1]?.sourceBackupId },
    'wrong   clones: route prod-us → prod-eu: the clusters are no clones',
  ],
  [
    'a bastion that Systems Manager does not know',
    bastionOf({ ping: 'unmanaged' }),
    'wrong   bastion: us-bastion (i-0123456789abcdef0): Bastion us-bastion (i-0123456789abcdef0) is not known to Systems Manager',
  ],
  [
    'a bastion that is away',
    bastionOf({ ping: 'ConnectionLost' }),
    'wrong   bastion: us-bastion (i-0123456789abcdef0): Bastion us-bastion (i-0123456789abcdef0) is not online',
  ],
  [
    'a bastion that runs something else than the settings say',
    { change: ({ bastions: [bastion] }) => bastion && Object.assign(bastion, { platform: 'Windows' }) },
    'wrong   bastion: us-bastion (i-0123456789abcdef0): Systems Manager says that bastion us-bastion runs Windows; its settings say platform: linux',
  ],
  [
    'an agent that is too old',
    bastionOf({ agentVersion: '3.3.2745.9' }),
    'wrong   ssm-agent: us-bastion: it is 3.3.2745.9; a locked document needs 3.3.2746.0 or newer. Update the SSM Agent there.',
  ],
  [
    'a document that is not there',
    { change: ({ documents }) => delete documents['HsmSync-us'] },
    'wrong   document: HsmSync-us for us-bastion: The SSM document HsmSync-us for bastion us-bastion is not there',
  ],
  [
    'a document that is another',
    config('id: hsm/crypto-officer', 'id: hsm/another'),
    'wrong   document: HsmSync-us for us-bastion: The SSM document HsmSync-us for bastion us-bastion holds something else',
  ],
  [
    'a calendar that is not there',
    { change: ({ calendars }) => delete calendars['hsm-windows'] },
    'wrong   calendar: hsm-windows (route prod-us → prod-eu): there is no such calendar. Make it',
  ],
  [
    'a role that may not send',
    { aws: (aws) => aws.fault({ operation: 'SendCommand', errorType: 'AccessDeniedException', status: 400 }) },
    'wrong   on-bastion: us-bastion: it refused to look: AccessDeniedException',
  ],
  // the bastion
  [
    'a program that is missing',
    bastionOf({ missingTools: ['flock'] }),
    'wrong   programs: us-bastion: programs: missing: flock. Install them there.',
  ],
  [
    'CMU that is missing',
    bastionOf({ missingTools: ['cloudhsm_mgmt_util'] }),
    '/cloudhsm_mgmt_util: is missing, or no program. Install Client SDK 3 there',
  ],
  [
    'no base config',
    bastionOf({ baseConfig: null }),
    '/cloudhsm_mgmt_util.cfg: is missing, or cannot be read. Install Client SDK 3',
  ],
  [
    'CloudHSM CLI that is missing',
    { ...bastionOf({ missingTools: ['cloudhsm-cli'] }), change: toHsm2m },
    '/cloudhsm-cli: is missing, or no program. Install Client SDK 5 there',
  ],
  [
    'CloudHSM CLI that is too old',
    { ...bastionOf({ clientSdk5: '5.14.0' }), change: toHsm2m },
    '/cloudhsm-cli: it is 5.14.0; 5.15 or newer is needed. Update Client SDK 5 there.',
  ],
  [
    'a work folder on a disk',
    found({ 'work-memory': 'is ext2/ext3' }),
    '/dev/shm: is ext2/ext3, no tmpfs: what is private would reach a disk. Name a tmpfs in workDir.',
  ],
  [
    'a work folder that takes nothing',
    found({ work: 'cannot be written' }),
    '/dev/shm: cannot be written. Name a writable tmpfs in workDir.',
  ],
  [
    'a state folder that takes nothing',
    found({ state: '/var/lib cannot be written' }),
    'cloudhsm-sync: /var/lib cannot be written. Make it writable for root.',
  ],
  ['a full disk', found({ 'state-free': 'is 3 MB' }), 'cloudhsm-sync: the free space is 3 MB. Make room'],
  ['a clock that is wrong', found({ clock: '1700000000' }), 'wrong   clock: us-bastion: clock: it is '],
  [
    'a secret that is not there',
    { change: ({ secrets }) => delete secrets['hsm/crypto-officer'] },
    'wrong   secret: us-bastion: hsm/crypto-officer: hsm/crypto-officer: An error occurred (ResourceNotFoundException)',
  ],
  [
    'a secret without a user name',
    secret(JSON.stringify({ password: PASSWORD })),
    'wrong   secret: us-bastion: hsm/crypto-officer: the secret hsm/crypto-officer needs a "username"',
  ],
  [
    'a password that is too short',
    secret('{"username":"admin","password":"abc"}'),
    'wrong   secret: us-bastion: hsm/crypto-officer: the secret hsm/crypto-officer needs a "password" of 7 to 64',
  ],
  [
    'an HSM that cannot be reached',
    { change: ({ clusters }) => Object.assign(clusters[1]?.hsms[1]?.faults ?? {}, { refuse: true }) },
    'wrong   hsm-ports: us-bastion → 10.8.2.6 (prod-eu): port 2223: does not answer in 3 seconds',
  ],
  // the database
  [
    'a database of a newer version',
    sqlOn("insert into kysely_migration values ('099-later', '2030-01-01')"),
    ': it is of a newer version (099-later). Run the version',
  ],
  [
    'a database of an older version',
    sqlOn("delete from kysely_migration where name = '005-brake'"),
    ': it is of an older version (without 005-brake). Back it up',
  ],
  [
    'a database that is none',
    { prepare: ({ file }) => writeFileSync(file, 'no database at all, only words') },
    'it cannot be read: ',
  ],
]

function toHsm2m({ clusters }: Parameters<NonNullable<Planted['change']>>[0]): void {
  for (const cluster of clusters) {
    cluster.hsmType = 'hsm2m.medium'
    for (const hsm of cluster.hsms) hsm.hsmType = 'hsm2m.medium'
  }
}

/** Doctor's own limits are short: a machine that is too busy for them shows nothing, and is asked again. */
async function examineInTime(planted: Planted): Promise<Told> {
  for (let tries = 1; ; tries++) {
    const told = await examine(planted)
    if (tries === 3 || !told.lines.some((one) => /: no answer in [\d.]+ seconds/.test(one))) return told
  }
}

describe('an installation in which one thing is wrong', () => {
  it.concurrent.each(WRONG)('%s: exit 1, and a line that says what and how to mend it', async (_, planted, line) => {
    const told = await examineInTime(planted)
    expect(told.text).toContain(line)
    expect(told.lines.find((one) => one.includes(line))).toMatch(/^wrong/)
    expect(told.code).toBe(1)
    expect(everythingSaid(told)).not.toContain(PASSWORD)
  })
})

/** What could not be looked at is never ok. */
const UNKNOWN: readonly (readonly [string, Planted, string])[] = [
  [
    'Slack is away',
    { slack: (slack) => slack.fault({ method: '*', unreachable: true, times: 99 }) },
    'unknown channel: C0123456789: Slack could not be reached',
  ],
  [
    'Slack tells no scopes',
    { slack: (slack) => slack.fault({ method: 'auth.test', status: 500 }) },
    'unknown slack-scopes: the scopes of the bot token: Slack did not tell them.',
  ],
  [
    'Slack takes its time',
    { slack: (slack) => slack.fault({ method: 'conversations.info', delayMs: 9_000 }) },
    'unknown channel: C0123456789: no answer in 8 seconds.',
  ],
  [
    'CloudHSM fails',
    {
      aws: (aws) =>
        aws.fault({
          operation: 'DescribeClusters',
          errorType: 'CloudHsmInternalFailureException',
          status: 400,
          times: 99,
        }),
    },
    'unknown clones: route prod-us → prod-eu: AWS did not describe both clusters.',
  ],
  [
    'the bastion says less than it should',
    found({ 'secret.1': '' }),
    'unknown secret: us-bastion: hsm/crypto-officer: the bastion did not say.',
  ],
  [
    'the answer of the bastion is cut',
    { aws: (aws) => aws.fault({ operation: 'GetCommandInvocation', cut: 200, times: 99 }) },
    'unknown on-bastion: us-bastion: it did not answer: ',
  ],
  [
    'the bastion never answers',
    { aws: (aws) => aws.fault({ operation: 'SendCommand', agentDies: true }) },
    'unknown bastion: us-bastion: no answer in 13.5 seconds.',
  ],
]

describe('what could not be looked at', () => {
  it.concurrent.each(UNKNOWN)('%s: is unknown, exit 1', async (_, planted, line) => {
    const told = await examine(planted)
    expect(told.lines.find((one) => one.includes(line)) ?? told.text).toMatch(/^unknown/)
    expect(told.code).toBe(1)
  })
})

const UNWISE: readonly (readonly [string, Planted, string])[] = [
  [
    'one approval',
    config('required: 2', 'required: 1'),
    'unwise  settings: route prod-us → prod-eu: one approval is enough',
  ],
  [
    'approvers by group only',
    { config: (text) => text.replace(/users: \[U0AAAAAAA, U0AAAAAAB\], /, '').replace('required: 2', 'required: 1') },
    'unwise  settings: route prod-us → prod-eu: approvers are named by user group only',
  ],
  [
    'anybody may ask',
    config(/ +requesters: .*\n/, ''),
    'unwise  settings: route prod-us → prod-eu: any full member of the workspace may ask.',
  ],
  [
    'no operators',
    config(/operators: .*\n/, ''),
    'unwise  settings: operators: nobody is named who may lift the brake in Slack',
  ],
  [
    'just enough approvers',
    { config: (text) => text.replace('required: 2', 'required: 3').replace(/ +requesters: .*\n/, '') },
    'unwise  approvers: route prod-us → prod-eu: 3 must approve, and the list has just 3 full members',
  ],
  [
    'a lineage that AWS does not tell whole',
    {
      change: (state) => {
        state.backups = []
      },
    },
    'unwise  clones: route prod-us → prod-eu: not proven that the clusters are clones: AWS shows no backup backup-2eucopy2222 in eu-west-1 (any more).',
  ],
  [
    'a port that the tool does not use',
    found({ 'hsm.10.0.1.7.2224': 'Connection refused' }),
    'unwise  hsm-ports: us-bastion → 10.0.1.7 (prod-us): port 2224: Connection refused.',
  ],
  [
    'no database yet',
    { prepare: ({ file }) => rmSync(file) },
    'there is none yet: the bot makes it at its first start.',
  ],
]

describe('what works and nobody should want', () => {
  it.concurrent.each(UNWISE)('%s: is told, exit 0', async (_, planted, line) => {
    const told = await examine(planted)
    expect(told.lines.find((one) => one.includes(line)) ?? told.text).toMatch(/^unwise/)
    expect(told.code).toBe(0)
  })
})

describe('before anything is asked', () => {
  it('settings that cannot work are all told, and nothing else is looked at', async () => {
    const { code, lines, simulator } = await examine({
      config: (text) => text.replace('instanceId: i-', 'instanceId: x-').replace('required: 2', 'required: many'),
    })
    expect(lines.filter((line) => line.startsWith('wrong   settings: settings: '))).toHaveLength(2)
    expect([code, simulator.slack.calls, simulator.aws.calls]).toEqual([1, [], []])
  })

  it('wrong words are told: exit 2', async () => {
    const { code, text } = await examine({}, ['--everything'])
    expect([code, text]).toEqual([2, expect.stringContaining('usage: node dist/main.js doctor [--json]')])
  })
})
