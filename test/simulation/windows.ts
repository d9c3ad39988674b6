import { PLATFORMS, type Platform } from '../../src/domain/platform.ts'
import type { EngineName } from '../../src/domain/spec.ts'
import type { Bastion } from './bastion/bastion.ts'
import type { Random } from './random.ts'
import { SECOND, START, type Time } from './time.ts'
import type { Weather } from './weather.ts'

/**
 * In some runs of CMU the bastion is a Windows instance: what is cancelled there ends PowerShell alone, and the tool goes
 * on with the command that it has. In a few the settings say so of an instance that is none, until the operator has one put up.
 */
export class Windows {
  /** What the settings say. */
  readonly platform: Platform
  /** How often somebody cancels what runs there. */
  #cancels = 0
  readonly #isWrong: boolean
  readonly #random: Random
  readonly #weather: Weather

  constructor(random: Random, weather: Weather, engine: EngineName) {
    this.#random = random
    this.#weather = weather
    this.platform = random.chance(0.3) && engine === 'cmu' ? 'windows' : 'linux'
    this.#isWrong = this.platform === 'windows' && random.chance(0.08)
  }

  /** What the instance is now, as SSM says. */
  get type(): string {
    return this.#isWrong && !this.#weather.isClear() ? PLATFORMS.linux.type : PLATFORMS[this.platform].type
  }

  get isCancelled(): boolean {
    return this.#cancels > 0
  }

  /** Plans when somebody cancels what runs there. */
  plan(time: Time, bastion: Bastion): void {
    if (this.platform !== 'windows') return
    const count = this.#random.int(0, 6)
    for (let n = 0; n < count; n++) {
      const moment = START + this.#random.int(10 * SECOND, 240 * SECOND)
      if (moment >= this.#weather.clearFrom) continue
      this.#cancels++
      time.at(moment, () => bastion.endShells())
    }
  }
}
