import { describe, expect, it } from 'vitest'
import type { ExportedRow } from '../../src/adapters/store/audit-chain.ts'
import type { AuditType } from '../../src/application/store.ts'
import { auditStream } from '../../src/audit-stream.ts'
import { ocsfEvent } from '../../src/ocsf.ts'
import { ocsfProblems } from '../fixtures/ocsf.ts'

const HASH = 'ab'.repeat(32)

function row(type: string, changes: Partial<ExportedRow> = {}): ExportedRow {
  return { seq: 7, at: 1_790_000_000_000, type, actor: 'bot', request_id: 'T00001', hash: HASH, facts: {}, ...changes }
}
const event = (type: string, changes: Partial<ExportedRow> = {}) => ocsfEvent(row(type, changes))

/** Each type and its class; the compiler wants all of them. */
const CLASS_OF: Readonly<Record<AuditType, 3004 | 6003>> = {
  requested: 3004,
  'refused-ask': 3004,
  'refused-click': 3004,
  pending: 3004,
  approved: 3004,
  rejected: 3004,
  withdrawn: 3004,
  expired: 3004,
  stale: 3004,
  abandoned: 3004,
  reminded: 6003,
  settings: 6003,
  'ssm-intent': 6003,
  'ssm-read': 6003,
  'ssm-write': 6003,
  running: 6003,
  held: 6003,
  braked: 6003,
  frozen: 3004,
  unfrozen: 3004,
  'watch-paused': 6003,
  'watch-resumed': 3004,
  halted: 6003,
  'looked-for-joined': 6003,
  succeeded: 6003,
  partial: 6003,
  failed: 6003,
  unknown: 6003,
}

describe('a row as an OCSF event', () => {
  it.each(Object.entries(CLASS_OF))('%s is of class %i, with everything that the class asks for', (type, of) => {
    const rows = [
      row(type),
      row(type, { actor: 'U0AAAAAAA', request_id: null }),
      row(type, { facts: { commandId: 'c-1', reason: 'new starters', rule: 'not-approver' } }),
    ]
    for (const each of rows) {
      const made = { ...ocsfEvent(each) }
      expect(ocsfProblems(made)).toEqual([])
      expect(made).toMatchObject({
        class_uid: of,
        time: each.at,
        metadata: { version: '1.5.0', uid: HASH, sequence: 7, event_code: type },
        unmapped: each,
      })
    }
  })

  it.each(['invented-later', 'constructor', ''])(
    'of a type that this version does not know (%j) is exported too',
    (type) => {
      const made = { ...event(type) }
      expect(ocsfProblems(made)).toEqual([])
      expect(made).toMatchObject({
        class_uid: 6003,
        activity_id: 99,
        type_uid: 600_399,
        severity_id: 0,
        unmapped: { type },
      })
    },
  )

  it('names the person who approved, and the request', () => {
    expect(event('approved', { actor: 'U0AAAAAAA' })).toMatchObject({
      type_uid: 300_403,
      actor: { user: { uid: 'U0AAAAAAA' } },
      entity: { uid: 'T00001' },
      message: 'approved T00001 by U0AAAAAAA',
      status_id: 1,
    })
  })

  it('says why something was refused, and what was typed as the reason', () => {
    const facts = { rule: 'unknown-cluster', reason: 'new starters' }
    const refused = event('refused-ask', { actor: 'U0AAAAAAA', request_id: null, facts })
    expect(refused).toMatchObject({ status: 'Failure', status_code: 'unknown-cluster', comment: 'new starters' })
  })

  it('names a command as SSM does, and claims no success that is not proved', () => {
    const sent = event('ssm-write', { facts: { commandId: 'c-1' } })
    expect(sent).toMatchObject({
      api: { operation: 'SendCommand' },
      resources: [{ uid: 'T00001' }, { uid: 'c-1' }],
    })
    expect(sent).not.toHaveProperty('status_id')
    expect(event('unknown')).toMatchObject({ status_id: 0, severity: 'High' })
  })

  it('is seen to be wrong where it is', () => {
    const { entity: _, ...made } = { entity: undefined, ...event('approved') }
    expect(ocsfProblems({ ...made, type_uid: 1, typo: 2, severity_id: 9, actor: {} })).toEqual([
      'entity is missing',
      'no typo',
      'severity_id is 9',
      expect.stringContaining('actor. has none of app_name'),
      'type_uid is not 300403',
    ])
  })
})

describe('the stream', () => {
  const nothing = () => undefined
  const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing }

  it('is a line of the export, with a mark', () => {
    const lines: string[] = []
    auditStream((line) => lines.push(line), silent)(row('approved', { facts: { said: 'two\nlines' } }))
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('\n')
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      stream: 'audit',
      ...row('approved', { facts: { said: 'two\nlines' } }),
    })
  })

  it('fails no change: a line that cannot be written is told in the log', () => {
    const told: object[] = []
    const full = () => {
      throw new Error('no space left on device')
    }
    auditStream(full, { ...silent, error: (fields) => told.push(fields) })(row('approved'))
    expect(told).toEqual([{ auditSeq: 7, error: expect.objectContaining({ message: 'no space left on device' }) }])
  })
})
