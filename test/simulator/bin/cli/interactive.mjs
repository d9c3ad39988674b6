// The interactive mode. What it does when standard input is a pipe is not documented, so there are three kinds of it:
// `prompts` prints them on a pipe too and reads the password from it; `silent` prints none there, only answers;
// `terminal` prints them, but cannot log in without a terminal.

import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { UsageError } from '../shared/clap.mjs'
import { maskLine, runCommand } from './commands.mjs'
import { wordsOf } from './words.mjs'

/** Reads and runs lines until `quit` or the end of the input. */
export function interact(session) {
  session.isInteractive = true
  const isSilent = session.dialect.cliInteractive === 'silent' && !isatty(0)
  for (;;) {
    const line = session.terminal.ask(isSilent ? '' : promptOf(session))
    const words = wordsOf(line ?? 'quit')
    if (words.length === 0) continue
    session.log.line(maskLine(words))
    if (words.length === 1 && (words[0] === 'quit' || words[0] === 'exit')) return
    run(session, words)
  }
}

function promptOf({ logins }) {
  const last = [...logins.values()].at(-1)
  return last === undefined ? 'aws-cloudhsm > ' : `${last.name}@${last.id} > `
}

// An error does not end the session.
function run(session, words) {
  try {
    session.terminal.write(runCommand(session, words).text)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    writeSync(2, `${error.message}\n`)
  }
}
