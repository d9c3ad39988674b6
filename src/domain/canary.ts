import { shownOf } from './diff.ts'
import { type HsmKey, type Inventory, isSameKey } from './inventory.ts'
import { keyName, type Spec } from './spec.ts'
import type { DoneStep, Stop } from './step.ts'

/**
 * After one key alone exactly that handle must have appeared, with that owner: else a comparison by handles would copy
 * keys twice.
 */
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
  const effect = effectBetween(earlier, reading.after)
  const [attempt] = reading.attempts
  // Refused in so many words, and nothing happened: that says something about this key, nothing about comparing by
  // references.
  const isRefused = spec.reach === 'cluster' && attempt?.verdict === 'failure'
  if (isRefused && effect.appeared.length === 0 && effect.changed.length === 0) return undefined
  if (attempt?.verdict !== 'incomplete' && isExactly(effect, source)) return undefined
  const detail = `key ${named(handle)}: ${effectText(spec, effect)}; the tool said: ${attempt?.said ?? ''}`
  return { code: 'canary-effect', detail }
}

interface Effect {
  readonly appeared: readonly HsmKey[]
  /** Changed or gone. */
  readonly changed: readonly HsmKey[]
}

function effectBetween(before: Inventory, after: Pick<Inventory, 'keys'>): Effect {
  const known = new Set(before.keys.map((key) => key.handle))
  const now = new Map(after.keys.map((key) => [key.handle, key]))
  const isAsBefore = (key: HsmKey) => {
    const copy = now.get(key.handle)
    return copy !== undefined && isSameKey(copy, key)
  }
  return {
    appeared: after.keys.filter((key) => !known.has(key.handle)),
    changed: before.keys.filter((key) => !isAsBefore(key)),
  }
}

/** This key arrived, under its handle, and nothing else happened. */
function isExactly({ appeared, changed }: Effect, key: HsmKey): boolean {
  const [only] = appeared
  return changed.length === 0 && appeared.length === 1 && only?.handle === key.handle && isSameKey(only, key)
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

function effectText(spec: Spec, { appeared, changed }: Effect): string {
  if (appeared.length === 0 && changed.length === 0) return 'nothing appeared on the destination'
  const words = appeared.map((key) => `handle ${keyName(spec, key.handle)} (${shownOf(key)}) appeared`)
  return [...words, ...changed.map((key) => `handle ${keyName(spec, key.handle)} changed or went away`)]
    .slice(0, 10)
    .join('; ')
}
