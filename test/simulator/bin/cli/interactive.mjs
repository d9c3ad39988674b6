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
    const line = session.terminal.ask(isSilent ? '' : coloured(session, promptOf(session)))
    const words = wordsOf(line ?? 'quit')
    if (words.length === 0) continue
    session.log.line(maskLine(words))
    if (words.length === 1 && (words[0] === 'quit' || words[0] === 'exit')) return
    run(session, words)
  }
}

/** As a version that colours what it asks. */
export function coloured({ dialect }, text) {
  return dialect.cliColours ? `\x1b[1;32m${text}\x1b[0m` : text
}

/** What a tool says whose log file cannot be written: on standard error, with braces in it. */
export function logAside({ dialect }) {
  if (!dialect.cliLogs) return
  writeSync(2, 'Error writing to log file. Falling back to standard error.\n')
  writeSync(
    2,
    '2026-01-05T08:00:00.150Z INFO  [793] ThreadId(1) Adding HSM connection: HsmConnection { hsm_info: HSM { IP: "10.0.0.7", Port: 2223 } }\n',
  )
}

function promptOf({ logins }) {
  const last = [...logins.values()].at(-1)
  return last === undefined ? 'aws-cloudhsm > ' : `${last.name}@${last.id} > `
}

// An error does not end the session.
function run(session, words) {
  try {
    logAside(session)
    session.terminal.write(runCommand(session, words).text)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    writeSync(2, `${error.message}\n`)
  }
}
