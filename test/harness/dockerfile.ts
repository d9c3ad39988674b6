export interface Instruction {
  /** In capitals: `RUN`. */
  readonly word: string
  /** `--from=build` as `from` and `build`. */
  readonly flags: ReadonlyMap<string, string>
  /** What follows, on one line. */
  readonly rest: string
}

export interface BuildStage {
  readonly base: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

/**
 * The stages of a Dockerfile of the plain sort: no here-documents, no ARG before FROM. Throws where it is not of that
 * sort.
 */
export function readDockerfile(text: string): readonly BuildStage[] {
  const stages: (BuildStage & { instructions: Instruction[] })[] = []
  for (const instruction of instructionsOf(text)) {
    if (instruction.word === 'FROM') {
      const [base = '', as, name] = instruction.rest.split(/\s+/)
      stages.push({ base, name: as?.toUpperCase() === 'AS' ? name : undefined, instructions: [] })
    } else {
      const stage = stages.at(-1)
      if (!stage) throw new Error(`${instruction.word} before the first FROM`)
      stage.instructions.push(instruction)
    }
  }
  return stages
}

/** `NAME=value` pairs of an ENV: none of ours has spaces or quotes in a value. */
export function pairsOf({ rest }: Instruction): readonly (readonly [string, string])[] {
  return rest.split(/\s+/).map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1 || /["'\\]/.test(pair)) throw new Error(`not NAME=value: ${pair}`)
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
}

/** The words of an instruction in exec form, or nothing where it is in shell form. */
export function execForm(rest: string): readonly string[] | undefined {
  if (!rest.startsWith('[')) return undefined
  const words: unknown = JSON.parse(rest)
  return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined
}

function instructionsOf(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  return lines.filter((line) => line.trim() !== '').map(instructionOf)
}

function instructionOf(line: string): Instruction {
  const [, word, flags = '', rest] = /^(\w+)((?:\s+--[\w-]+=\S+)*)\s+(.+)$/.exec(line) ?? []
  if (word === undefined || rest === undefined) throw new Error(`not an instruction: ${line}`)
  const named = [...flags.matchAll(/--([\w-]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value] as const)
  return { word: word.toUpperCase(), flags: new Map(named), rest: rest.trim() }
}
