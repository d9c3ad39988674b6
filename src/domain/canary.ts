import { shownOf } from './diff.ts'
import { type HsmKey, type Inventory, isSameKey } from './inventory.ts'
import { keyName, type Spec } from './spec.ts'
import type { DoneStep, Stop } from './step.ts'

/** After one key alone exactly that handle must have appeared, with that owner: else a comparison by handles would copy keys twice. */
export function canaryStop(
  spec: Spec,
  { plan, reading }: Pick<DoneStep, 'plan' | 'reading'>,
  before: readonly Inventory[] | undefined,
): Stop | undefined {
  if (plan.kind !== 'sync-keys' || !plan.canary || reading.kind !== 'keys-synced') return undefined
  const [handle = 0] = plan.handles
  const named = (key: number) => keyName(spec, key)
  const source = before?.[0]?.keys.find((key) => key.handle === handle)
  const earlier = before?.find((hsm) => hsm.server === plan.server)
  if (!reading.after || !source || !earlier)
    return { code: 'canary-effect', detail: `key ${named(handle)}: the listing after it could not be read` }
  const known = new Set(earlier.keys.map((key) => key.handle))
  const appeared = reading.after.keys.filter((key) => !known.has(key.handle))
  const now = new Map(reading.after.keys.map((key) => [key.handle, key]))
  const gone = earlier.keys.filter((key) => {
    const copy = now.get(key.handle)
    return copy === undefined || !isSameKey(copy, key)
  })
  const [only] = appeared
  // Refused in so many words, and nothing happened: that says something about this key, nothing about comparing by references.
  const isRefused = spec.reach === 'cluster' && reading.attempts[0]?.verdict === 'failure'
  if (isRefused && appeared.length === 0 && gone.length === 0) return undefined
  const isWide = reading.attempts[0]?.verdict !== 'incomplete'
  const isExact = appeared.length === 1 && only?.handle === source.handle && isSameKey(only, source)
  if (isWide && gone.length === 0 && isExact) return undefined
  const said = reading.attempts[0]?.said ?? ''
  const detail = `key ${named(handle)}: ${effectOf(spec, appeared, gone)}; the tool said: ${said}`
  return { code: 'canary-effect', detail }
}

export function arrivedAlone({ plan, reading }: DoneStep): boolean {
  return (
    plan.kind === 'sync-keys' &&
    plan.canary !== undefined &&
    reading.kind === 'keys-synced' &&
    reading.attempts[0]?.verdict !== 'failure'
  )
}

/** One key after the other, each alone, and none arrived. */
const MOST_CANARIES = 3

export function refusedCanaries(keySteps: readonly DoneStep[]): Stop | undefined {
  const last = keySteps.at(-1)?.reading
  if (keySteps.length < MOST_CANARIES || keySteps.some(arrivedAlone) || last?.kind !== 'keys-synced') return undefined
  return { code: 'batch-failed', detail: last.attempts[0]?.said ?? '' }
}

function effectOf(spec: Spec, appeared: readonly HsmKey[], changed: readonly HsmKey[]): string {
  if (appeared.length === 0 && changed.length === 0) return 'nothing appeared on the destination'
  const words = appeared.map((key) => `handle ${keyName(spec, key.handle)} (${shownOf(key)}) appeared`)
  return [...words, ...changed.map((key) => `handle ${keyName(spec, key.handle)} changed or went away`)]
    .slice(0, 10)
    .join('; ')
}
