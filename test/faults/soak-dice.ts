import { createHash } from 'node:crypto'

/** Choices that a seed makes: the same name is answered the same, whatever happened before. */
export interface Dice {
  /** A number from 0 (included) to 1 (excluded). */
  roll(name: string): number
  pick<Item>(name: string, items: readonly Item[]): Item
  /** One roll after the other under this name. */
  rolls(name: string): () => number
}

export function diceOf(seed: number): Dice {
  const roll = (name: string) => createHash('sha256').update(`${seed}|${name}`).digest().readUIntBE(0, 6) / 2 ** 48
  return {
    roll,
    pick: (name, items) => {
      const item = items[Math.floor(roll(name) * items.length)]
      if (item === undefined) throw new Error(`nothing to choose from for ${name}`)
      return item
    },
    rolls: (name) => {
      let count = 0
      return () => roll(`${name}|${count++}`)
    },
  }
}
