import type { Store } from '../../src/application/store.ts'
import type { Opened, Part } from './database.ts'
import type { Time } from './time.ts'

interface Poll {
  readonly of: readonly Part[]
  /** Instants at which something may become due although nothing is written. */
  readonly instants: string
}

/** What the product asks again and again, with the time of now. */
const POLLS: ReadonlyMap<string, Poll> = new Map<string, Poll>([
  [
    'claimRun',
    {
      of: ['requests', 'leased'],
      instants: 'select max(lease_until, run_after) as at from requests where is_open = 1',
    },
  ],
  ['pastExpiry', { of: ['requests'], instants: 'select expires_at as at from requests where is_open = 1' }],
  ['unpainted', { of: ['requests', 'painted'], instants: 'select paint_after as at from requests' }],
  ['claimDelivery', { of: ['inbox'], instants: 'select until as at from inbox where doc is not null' }],
])

/** What only reads, whatever the time, and from where. */
const READS: ReadonlyMap<string, readonly Part[]> = new Map<string, readonly Part[]>([
  ['list', ['requests']],
  ['load', ['requests']],
  ['versionOf', ['requests']],
  ['steps', ['steps', 'findings']],
  ['posted', ['slots']],
  ['watch', ['watches']],
  ['watchMessages', ['watch_messages']],
  ['frozen', ['brake']],
  ['history', ['audit']],
])

/** A call may come so long after the moment that it asks about: what became due since is asked for anew. */
const LATE_MS = 500

type Ask = (args: readonly unknown[], call: () => Promise<unknown>) => Promise<unknown>

/**
 * The store, only that it is not asked twice for the same. While nothing was written to where it reads, what was read
 * is still right; and while no instant that stands there has passed, so is that nothing is due. Most of a run's virtual
 * time is such waiting.
 */
export function withoutRepeats(store: Store, opened: Opened, time: Time): Store {
  const asks = new Map<string, Ask>([
    ...[...POLLS].map(([name, poll]): [string, Ask] => [name, polling(poll, opened, time)]),
    ...[...READS].map(([name, of]): [string, Ask] => [name, reading(() => opened.writes.of(of))]),
  ])
  return new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key)
      const ask = asks.get(String(key))
      if (typeof member !== 'function' || !ask) return member
      return (...args: unknown[]) => ask(args, () => Reflect.apply(member, target, args))
    },
  })
}

function reading(writes: () => number): Ask {
  const known = new Map<string, Promise<unknown>>()
  let knownAt = -1
  return (args, call) => {
    const now = writes()
    if (now !== knownAt) known.clear()
    knownAt = now
    const words = JSON.stringify(args)
    const answer = known.get(words) ?? call()
    known.set(words, answer)
    return answer
  }
}

function polling({ of, instants }: Poll, { raw, writes }: Opened, time: Time): Ask {
  const next = raw.prepare(`select min(at) as at from (${instants}) where at > ?`)
  let known: { readonly at: number; readonly until: number; readonly answer: unknown } | undefined
  return async (_args, call) => {
    if (known?.at === writes.of(of) && time.now < known.until) return known.answer
    // Of before the call: what is written while it waits for its turn it may not have seen.
    const at = writes.of(of)
    const answer = await call()
    if (!isNothing(answer)) return answer
    const until: unknown = Object(next.get(time.now - LATE_MS)).at
    known = { at, until: typeof until === 'number' ? until : Number.MAX_SAFE_INTEGER, answer }
    return answer
  }
}

/** Nothing is due: no row at all, however it is said. */
function isNothing(answer: unknown): boolean {
  return answer === undefined || (Array.isArray(answer) && answer.length === 0)
}
