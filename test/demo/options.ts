export interface Options {
  readonly seed: number
  readonly keepOpen: boolean
}

/** Reads the command line; a sentence where it is wrong. */
export function parseOptions(words: readonly string[]): Options | { readonly problem: string } {
  let seed = 1
  let keepOpen = false
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--keep-open') keepOpen = true
    else if (word === '--seed' || word.startsWith('--seed=')) {
      const value = word === '--seed' ? rest.shift() : word.slice('--seed='.length)
      if (value === undefined || !/^\d{1,9}$/.test(value))
        return { problem: `--seed needs a whole number, for example --seed 7` }
      seed = Number(value)
    } else return { problem: `I do not know ${word}. There are --keep-open and --seed <number>.` }
  }
  return { seed, keepOpen }
}
