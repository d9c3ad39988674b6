import type { Connection } from '../../src/adapters/store/sqlite.ts'
import type { Store } from '../../src/application/store.ts'
import type { Time } from './time.ts'

/** What the product asks again and again, with the time of now. */
const POLLS: ReadonlySet<string> = new Set(['claimRun', 'unpainted', 'pastExpiry', 'claimDelivery'])
/** What only reads, whatever the time. */
const READS: ReadonlySet<string> = new Set([
  'list',
  'load',
  'steps',
  'posted',
  'watch',
  'watchMessages',
  'frozen',
  'history',
  'versionOf',
])

/** A call may come so long after the moment that it asks about: what became due since is asked for anew. */
const LATE_MS = 500

interface Known {
  readonly at: unknown
  readonly until: number
  readonly answer: unknown
}

/**
 * The store, only that it is not asked twice for the same. While nothing was written, what was read is still right; and
 * while no instant that stands in it has passed, so is that nothing is due. Most of a run's virtual time is such
 * waiting.
 */
export function withoutRepeats(store: Store, raw: Connection, time: Time): Store {
  const changes = asked(raw, 'select total_changes()')
  const nextInstant = asked(raw, nextInstantQuery(raw))
  const known = new Map<string, Known>()
  const reads = new Map<string, Promise<unknown>>()
  let readAt: unknown
  const read = (name: string, call: () => Promise<unknown>): Promise<unknown> => {
    const now = changes()
    if (now !== readAt) reads.clear()
    readAt = now
    const answer = reads.get(name) ?? call()
    reads.set(name, answer)
    return answer
  }
  const ask = async (name: string, call: () => Promise<unknown>): Promise<unknown> => {
    const before = known.get(name)
    if (before && before.at === changes() && time.now < before.until) return before.answer
    const answer = await call()
    if (isNothing(answer)) {
      const next = nextInstant({ now: time.now - LATE_MS })
      known.set(name, { at: changes(), until: typeof next === 'number' ? next : Number.MAX_SAFE_INTEGER, answer })
    } else known.delete(name)
    return answer
  }
  return new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key)
      const name = String(key)
      if (typeof member !== 'function') return member
      if (POLLS.has(name)) return (...args: unknown[]) => ask(name, () => Reflect.apply(member, target, args))
      if (!READS.has(name)) return member
      return (...args: unknown[]) => read(`${name} ${JSON.stringify(args)}`, () => Reflect.apply(member, target, args))
    },
  })
}

function isNothing(answer: unknown): boolean {
  if (answer === undefined) return true
  if (Array.isArray(answer)) return answer.length === 0
  return typeof answer === 'object' && answer !== null && Object.values(answer).every(isNothing)
}

/** The next instant that stands in any column of a request, or of a delivery. */
function nextInstantQuery(raw: Connection): string {
  const columns = raw.prepare("select name from pragma_table_info('requests')").all().flatMap(valuesOf)
  const instants = columns.filter((name) => typeof name === 'string' && /_(until|after|at)$/.test(name))
  const each = instants.map((name) => `select min(${name}) as at from requests where ${name} > @now`)
  const delivery = 'select min(until) as at from inbox where doc is not null and until > @now'
  return `select min(at) from (${[...each, delivery].join(' union all ')})`
}

/** The one value that a query answers. */
function asked(raw: Connection, query: string): (parameters?: Readonly<Record<string, number>>) => unknown {
  const statement = raw.prepare(query)
  return (parameters) => valuesOf(parameters ? statement.get(parameters) : statement.get())[0]
}

function valuesOf(row: unknown): unknown[] {
  return typeof row === 'object' && row !== null ? Object.values(row) : []
}
