import { MINUTE, type Time } from './time.ts'

/** The most calls in a minute of virtual time: well above what thousands of runs were seen to need. */
const MOST: ReadonlyMap<string, number> = new Map(Object.entries({ store: 1_500, ssm: 200, aws: 60, slack: 200 }))

/** How often each port is called in a minute of virtual time, all processes together. */
export class Calls {
  /**
   * What is called too often. It gets no answers any more: a loop that does not end would take the whole test with it.
   */
  runaway: string | undefined
  readonly most = new Map<string, { count: number; minute: number }>()
  readonly #time: Time
  #minute = -1
  #now = new Map<string, number>()

  constructor(time: Time) {
    this.#time = time
  }

  count(name: string, port: string): void {
    const minute = Math.floor(this.#time.now / MINUTE)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#now = new Map()
    }
    this.#add(name)
    this.#add(port)
  }

  #add(name: string): void {
    const count = (this.#now.get(name) ?? 0) + 1
    this.#now.set(name, count)
    const limit = MOST.get(name)
    if (limit !== undefined && count > limit)
      this.runaway = `${count} calls of ${name} in one minute: more than ${limit}`
    const most = this.most.get(name)
    if (!most || count > most.count) this.most.set(name, { count, minute: this.#minute })
  }
}
