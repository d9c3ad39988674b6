import { MINUTE, type Time } from './time.ts'

/** A loop that does not end would take the whole test with it: nobody needs so many in a minute. */
const RUNAWAY = 4_000

/** How often each port is called in a minute of virtual time, all processes together. */
export class Calls {
  /** Something is called without end: it gets no answers any more. */
  isRunaway = false
  readonly most = new Map<string, { count: number; minute: number }>()
  readonly #time: Time
  #minute = -1
  #now = new Map<string, number>()

  constructor(time: Time) {
    this.#time = time
  }

  count(name: string): void {
    const minute = Math.floor(this.#time.now / MINUTE)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#now = new Map()
    }
    this.#add(name)
    this.#add(name.slice(0, name.indexOf('.')))
  }

  #add(name: string): void {
    const count = (this.#now.get(name) ?? 0) + 1
    this.#now.set(name, count)
    if (count > RUNAWAY) this.isRunaway = true
    const most = this.most.get(name)
    if (!most || count > most.count) this.most.set(name, { count, minute: this.#minute })
  }
}
