import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { explain } from '../../../src/adapters/slack/views/explain.ts'
import { stopText } from '../../../src/adapters/slack/views/stop-text.ts'
import { parseClusterId } from '../../../src/domain/ids.ts'
import { type RefusalFacts, refuse } from '../../../src/domain/refusal.ts'
import type { StopCode } from '../../../src/domain/step.ts'
import { NOW, REQUEST_ID, sure, target } from '../../fixtures/examples.ts'

const cluster = sure(parseClusterId('cluster-2abcdefghij'))
const { hsmId: hsm } = target(1)
const bastion = 'us-bastion'
const request = REQUEST_ID

/** Every reason to refuse, as facts; `satisfies` keeps the list whole. */
const REFUSALS = {
  'unknown-cluster': { code: 'unknown-cluster', name: 'prod-uk', aliases: ['prod-us', 'prod-eu'] },
  'same-cluster': { code: 'same-cluster', name: 'prod-us' },
  'no-route': { code: 'no-route', source: 'prod-eu', destination: 'prod-us', reverseExists: true },
  'cluster-not-found': { code: 'cluster-not-found', cluster, region: 'us-east-1' },
  'cluster-not-active': { code: 'cluster-not-active', cluster, state: 'UPDATE_IN_PROGRESS' },
  'no-active-hsm': { code: 'no-active-hsm', cluster },
  'hsm-without-ip': { code: 'hsm-without-ip', cluster, hsm },
  'same-address': {
    code: 'same-address',
    source: cluster,
    destination: cluster,
    address: '10.0.1.7',
  },
  'hsm-not-active': { code: 'hsm-not-active', cluster, hsm, state: 'DEGRADED' },
  'wrong-hsm-type': { code: 'wrong-hsm-type', cluster, hsmType: 'hsm2m.medium' },
  'cluster-migrating': { code: 'cluster-migrating', cluster, state: 'MODIFY_IN_PROGRESS' },
  'mixed-hsm-types': { code: 'mixed-hsm-types', cluster, types: ['hsm1.medium', 'hsm2m.medium'] },
  'type-direction': {
    code: 'type-direction',
    source: cluster,
    destination: cluster,
    sourceType: 'hsm2m.medium',
    destinationType: 'hsm1.medium',
  },
  'not-clones': {
    code: 'not-clones',
    source: 'prod-us',
    destination: 'prod-eu',
    ancestry: {
      line: [
        { kind: 'cluster', id: 'cluster-7kkmnopqrst', region: 'eu-west-1' },
        { kind: 'cluster', id: 'cluster-3origin3333', region: 'eu-west-1' },
      ],
      end: { kind: 'origin' },
    },
  },
  'bastion-not-managed': {
    code: 'bastion-not-managed',
    bastion,
    instanceId: 'i-0123456789abcdef0',
    region: 'us-east-1',
  },
  'bastion-not-online': {
    code: 'bastion-not-online',
    bastion,
    instanceId: 'i-0123456789abcdef0',
    ping: 'ConnectionLost',
  },
  'bastion-platform': { code: 'bastion-platform', bastion, platform: 'Windows', expected: 'linux' },
  'not-watched': { code: 'not-watched' },
  'not-paused': { code: 'not-paused' },
  'engine-platform': { code: 'engine-platform', bastion },
  'bastion-cannot': { code: 'bastion-cannot', bastion, problem: 'no space left' },
  'base-config': {
    code: 'base-config',
    bastion,
    path: '/etc/cmu.cfg',
    problem: { flaw: 'field', field: 'servers[0].port', expected: 'a port number' },
  },
  'tool-missing': { code: 'tool-missing', bastion, tool: '/opt/cloudhsm/bin/cloudhsm-cli' },
  'tool-version': { code: 'tool-version', bastion, found: '5.12.0', needed: '5.15' },
  'tool-config': { code: 'tool-config', bastion, problem: 'configure', detail: 'dispatch failure' },
  'destination-busy': {
    code: 'destination-busy',
    destination: 'prod-eu',
    request,
    link: 'https://x.slack.com/archives/C1/p1',
  },
  'channel-shared': { code: 'channel-shared', channel: 'C0CHANNEL' },
  'channel-unknown': { code: 'channel-unknown', channel: 'C0CHANNEL', problem: 'fetch failed' },
  'bot-not-in-channel': { code: 'bot-not-in-channel', channel: 'C0CHANNEL' },
  'channel-archived': { code: 'channel-archived', channel: 'C0CHANNEL' },
  'nobody-may-approve': {
    code: 'nobody-may-approve',
    required: 2,
    found: 1,
    source: 'prod-us',
    destination: 'prod-eu',
    deadGroups: [{ group: 'S0DELETED', problem: 'Slack has no such user group (no_such_subteam)' }],
  },
  aws: {
    code: 'aws',
    problem: 'access-denied',
    service: 'CloudHSM',
    region: 'us-east-1',
    detail: 'AccessDeniedException',
  },
  'not-a-member': { code: 'not-a-member', flaw: 'guest' },
  'identity-unknown': { code: 'identity-unknown', problem: 'ratelimited' },
  'not-approver': { code: 'not-approver', users: ['U0ALICE'], userGroups: ['S0CUSTODIANS'] },
  'self-approval': { code: 'self-approval' },
  'already-decided': { code: 'already-decided', verdict: 'approve', at: NOW },
  'not-requester': { code: 'not-requester', requestedBy: 'U0ASKER' },
  'not-current-card': { code: 'not-current-card', request },
  'other-digest': { code: 'other-digest', request, typed: '0123456789ab' },
  'may-not-ask': {
    code: 'may-not-ask',
    source: 'prod-us',
    destination: 'prod-eu',
    users: ['U0ALICE'],
    userGroups: ['S0CUSTODIANS'],
  },
  'ticket-missing': { code: 'ticket-missing', source: 'prod-us', destination: 'prod-eu', ticket: 'CHG[0-9]{7}' },
  'nothing-to-ask': { code: 'nothing-to-ask', request, why: 'nothing-missing' },
  'too-much-to-ask': { code: 'too-much-to-ask', request, found: 612, most: 500 },
  'document-wrong': { code: 'document-wrong', bastion, document: 'HsmSync', problem: 'differs' },
  'not-operator': { code: 'not-operator', wanted: 'unfreeze', operators: { users: ['U0ALICE'], userGroups: [] } },
  'frozen-already': { code: 'frozen-already', freeze: { by: 'U0ALICE', at: NOW, reason: 'an HSM fails' } },
  'not-frozen': { code: 'not-frozen' },
  'route-gone': { code: 'route-gone', request },
  'unreadable-request': { code: 'unreadable-request', request },
  'no-such-request': { code: 'no-such-request', text: 'ZZZZ' },
  'not-open': { code: 'not-open', request, state: 'withdrawn', wanted: 'approve', by: 'U0ASKER' },
  expired: { code: 'expired', request, expiresAt: NOW },
} as const satisfies { readonly [Code in RefusalFacts['code']]: RefusalFacts & { readonly code: Code } }

/** Facts that are told in words of their own. */
const TOLD_OTHERWISE = new Set<unknown>([
  ...['access-denied', 'guest', 'field', true, NOW, 'U0ASKER'],
  ...['unfreeze', 'differs', 'nothing-missing', 'configure', 'cluster', 'origin', 'eu-west-1', 'cluster-7kkmnopqrst'],
])

function factsOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value]
  return Object.entries(value).flatMap(([name, part]) => (name === 'code' ? [] : factsOf(part)))
}

it('every program that a step needs is named with what brings it', () => {
  const scripts = ['bastion.sh', 'cloudhsm-cli/configure.sh'].map((name) =>
    readFileSync(new URL(`../../../src/engines/${name}`, import.meta.url), 'utf8'),
  )
  const programs = scripts.flatMap((text) => /^(?:PROGRAMS|NEEDED)=\((.+)\)$/m.exec(text)?.[1]?.split(' ') ?? [])
  expect(programs.length).toBeGreaterThan(20)
  for (const tool of programs)
    expect(explain(refuse({ code: 'tool-missing', bastion, tool }))).toMatch(/Install .+ there\.$/)
})

describe('every refusal has a sentence that names its facts', () => {
  it.each(Object.entries(REFUSALS))('%s', (_, refused) => {
    const sentence = explain(refuse(refused))
    expect(sentence).toMatch(/^[A-Z<]/)
    expect(sentence).not.toMatch(/undefined|\[object/)
    for (const fact of factsOf(refused)) if (!TOLD_OTHERWISE.has(fact)) expect(sentence).toContain(String(fact))
  })

  it.each(['access-denied', 'throttled', 'unreachable', 'failed'] as const)('AWS: %s has its own', (problem) => {
    expect(explain(refuse({ ...REFUSALS.aws, problem }))).toContain('CloudHSM in us-east-1')
  })
  it('no two problems of AWS read alike', () => {
    const all = (['access-denied', 'throttled', 'unreachable', 'failed'] as const).map((problem) =>
      explain(refuse({ ...REFUSALS.aws, problem })),
    )
    expect(new Set(all).size).toBe(4)
  })
  it.each(['bot', 'deactivated', 'guest', 'stranger', 'other-workspace', 'invited', 'unsaid'] as const)(
    '%s: says who may',
    (flaw) => {
      expect(explain(refuse({ code: 'not-a-member', flaw }))).toContain('full members of this workspace')
    },
  )
  it.each(['missing', 'unreadable', 'too-large', 'no-server'] as const)(
    'base config %s names file and bastion',
    (flaw) => {
      const text = explain(refuse({ code: 'base-config', bastion, path: '/etc/cmu.cfg', problem: { flaw } }))
      expect(text).toMatch(/`\/etc\/cmu\.cfg` on bastion `us-bastion`/)
    },
  )
  it('lets no markup out of what somebody typed', () => {
    const text = explain(refuse({ code: 'no-such-request', text: '<!channel> `x` <@U1|you>' }))
    expect(text).not.toMatch(/<!|<@/)
    expect(text.replace(/`[^`]*`/g, '')).not.toContain('`')
  })
})

const STOPS = {
  'not-connected': 1,
  'not-encrypted': 1,
  'wrong-partition': 1,
  'login-failed': 1,
  'login-risk': 1,
  'login-unsure': 1,
  'partial-view': 1,
  question: 1,
  'no-answer': 1,
  unreadable: 1,
  'users-changed': 1,
  inconsistent: 1,
  'unknown-failure': 1,
  'tool-refused': 1,
  'canary-effect': 1,
  'batch-failed': 1,
  'bastion-refused': 1,
  'not-configured': 1,
  'other-hsms': 1,
  'bastion-busy': 1,
  credentials: 1,
  'not-executed': 1,
  lost: 1,
  'could-not-check': 0,
  'not-approved': 1,
  interrupted: 1,
  broken: 1,
  'second-factor': 1,
  'no-officer': 1,
} as const satisfies Readonly<Record<StopCode, 0 | 1>>

describe('every reason to stop says what happened and what to do next', () => {
  it.each(Object.entries(STOPS) as [StopCode, 0 | 1][])('%s', (code, namesDetail) => {
    const { what, next } = stopText({ code, detail: 'server 1 (10.0.1.7)' })
    if (namesDetail) expect(what).toContain('server 1 (10.0.1.7)')
    expect(next).toMatch(/^[A-Z].*\.$/)
  })
  it.each(Object.keys(STOPS) as StopCode[])('%s lets no markup of a tool through', (code) => {
    const { what } = stopText({ code, detail: '<!channel> *bold* `code`' })
    expect(what).not.toContain('<!')
    expect(what).not.toMatch(/\*bold\*|`code`/)
  })
})
