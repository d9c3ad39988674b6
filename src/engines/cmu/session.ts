/** A played dialogue: the text CMU printed before the first command, then each command with its answer. */
export interface Session {
  readonly banner: string
  readonly answers: readonly { readonly command: string; readonly text: string }[]
  /** The last command, if CMU did not come back from it: a question, silence, its end. */
  readonly unfinished: string | undefined
  /** Is it known how many commands were sent? If not, any of those without an answer may have been. */
  readonly isCounted: boolean
  /** Answers by command, and by command within a server mode. Made once: a session can have thousands. */
  readonly index: ReadonlyMap<string, string>
}

export interface Played {
  /**
   * Commands that were sent, as the bastion script counted; `undefined`: nobody counted, so any of them may have been
   * sent.
   */
  readonly sent: number | undefined
  /** `whole`: every command that was sent was answered. `broken`: the last one was not. */
  readonly end: 'whole' | 'broken'
}

const SEPARATOR = '\x1e'

/**
 * Splits a transcript at its prompts: the bastion script ends each segment with a record separator. Total on any text.
 */
export function parseSession(transcript: string, commands: readonly string[], { sent, end }: Played): Session {
  const [banner = '', ...segments] = transcript.split(SEPARATOR)
  // Not counted: what was answered is known, and one more may have been sent at least.
  const answers = commands
    .slice(0, sent ?? segments.length)
    .map((command, position) => ({ command, text: segments[position] ?? '' }))
  const index = new Map<string, string>()
  let mode = ''
  for (const { command, text } of answers) {
    if (/^server \d+$/.test(command)) mode = command
    else if (command === 'exit') mode = ''
    index.set(`${mode} ${command}`, text)
    if (!index.has(command)) index.set(command, text)
  }
  const unfinished = end === 'whole' ? undefined : answers.at(-1)?.command
  return { banner, answers, unfinished, isCounted: sent !== undefined, index }
}

/**
 * What CMU answered to a command (in a server mode, if named); `undefined` without an answer: never sent, if all were
 * counted.
 */
export function answerTo(session: Session, command: string, mode?: string): string | undefined {
  return session.index.get(mode === undefined ? command : `${mode} ${command}`)
}
