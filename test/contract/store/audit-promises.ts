import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import {
  type ExportedRow,
  exportedRow,
  rowsSince,
  type Since,
  verifyChain,
} from '../../../src/adapters/store/audit-chain.ts'
import { recorder } from '../../../src/adapters/store/recorder.ts'
import { refuse } from '../../../src/domain/refusal.ts'
import { auditOf, NOON, pending, requestId } from '../sample-request.ts'
import { type AtPlace, type Place, replica, together } from './place.ts'

export function auditPromises(at: AtPlace): void {
  it('exports from an instant on every later row, also one whose clock was behind', async () => {
    const store = replica(at(), 0)
    for (const [n, instant] of [NOON, NOON + 2_000, NOON + 1_000].entries())
      await store.audit(auditOf('settings', { at: instant, facts: { n } }))
    const numbers = async (since: Since) => (await exported(at(), since)).map(({ seq }) => seq)
    const all = await numbers({ seq: 0 })
    expect(await numbers({ at: NOON + 1_500 })).toEqual(all.slice(1))
    expect(await numbers({ at: NOON + 9_000 })).toEqual([])
  })

  it('holds one row per ask and change, with who, when and what', async () => {
    const store = replica(at(), 0)
    const request = pending(1)
    const about = { request: request.id, actor: 'U0AAAAAAA', at: NOON + 5 }
    await store.create(request, auditOf('asked', { ...about, facts: { reason: 'Zoë “x”', nested: [1, { b: 2 }] } }))
    await store.change(
      request.id,
      (now) => now,
      (after, before) => auditOf('changed', { request: after.id, facts: { from: before.state, to: after.state } }),
    )
    await store.audit(auditOf('refused-click', { request: request.id }))
    await store.audit(auditOf('settings'))
    const history = await store.history(request.id)
    expect(history).toMatchObject([
      { ...about, type: 'asked', facts: { reason: 'Zoë “x”', nested: [1, { b: 2 }] } },
      { type: 'changed', facts: { from: 'pending', to: 'pending' } },
      { type: 'refused-click' },
    ])
    expect(history.map(({ seq }) => seq)).toEqual([...history.map(({ seq }) => seq)].sort((a, b) => a - b))
  })

  it('cannot be edited or emptied: the database refuses', async () => {
    await replica(at(), 0).audit(auditOf('asked'))
    const { db } = at().database
    await expect(sql`update audit set actor = 'U0MALLORY'`.execute(db)).rejects.toThrow('append-only')
    await expect(sql`update audit set actor = actor where seq = -1`.execute(db)).resolves.toBeDefined()
    await expect(sql`delete from audit`.execute(db)).rejects.toThrow('append-only')
    await expect(db.selectFrom('audit').selectAll().execute()).resolves.toHaveLength(1)
  })

  it('cannot be replaced row by row, nor emptied at once', async () => {
    await replica(at(), 0).audit(auditOf('asked'))
    const { db, dialect } = at().database
    const all =
      dialect === 'sqlite'
        ? sql`replace into audit (seq, at, type, actor, facts, hash) select seq, at, type, 'U0MALLORY', facts, hash from audit`
        : sql`truncate audit`
    await expect(all.execute(db)).rejects.toThrow('append-only')
    await expect(db.selectFrom('audit').select('actor').execute()).resolves.toEqual([{ actor: 'U0REQUEST1' }])
  })

  it('is a chain anybody can recompute', async () => {
    const store = replica(at(), 0)
    await store.audit(auditOf('asked', { request: requestId(1), facts: { b: 1, a: { d: null, c: ['é', true] } } }))
    await store.audit(auditOf('settings'))
    await store.audit(auditOf('asked', { facts: {} }))
    expect(await firstBroken(at())).toBeUndefined()
  })

  it('stays one chain under 60 concurrent writers', async () => {
    const request = pending(0)
    await replica(at(), 0).create(request, auditOf('asked', { request: request.id }))
    await together(60, async (number) => {
      const store = replica(at(), number)
      if (number % 3 === 0) await store.create(pending(number + 1), auditOf('asked', { request: request.id }))
      else if (number % 3 === 1) await store.audit(auditOf(`n${number}`, { facts: { number } }))
      else
        await store.change(
          request.id,
          (now) => now,
          () => auditOf('changed', { facts: { number } }),
        )
    })
    await expect(rowsOf(at())).resolves.toHaveLength(61)
    expect(await firstBroken(at())).toBeUndefined()
    await expect(verifyChain(at().database.db)).resolves.toMatchObject({ rows: 61 })
  })

  it('tells every row once, as the export has it, from the process that committed it', async () => {
    const request = pending(0)
    await replica(at(), 0).create(request, auditOf('requested', { request: request.id }))
    await together(20, async (number) => {
      const entry = auditOf(`n${number}`, { request: request.id, facts: { number, token: 'xoxb-1234567890-abcdef' } })
      if (number % 2 === 0) await replica(at(), number).audit(entry)
      else
        await replica(at(), number).change(
          request.id,
          (now) => now,
          () => entry,
        )
    })
    const told = [...at().told].sort((a, b) => a.seq - b.seq)
    expect(told).toHaveLength(21)
    expect(told).toEqual(await exported(at()))
  })

  it('tells nothing of a change that was refused, that failed or that was rolled back', async () => {
    const store = replica(at(), 0)
    const request = pending(0)
    await store.create(request, auditOf('requested', { request: request.id }))
    await store.create(pending(0), auditOf('requested'))
    await store.change(
      request.id,
      () => refuse({ code: 'no-such-request', text: 'x' }),
      () => auditOf('approved'),
    )
    const later = recorder(at().database, () => expect.unreachable('a row that was rolled back was told'))(
      async (_, audit) => {
        await audit(auditOf('approved'))
        throw new Error('the disk is full')
      },
    )
    await expect(later).rejects.toThrow('the disk is full')
    expect(at().told.map(({ type }) => type)).toEqual(['requested'])
    expect(at().told).toEqual(await exported(at()))
  })

  it('tells a row only once others can read it', async () => {
    const { database } = at()
    const read: Promise<unknown>[] = []
    const record = recorder(database, () => read.push(rowsOf(at())))
    await record(async (_, audit) => {
      await audit(auditOf('n1'))
      await audit(auditOf('n2'))
      expect(read).toEqual([])
    })
    for (const rows of await Promise.all(read)) expect(rows).toHaveLength(2)
    expect(read).toHaveLength(2)
  })

  it('is exported from behind the row of a number, or from an instant on', async () => {
    for (let number = 0; number < 3; number++)
      await replica(at(), 0).audit(auditOf(`n${number}`, { at: NOON + number }))
    const [first, ...rest] = await exported(at())
    expect(await exported(at(), { seq: first?.seq ?? 0 })).toEqual(rest)
    expect(await exported(at(), { at: NOON + 1 })).toEqual(rest)
    expect(await exported(at(), { seq: rest.at(-1)?.seq ?? 0 })).toEqual([])
    expect(await exported(at(), { seq: 999_999_999_999_999 })).toEqual([])
  })

  it('shows a change made behind its back', async () => {
    const { db, dialect } = at().database
    for (let number = 0; number < 5; number++) await replica(at(), 0).audit(auditOf(`n${number}`))
    await sql
      .raw(dialect === 'sqlite' ? 'drop trigger audit_no_update' : 'alter table audit disable trigger all')
      .execute(db)
    await sql`update audit set actor = 'U0MALLORY' where type = 'n2'`.execute(db)
    await expect(firstBroken(at())).resolves.toBe('n2')
    await expect(verifyChain(db)).resolves.toMatchObject({ rows: 2, broken: { seq: 3 } })
  })

  it('keeps secrets out, and stays readable whatever they stood beside', async () => {
    const store = replica(at(), 0)
    const facts = {
      said: 'aws> loginHSM CO admin Planted7Secret',
      token: 'xoxb-1234567890-abcdef',
      wrapped: '{"username":"admin","password":"Planted7Secret"}',
      password: 'Planted7Secret',
      env: ['CLOUDHSM_PIN=crypto_user:Planted7Secret', 'next'],
      zlast: 'kept',
    }
    await store.audit(auditOf('sent', { request: requestId(1), facts }))
    const stored = JSON.stringify(await rowsOf(at()))
    expect(stored).not.toContain('Planted7Secret')
    expect(stored).not.toContain('1234567890-abcdef')
    await expect(store.history(requestId(1))).resolves.toMatchObject([{ facts: { zlast: 'kept' } }])
  })
}

interface Row {
  readonly at: number
  readonly type: string
  readonly actor: string
  readonly request_id: string | null
  readonly facts: string
  readonly hash: string
}

async function exported({ database }: Place, since: Since = { seq: 0 }): Promise<ExportedRow[]> {
  const rows: ExportedRow[] = []
  for await (const row of rowsSince(database.db, since)) rows.push(exportedRow(row))
  return rows
}

function rowsOf({ database }: Place): Promise<Row[]> {
  return database.db.selectFrom('audit').selectAll().orderBy('seq').execute()
}

/**
 * The rule, written again: SHA-256 of the JSON list [hash before, at, type, actor, request id or null, facts]; 64 zeros
 * before the first. Answers the first row that breaks it.
 */
async function firstBroken(place: Place): Promise<string | undefined> {
  let previous = '0'.repeat(64)
  for (const { at, type, actor, request_id, facts, hash } of await rowsOf(place)) {
    const covered = JSON.stringify([previous, at, type, actor, request_id, facts])
    if (createHash('sha256').update(covered).digest('hex') !== hash) return type
    previous = hash
  }
  return undefined
}
