/** A played dialogue: the text CMU printed before the first command, then each command with its answer. */
export interface Session {
  readonly banner: string
  readonly answers: readonly { readonly command: string; readonly text: string }[]
  /** The last command, if CMU did not come back from it: a question, silence, its end. */
  readonly unfinished: string | undefined
  /** Answers by command, and by command within a server mode. Made once: a session can have thousands. */
  readonly index: ReadonlyMap<string, string>
}

export interface Played {
  /** Commands that were sent, as the bastion script counted. */
  readonly sent: number
  /** `whole`: every command that was sent was answered. `broken`: all but the last. `killed`: nobody counted; the next one may have been sent. */
  readonly end: 'whole' | 'broken' | 'killed'
}

const SEPARATOR = '\x1e'

/** Splits a transcript at its prompts: the bastion script ends each segment with a record separator. Total on any text. */
export function parseSession(transcript: string, commands: readonly string[], { sent, end }: Played): Session {
  const [banner = '', ...segments] = transcript.split(SEPARATOR)
  const count = end === 'killed' ? Math.max(segments.length, 0) : sent
  const answers = commands.slice(0, count).map((command, position) => ({ command, text: segments[position] ?? '' }))
  const index = new Map<string, string>()
  let mode = ''
  for (const { command, text } of answers) {
    if (/^server \d+$/.test(command)) mode = command
    else if (command === 'exit') mode = ''
    index.set(`${mode} ${command}`, text)
    if (!index.has(command)) index.set(command, text)
  }
  return { banner, answers, unfinished: end === 'whole' ? undefined : answers.at(-1)?.command, index }
}

/** What CMU answered to a command (in a server mode, if named); `undefined` if the command was never sent. */
export function answerTo(session: Session, command: string, mode?: string): string | undefined {
  return session.index.get(mode === undefined ? command : `${mode} ${command}`)
}
