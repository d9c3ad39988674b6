export const ENGINES = ['cmu', 'cloudhsm-cli'] as const
export type DemoEngine = (typeof ENGINES)[number]
export const PLATFORMS = ['linux', 'windows'] as const
export type DemoPlatform = (typeof PLATFORMS)[number]

export interface Options {
  readonly engine: DemoEngine
  /** Of the bastion. `windows`: CMU, and PowerShell really runs. */
  readonly platform: DemoPlatform
  readonly seed: number
  readonly keepOpen: boolean
}

/** Reads the command line; a sentence where it is wrong. */
export function parseOptions(words: readonly string[]): Options | { readonly problem: string } {
  let seed = 1
  let keepOpen = false
  let engine: DemoEngine | undefined
  let platform: DemoPlatform = 'linux'
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--keep-open') keepOpen = true
    else if (word === '--engine' || word.startsWith('--engine=')) {
      const value = word === '--engine' ? rest.shift() : word.slice('--engine='.length)
      const named = ENGINES.find((name) => name === value)
      if (!named) return { problem: `--engine needs ${ENGINES.join(' or ')}` }
      engine = named
    } else if (word === '--platform' || word.startsWith('--platform=')) {
      const value = word === '--platform' ? rest.shift() : word.slice('--platform='.length)
      const named = PLATFORMS.find((name) => name === value)
      if (!named) return { problem: `--platform needs ${PLATFORMS.join(' or ')}` }
      platform = named
    } else if (word === '--seed' || word.startsWith('--seed=')) {
      const value = word === '--seed' ? rest.shift() : word.slice('--seed='.length)
      if (value === undefined || !/^\d{1,9}$/.test(value))
        return { problem: `--seed needs a whole number, for example --seed 7` }
      seed = Number(value)
    } else
      return {
        problem: `I do not know ${word}. There are --engine ${ENGINES.join('|')}, --platform ${PLATFORMS.join('|')}, --keep-open and --seed <number>.`,
      }
  }
  if (platform === 'windows' && engine === 'cloudhsm-cli')
    return { problem: '--platform windows is played with --engine cmu: CloudHSM CLI needs a Linux bastion' }
  /** Without a word the tool of today's clusters. */
  return { engine: engine ?? (platform === 'windows' ? 'cmu' : 'cloudhsm-cli'), platform, seed, keepOpen }
}
