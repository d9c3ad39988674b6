import type { Random } from './random.ts'
import { MINUTE, SECOND, START, type Time } from './time.ts'

/** What can go wrong in a run, each by itself or with others. */
export const FAULTS = [
  'send',
  'status',
  'agent',
  'output',
  'disk',
  'tmpfs',
  'reboot',
  'slack',
  'crash',
  'clusters',
  'directory',
  'tool',
  'secret',
  'hands',
  'workspace',
  'rows',
  'night',
  'channel',
] as const
export type Fault = (typeof FAULTS)[number]

/** How much of it there is, seldom or often. */
const STRENGTHS = [0.3, 1, 3] as const

export const DISK_FAULTS = ['full', 'no-inodes', 'read-only'] as const

interface Spell {
  readonly fault: Fault
  readonly from: number
  readonly to: number
  readonly kind: string
}

/** What goes wrong in this run, when, until the clean end. */
export class Weather {
  /** From here on nothing goes wrong any more: then everything must end. */
  readonly clearFrom: number
  readonly faults: ReadonlyMap<Fault, number>
  readonly spells: Spell[]
  readonly #time: Time
  readonly #random: Random

  constructor(time: Time, random: Random, clearFrom?: number) {
    this.#time = time
    this.#random = random
    this.clearFrom = clearFrom ?? START + random.int(5, 10) * MINUTE
    const count = random.weighted([
      [0, 1],
      [1, 3],
      [2, 4],
      [3, 3],
      [5, 2],
      [8, 1],
    ] as const)
    const faults = new Map<Fault, number>()
    for (let n = 0; n < count; n++) faults.set(random.pick(FAULTS), random.pick(STRENGTHS))
    this.faults = faults
    this.spells = [
      ...this.#spellsOf('disk', DISK_FAULTS),
      ...this.#spellsOf('tmpfs', ['full']),
      ...this.#spellsOf('slack', ['ratelimited', 'unclear', 'http_503', 'is_archived', 'internal_error']),
      ...this.#spellsOf('directory', ['throttled', 'unreachable', 'failed']),
      ...this.#spellsOf('workspace', ['down']),
      ...this.#spellsOf('channel', ['archived', 'shared', 'left']),
    ]
  }

  /** Does this go wrong now? `probability`: at its usual strength. */
  happens(fault: Fault, probability: number): boolean {
    const strength = this.faults.get(fault)
    if (strength === undefined || this.isClear()) return false
    return this.#random.chance(Math.min(0.9, probability * strength))
  }

  /** What is wrong with something for a while, at this moment. */
  spell(fault: Fault): string | undefined {
    return this.kindsOf(fault)[0]
  }

  /** Every kind that is in force: spells of one fault may overlap. */
  kindsOf(fault: Fault): readonly string[] {
    const { now } = this.#time
    return this.spells
      .filter((spell) => spell.fault === fault && spell.from <= now && now < spell.to)
      .map(({ kind }) => kind)
  }

  /** Something goes wrong for a while, beginning in a moment. */
  strike(fault: Fault, kind: string, { inMs, forMs }: { readonly inMs: number; readonly forMs: number }): void {
    const from = this.#time.now + inMs
    this.spells.push({ fault, kind, from, to: Math.min(from + forMs, this.clearFrom) })
  }

  isClear(): boolean {
    return this.#time.now >= this.clearFrom
  }

  /**
   * Moments at which something happens once, such as a reboot. `early`: most requests are decided and run in the first
   * minutes.
   */
  moments(fault: Fault, usual: number, early = 0): readonly number[] {
    const strength = this.faults.get(fault)
    if (strength === undefined) return []
    const count = Math.max(1, Math.round(usual * strength * this.#random.next() * 2))
    const last = this.#random.chance(early) ? Math.min(START + 4 * MINUTE, this.clearFrom) : this.clearFrom
    return Array.from({ length: count }, () => this.#random.int(START + 10 * SECOND, last - 1))
  }

  #spellsOf(fault: Fault, kinds: readonly string[]): Spell[] {
    return this.moments(fault, fault === 'disk' ? 0.7 : 2, 0.4).map((from) => {
      const length = this.#random.weighted([
        [this.#random.int(1, 20) * SECOND, 3],
        [this.#random.int(1, 6) * MINUTE, 2],
        [60 * MINUTE, 1],
      ])
      return { fault, from, to: Math.min(from + length, this.clearFrom), kind: this.#random.pick(kinds) }
    })
  }
}
