export const ENGINES = ['cmu', 'cloudhsm-cli'] as const
export type DemoEngine = (typeof ENGINES)[number]

export interface Options {
  readonly engine: DemoEngine
  readonly seed: number
  readonly keepOpen: boolean
}

/** Reads the command line; a sentence where it is wrong. */
export function parseOptions(words: readonly string[]): Options | { readonly problem: string } {
  let seed = 1
  let keepOpen = false
  /** The tool of today's clusters. */
  let engine: DemoEngine = 'cloudhsm-cli'
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--keep-open') keepOpen = true
    else if (word === '--engine' || word.startsWith('--engine=')) {
      const value = word === '--engine' ? rest.shift() : word.slice('--engine='.length)
      const named = ENGINES.find((name) => name === value)
      if (!named) return { problem: `--engine needs ${ENGINES.join(' or ')}` }
      engine = named
    } else if (word === '--seed' || word.startsWith('--seed=')) {
      const value = word === '--seed' ? rest.shift() : word.slice('--seed='.length)
      if (value === undefined || !/^\d{1,9}$/.test(value))
        return { problem: `--seed needs a whole number, for example --seed 7` }
      seed = Number(value)
    } else
      return {
        problem: `I do not know ${word}. There are --engine ${ENGINES.join('|')}, --keep-open and --seed <number>.`,
      }
  }
  return { engine, seed, keepOpen }
}
