/** Numbers that look random and are the same for the same seed and name, on every machine (sfc32). */
export class Random {
  #a: number
  #b: number
  #c: number
  #d = 1

  /** `name` makes a stream of its own: a draw more in one place does not change what happens in another. */
  constructor(seed: number, name: string) {
    let hash = 0x811c9dc5 ^ seed
    for (const letter of `${seed}:${name}`) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193)
    this.#a = hash >>> 0
    this.#b = Math.imul(hash ^ 0x9e3779b9, 0x85ebca6b) >>> 0
    this.#c = (seed * 2654435761) >>> 0
    for (let warm = 0; warm < 15; warm++) this.next()
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#d++) >>> 0
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0
    return sum / 4294967296
  }

  /** A whole number from `low` to `high`, both possible. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** Each item with its weight. */
  weighted<Item>(items: readonly (readonly [Item, number])[]): Item {
    let left = this.next() * items.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [item, weight] of items) {
      left -= weight
      if (left < 0) return item
    }
    const last = items.at(-1)
    if (!last) throw new RangeError('nothing to choose from')
    return last[0]
  }
}
