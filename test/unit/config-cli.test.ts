import { describe, expect, it } from 'vitest'
import { parseLandscape } from '../../src/config-file.ts'

const OFFICER = { source: 'secretsmanager', id: 'hsm/crypto-officer' }

function file(bastion: object = {}, route: object = {}): object {
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
        credentials: OFFICER,
        ...bastion,
      },
    ],
    routes: [
      {
        source: 'prod-us',
        destination: 'prod-eu',
        bastion: 'us-bastion',
        channel: 'C0123456789',
        approval: { approvers: { users: ['U0AAAAAAA'] } },
        ...route,
      },
    ],
  }
}

function route(...given: Parameters<typeof file>) {
  const parsed = parseLandscape(file(...given))
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.landscape.routes[0]
}
function wrong(...given: Parameters<typeof file>): readonly string[] {
  const parsed = parseLandscape(file(...given))
  return 'problems' in parsed ? parsed.problems : []
}
const owner = (user: string, changes: object = {}) => ({ user, ...OFFICER, id: `hsm/${user}`, ...changes })

describe('a route’s engine', () => {
  it('is chosen by the HSM types unless the route says otherwise', () => {
    expect(route()?.engine).toBe('auto')
    expect(route({}, { engine: 'cmu' })?.engine).toBe('cmu')
    expect(route({}, { engine: 'cloudhsm-cli' })?.engine).toBe('cloudhsm-cli')
  })
  it('that does not exist is named', () => {
    expect(wrong({}, { engine: 'cli' })).toEqual([expect.stringMatching(/^routes\[0\]\.engine: /)])
  })
})

describe('where CloudHSM CLI is on a bastion', () => {
  const DEFAULTS = {
    binary: '/opt/cloudhsm/bin/cloudhsm-cli',
    configure: '/opt/cloudhsm/bin/configure-cli',
    config: '/opt/cloudhsm/etc/cloudhsm-cli.cfg',
  }
  it('is where Client SDK 5 puts it, path by path', () => {
    expect(route()?.bastion.cli).toEqual(DEFAULTS)
    expect(route({ cli: {} })?.bastion.cli).toEqual(DEFAULTS)
    expect(route({ cli: { binary: '/usr/bin/cloudhsm-cli' } })?.bastion.cli).toEqual({
      ...DEFAULTS,
      binary: '/usr/bin/cloudhsm-cli',
    })
  })
  it.each(['binary', 'configure', 'config'])('%s must be an absolute path without anything odd in it', (field) => {
    for (const path of ['cloudhsm-cli', '', './x', '/opt/$(id)', "/opt/'x'", '/opt/{{x}}', '/opt\n/x', 7]) {
      expect(wrong({ cli: { [field]: path } })).toEqual([
        expect.stringMatching(new RegExp(`^bastions\\[0\\]\\.cli\\.${field}: `)),
      ])
    }
  })
  it('has no other setting', () => {
    expect(wrong({ cli: { password: 'x' } })).toEqual([expect.stringMatching(/^bastions\[0\]\.cli: .*password/)])
  })
})

describe('the crypto users of a bastion', () => {
  it('are none unless named', () => {
    expect(route()?.bastion.cryptoUsers).toEqual([])
  })
  it('are read with where their credentials live, in lower case as the HSM has them', () => {
    const cryptoUsers = [owner('JDoe'), owner('app', { source: 'ssm-parameter', id: '/hsm/app' })]
    expect(route({ cryptoUsers })?.bastion.cryptoUsers).toEqual([
      { user: 'jdoe', source: 'secretsmanager', id: 'hsm/JDoe' },
      { user: 'app', source: 'ssm-parameter', id: '/hsm/app' },
    ])
  })

  it.each([
    ['user', owner('')],
    ['user', owner('j.doe')],
    ['user', owner('a b', { id: 'hsm/x' })],
    ['user', owner('x'.repeat(32))],
    ['user', owner('jdoe:secretsmanager')],
    ['user', { ...OFFICER }],
    ['source', owner('jdoe', { source: 'file' })],
    ['source', owner('jdoe', { source: undefined })],
    ['id', owner('jdoe', { id: '' })],
    ['id', owner('jdoe', { id: 'a b' })],
    ['id', owner('jdoe', { id: "x'" })],
    ['id', owner('jdoe', { id: 'a,b' })],
  ])('a wrong %s is named by its place (%o)', (field, second) => {
    expect(wrong({ cryptoUsers: [owner('first'), second] })).toEqual([
      expect.stringMatching(new RegExp(`^bastions\\[0\\]\\.cryptoUsers\\[1\\]\\.${field}: `)),
    ])
  })

  it('never carry a password: the field is named, its value is not', () => {
    const problems = wrong({ cryptoUsers: [owner('jdoe', { password: 'hunter2hunter2' })] })
    expect(problems).toEqual([expect.stringMatching(/^bastions\[0\]\.cryptoUsers\[0\]: .*password/)])
    expect(problems.join()).not.toContain('hunter2')
  })

  it('stand there once each, whatever the case', () => {
    expect(wrong({ cryptoUsers: [owner('jdoe'), owner('app'), owner('JDOE')] })).toEqual([
      'bastions[0].cryptoUsers[2]: jdoe stands there twice',
    ])
  })

  it('are at most fifty', () => {
    const many = Array.from({ length: 51 }, (_, at) => owner(`u${at}`))
    expect(wrong({ cryptoUsers: many })).toEqual([expect.stringMatching(/^bastions\[0\]\.cryptoUsers: /)])
    expect(wrong({ cryptoUsers: many.slice(1) })).toEqual([])
  })
})
