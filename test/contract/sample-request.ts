import type { AuditEntry } from '../../src/application/store.ts'
import { sha256 } from '../../src/domain/digest.ts'
import { asHsmId, parseClusterId, parseRequestId, type RequestId } from '../../src/domain/ids.ts'
import type { Approved, Finished, Pending, Running } from '../../src/domain/request.ts'
import { digestOf, type Spec } from '../../src/domain/spec.ts'

/** The moment all samples are told from. */
export const NOON = Date.UTC(2026, 9, 1, 12)

const MERGED = '{\n  "servers": [\n    { "name": "10.0.1.7" },\n    { "name": "10.8.1.4" }\n  ]\n}\n'

/** `prefix` and a number, as a request id. */
export function requestId(number: number, prefix = 'T'): RequestId {
  const id = parseRequestId(`${prefix}${String(number).padStart(5, '0')}`)
  if (!id) throw new Error(`no request id of ${prefix}${number}`)
  return id
}

/** A spec whose destination is the cluster of this number. */
export function sampleSpec(destination = 0): Spec {
  return {
    version: 1,
    engine: 'cmu',
    mode: 'sync',
    scope: { users: { kind: 'all' }, keys: { kind: 'listed', items: [7, 262_162] } },
    source: {
      alias: 'prod-us',
      clusterId: cluster('cluster-2abcdefghij'),
      region: 'us-east-1',
      hsm: { hsmId: asHsmId('hsm-2uuuuuuuuu1'), ip: '10.0.1.7' },
    },
    destination: {
      alias: `prod-${letters(destination)}`,
      clusterId: cluster(`cluster-7klmnop${letters(destination)}`),
      region: 'eu-west-1',
      hsms: [{ hsmId: asHsmId('hsm-7eeeeeeeee1'), ip: '10.8.1.4' }],
      leftOut: [],
    },
    bastion: {
      name: 'us-bastion',
      instanceId: 'i-0123456789abcdef0',
      region: 'us-east-1',
      binary: '/opt/cloudhsm/bin/cloudhsm_mgmt_util',
      configPath: '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg',
      stateDir: '/var/lib/cloudhsm-sync',
      workDir: '/dev/shm',
      credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
    },
    baseConfig: '{\n  "servers": [\n    { "name": "10.0.1.7" }\n  ]\n}\n',
    mergedConfig: MERGED,
    scriptDigest: sha256('script'),
  }
}

/** A pending request; every number has its own id and destination. */
export function pending(number: number, changes: Partial<Pending> = {}): Pending {
  const spec = changes.spec ?? sampleSpec(number)
  return {
    id: requestId(number),
    state: 'pending',
    requestedBy: 'U0REQUEST1',
    requestedAt: NOON + number * 1000,
    expiresAt: NOON + 8 * 3_600_000,
    reason: 'new starters: Zoë & <José> “ready” 🔑',
    channel: 'C0123456789',
    rule: { users: ['U0AAAAAAA'], userGroups: [], required: 1 },
    decisions: [],
    ...changes,
    spec,
    digest: digestOf(spec),
  }
}

export function approved(number: number, changes: Partial<Pending> = {}): Approved {
  return { ...pending(number, changes), state: 'approved', approvedAt: NOON + number * 1000 + 60_000 }
}

export function running(number: number, changes: Partial<Pending> = {}): Running {
  const request = approved(number, changes)
  return { ...request, state: 'running', startedAt: request.approvedAt + 1000 }
}

export function succeeded(number: number, changes: Partial<Pending> = {}): Finished {
  const request = running(number, changes)
  return {
    ...request,
    state: 'succeeded',
    finishedAt: request.startedAt + 30_000,
    outcome: {
      state: 'succeeded',
      proof: 'after',
      withdrawn: false,
      evidence: 'may-have-written',
      destinations: [],
      discrepancies: [],
      keyHashes: [],
    },
  }
}

/** A row of any type: a store takes them all. */
export function auditOf(type: string, changes: Partial<AuditEntry> = {}): AuditEntry {
  return { at: NOON, type: type as AuditEntry['type'], actor: 'U0REQUEST1', facts: { why: 'a test' }, ...changes }
}

function cluster(text: string) {
  const id = parseClusterId(text)
  if (!id) throw new Error(`no cluster id: ${text}`)
  return id
}

/** Five letters for a number below 26^5: cluster ids hold no 0 and 1. */
function letters(number: number): string {
  return Array.from({ length: 5 }, (_, at) =>
    String.fromCharCode(97 + (Math.floor(number / 26 ** (4 - at)) % 26)),
  ).join('')
}
