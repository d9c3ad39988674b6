import { Incarnation } from './incarnation.ts'
import type { Random } from './random.ts'
import type { Stage } from './stage.ts'
import { MINUTE, SECOND } from './time.ts'

/** The bot's processes: one, or two on one store. Who crashes is started again after a while. */
export class Processes {
  readonly #stage: Stage
  readonly #random: Random
  readonly #running: (Incarnation | undefined)[] = []
  #started = 0
  /** When the last process is there again, as far as is known. */
  lastStart = 0

  constructor(stage: Stage) {
    this.#stage = stage
    this.#random = stage.random('processes')
  }

  async startAll(): Promise<void> {
    for (let place = 0; place < (this.#stage.isPair ? 2 : 1); place++) await this.#start(place)
  }

  /** One that is there, whichever. */
  any(): Incarnation | undefined {
    const there = this.#running.filter((process) => process !== undefined)
    return there.length > 0 ? this.#random.pick(there) : undefined
  }

  /** Ends one as an operator does: it finishes what it is at, then another one starts. */
  async restart(): Promise<void> {
    const place = this.#random.int(0, this.#running.length - 1)
    const process = this.#running[place]
    if (!process) return
    this.#stage.tell('operator', 'stops a process')
    this.#running[place] = undefined
    await process.inbox.stop(6 * SECOND)
    await process.work.stop()
    // It may have crashed while it stopped: then this is never reached.
    this.#stage.tell('operator', 'it has stopped')
    process.isAlive = false
    this.#stage.time.after(this.#random.int(1, 10) * SECOND, () => void this.#start(place))
  }

  async #start(place: number): Promise<void> {
    const holder = `bot-${++this.#started}`
    this.#stage.tell('operator', `starts ${holder}`)
    const process = await Incarnation.start(this.#stage, holder, (isNight) => this.#died(place, isNight))
    this.#running[place] = process
  }

  #died(place: number, isNight: boolean): void {
    const { time, weather } = this.#stage
    this.#running[place] = undefined
    // A new version comes the same way.
    if (this.#random.chance(0.06)) this.#stage.update()
    const pause = this.#random.weighted([
      [this.#random.int(1, 10) * SECOND, 5],
      [this.#random.int(10, 180) * SECOND, 3],
      [this.#random.int(16, 30) * MINUTE, 1],
    ])
    // Nobody may be there for a night: longer than a run may lie still.
    const night = isNight ? this.#random.int(29, 50) * MINUTE : undefined
    const latest = Math.max(weather.clearFrom, time.now + SECOND)
    const back = night === undefined ? Math.min(time.now + pause, latest) : time.now + night
    this.lastStart = Math.max(this.lastStart, back)
    time.at(back, () => void this.#start(place))
  }
}
