import type { Random } from './random.ts'
import { MINUTE, SECOND, START, type Time } from './time.ts'
import type { Weather } from './weather.ts'

/** `before`: it did nothing. `after`: it did what it was asked, and its answer was lost, as over a network. */
export type StoreFailure = 'before' | 'after'

interface Outage {
  readonly from: number
  readonly to: number
}

/**
 * The database, in some runs: single calls that fail, and times in which none is answered. By streams of its own, so
 * that runs without it stay as they are.
 */
export class StoreFault {
  readonly isThere: boolean
  readonly #time: Time
  readonly #random: Random
  readonly #weather: Weather
  /** Of one call in how many. */
  readonly #rate: number
  readonly #outages: readonly Outage[]

  constructor(time: Time, random: Random, weather: Weather) {
    this.#time = time
    this.#random = random
    this.#weather = weather
    this.isThere = random.chance(0.15)
    this.#rate = this.isThere ? random.pick([0.003, 0.01, 0.03]) : 0
    const count = this.isThere ? random.int(0, 2) : 0
    this.#outages = Array.from({ length: count }, () => {
      const from = START + random.int(10 * SECOND, 6 * MINUTE)
      return { from, to: from + random.pick([3 * SECOND, 20 * SECOND, 3 * MINUTE]) }
    })
  }

  /** What goes wrong with this call. */
  next(): StoreFailure | undefined {
    if (!this.isThere || this.#weather.isClear()) return undefined
    const { now } = this.#time
    if (this.#outages.some(({ from, to }) => from <= now && now < to)) return 'before'
    if (!this.#random.chance(this.#rate)) return undefined
    return this.#random.chance(0.5) ? 'before' : 'after'
  }
}
