import { setImmediate as breathe } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Finding } from '../../application/store.ts'
import type { RequestId } from '../../domain/ids.ts'
import type { HsmKey } from '../../domain/inventory.ts'
import { legible } from './request-rows.ts'
import type { Tables } from './schema.ts'

/** Keys in one row: as JSON a few hundred kilobytes, written and read in a few milliseconds. */
const KEYS = 2_000
/** Rows at a stretch: then others get their turn. */
const TOGETHER = 4
/** Findings never change, and everything that is shown of a run asks for all of its. */
const REMEMBERED = 60

/** A finding as texts of moderate size: a listing can hold tens of thousands of keys. */
export async function toParts(finding: Finding): Promise<readonly string[]> {
  const { reading } = finding
  if (reading.kind !== 'listed' || reading.inventories.every(({ keys }) => keys.length <= KEYS))
    return [JSON.stringify(finding)]
  const inventories = reading.inventories.map((inventory) => ({ ...inventory, keys: [] }))
  const parts = [JSON.stringify({ ...finding, reading: { ...reading, inventories } })]
  for (const [at, { keys }] of reading.inventories.entries()) {
    for (let from = 0; from < keys.length; from += KEYS) {
      if (parts.length % TOGETHER === 0) await breathe()
      parts.push(JSON.stringify({ at, keys: keys.slice(from, from + KEYS) }))
    }
  }
  return parts
}

async function fromParts(parts: readonly string[]): Promise<Finding | undefined> {
  const [head, ...rest] = parts
  if (head === undefined) return undefined
  const finding: Finding = parse(head)
  const { reading } = finding
  if (rest.length === 0 || reading.kind !== 'listed') return finding
  const lists: HsmKey[][] = reading.inventories.map(() => [])
  for (const [count, part] of rest.entries()) {
    if (count > 0 && count % TOGETHER === 0) await breathe()
    const { at, keys }: { at: number; keys: HsmKey[] } = parse(part)
    lists[at]?.push(...keys)
  }
  const inventories = reading.inventories.map((inventory, at) => ({ ...inventory, keys: lists[at] ?? [] }))
  return { ...finding, reading: { ...reading, inventories } }
}

const parse = (text: string) => legible('a finding', () => JSON.parse(text))

/** Reads the findings of a request's steps, by number. */
export function findingReader(db: Kysely<Tables>): (id: RequestId) => Promise<ReadonlyMap<number, Finding>> {
  const remembered = new Map<string, Finding>()
  return async (id) => {
    const there = await db
      .selectFrom('findings')
      .select('n')
      .where('request_id', '=', id)
      .where('part', '=', 0)
      .execute()
    const found = new Map<number, Finding>()
    for (const { n } of there) {
      const name = `${id}.${n}`
      const finding = remembered.get(name) ?? (await read(db, id, n))
      if (!finding) continue
      remembered.delete(name)
      remembered.set(name, finding)
      found.set(n, finding)
    }
    for (const name of [...remembered.keys()].slice(0, Math.max(0, remembered.size - REMEMBERED)))
      remembered.delete(name)
    return found
  }
}

async function read(db: Kysely<Tables>, id: RequestId, n: number): Promise<Finding | undefined> {
  const rows = await db
    .selectFrom('findings')
    .select('doc')
    .where('request_id', '=', id)
    .where('n', '=', n)
    .orderBy('part')
    .execute()
  return fromParts(rows.map(({ doc }) => doc))
}
