import { InputEnded, type Terminal } from './terminal.ts'

export interface Talk {
  /** Undefined: nobody is there to ask. */
  readonly terminal: Terminal | undefined
  readonly print: (line: string) => void
  /** A line for each flag that nothing could be settled for. */
  readonly lacking: string[]
}

export interface Wrong {
  readonly wrong: string
}

export interface Question<Value> {
  readonly flag: string
  readonly words: string
  /** What the flag said. */
  readonly given: string | undefined
  /** What is unambiguous: the answer to an empty line, and where nobody is asked. */
  readonly proposal?: string | undefined
  /** What could be answered, for who must name the flag. */
  readonly candidates: string
  /** Never repeats what was typed: it could be a password in the wrong place. */
  readonly read: (text: string) => Value | Wrong
}

const MOST_TRIES = 20

/**
 * The answer from the flag, from who sits at the terminal, or the proposal. `undefined`: there is none, and a line
 * about it was added to what is lacking. Throws InputEnded.
 */
export async function settle<Value>(talk: Talk, question: Question<Value>): Promise<Value | undefined> {
  const { flag, given, proposal, read } = question
  let problem: string | undefined
  if (given !== undefined) {
    const value = read(given)
    if (!isWrong(value)) return value
    problem = `${flag}: ${value.wrong}`
  }
  if (talk.terminal) {
    if (problem) talk.print(problem)
    return asked(talk, talk.terminal, question)
  }
  if (problem) {
    talk.lacking.push(problem)
    return undefined
  }
  if (proposal !== undefined) {
    const value = read(proposal)
    if (!isWrong(value)) return value
  }
  talk.lacking.push(`${flag} is missing: ${question.candidates}`)
  return undefined
}

async function asked<Value>(
  talk: Talk,
  terminal: Terminal,
  { words, proposal, read }: Question<Value>,
): Promise<Value | undefined> {
  const shown = proposal === undefined ? '' : ` [${proposal}]`
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const typed = await terminal.ask(`${words}${shown}: `)
    if (typed === undefined) break
    const value = read(typed === '' ? (proposal ?? '') : typed)
    if (!isWrong(value)) return value
    talk.print(`  ${value.wrong}`)
  }
  throw new InputEnded('the input ended')
}

export function isWrong<Value>(value: Value | Wrong): value is Wrong {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'wrong') === 'string'
}

/** Words separated by blanks or commas. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))]
}
