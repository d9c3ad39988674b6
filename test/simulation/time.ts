/** Where every run begins: any moment, the same for all. */
export const START = 1_800_000_000_000
export const SECOND = 1_000
export const MINUTE = 60_000

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
  isOff: boolean
}

/** Takes back what was planned. */
export type Off = () => void

/** Virtual time: it stands still while anything is at work, then jumps to the next thing that was planned. */
export class Time {
  now = START
  #order = 0
  readonly #heap: Event[] = []

  /** Plans something; of two at one moment, the one that was planned first comes first. */
  at(when: number, run: () => void): Off {
    const event: Event = { at: Math.max(Math.ceil(when), this.now), order: this.#order++, run, isOff: false }
    this.#push(event)
    return () => {
      event.isOff = true
    }
  }

  after(ms: number, run: () => void): Off {
    return this.at(this.now + ms, run)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve)
    })
  }

  /** Lets time pass until `isOver`, asked after every event, or until nothing is planned any more. */
  async run(isOver: () => boolean): Promise<void> {
    for (;;) {
      // Everything that is ready runs dry first: only then does time go on.
      await new Promise((resolve) => setImmediate(resolve))
      if (isOver()) return
      let event = this.#pop()
      while (event?.isOff) event = this.#pop()
      if (!event) return
      this.now = event.at
      event.run()
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (!parent || isBefore(parent, event)) break
      heap[at] = parent
      at = above
    }
    heap[at] = event
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || first === last) return first
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const child = left && right && isBefore(right, left) ? right : left
      if (!child || isBefore(last, child)) break
      heap[at] = child
      at = 2 * at + (child === left ? 1 : 2)
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
