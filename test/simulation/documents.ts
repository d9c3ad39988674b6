import { createHash } from 'node:crypto'
import { type Refusal, refuse } from '../../src/domain/refusal.ts'
import type { Random } from './random.ts'
import { MINUTE, SECOND, START, type Time } from './time.ts'
import type { Weather } from './weather.ts'

export interface WrongSpell {
  readonly from: number
  readonly to: number
  readonly kind: 'missing' | 'other'
}

/** The bastion's locked document, in some runs: now and then it is gone, or somebody has put up another one. */
export class Documents {
  readonly isThere: boolean
  readonly wrong: readonly WrongSpell[]
  readonly #time: Time
  readonly #random: Random
  readonly #weather: Weather
  readonly #rightContent: () => string

  constructor(time: Time, random: Random, weather: Weather, rightContent: () => string) {
    const { clearFrom } = weather
    this.#weather = weather
    this.#time = time
    this.#random = random
    this.#rightContent = rightContent
    this.isThere = random.chance(0.15)
    const count = this.isThere && random.chance(0.6) ? random.int(1, 2) : 0
    this.wrong = Array.from({ length: count }, () => {
      const from = START + random.int(0, 3 * MINUTE)
      const to = Math.min(from + random.int(30 * SECOND, 9 * MINUTE), clearFrom)
      return { from, to, kind: random.chance(0.3) ? 'missing' : 'other' }
    })
  }

  async document(region: string): Promise<{ readonly content: string; readonly hash: string } | undefined | Refusal> {
    await this.#time.sleep(this.#random.int(30, 250))
    if (this.#random.chance(0.03) && !this.#weather.isClear())
      return refuse({ code: 'aws', problem: 'throttled', service: 'Systems Manager', region, detail: 'as it is' })
    return this.#now()
  }

  rightHash(): string {
    return hashOf(this.#rightContent())
  }

  /** Does SSM take a command that names this hash? */
  takes(hash: string): boolean {
    return this.#now()?.hash === hash
  }

  #now(): { readonly content: string; readonly hash: string } | undefined {
    const { now } = this.#time
    const spell = this.wrong.find(({ from, to }) => from <= now && now < to)
    if (spell?.kind === 'missing') return undefined
    const right = this.#rightContent()
    const content = spell ? right.replace('and nothing else', 'and something else') : right
    return { content, hash: hashOf(content) }
  }
}

function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}
