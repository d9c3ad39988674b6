// The interactive mode. What it does when standard input is a pipe is not documented, so there are three kinds of it:
// `prompts` prints them on a pipe too and reads the password from it; `silent` prints none there, only answers;
// `terminal` prints them, but cannot log in without a terminal.

import { parseOptions, UsageError } from '../shared/clap.mjs'
import { defaultConfigPath, isAtLeast } from '../shared/client-sdk5.mjs'
import { self } from '../shared/process.mjs'
import { clusterNamed } from './clusters.mjs'
import { maskLine, runCommand } from './commands.mjs'
import { readClusters } from './config.mjs'
import { answerFrom, answerOf } from './faults.mjs'
import { wordsOf } from './words.mjs'

/** Begins a session: `words` are the command line. Answers as a command does; only where that is well it goes on. */
export function open(session, words) {
  const options = parseOptions(words.slice(1), {
    usage: 'cloudhsm-cli interactive [OPTIONS]',
    options: {
      '--config': { value: 'CONFIG' },
      ...(isAtLeast(session.version, '5.12') ? { '--cluster-id': { value: 'CLUSTER_ID' } } : {}),
    },
  })
  return answerFrom(session, () => {
    const clusters = readClusters(options['--config'] ?? defaultConfigPath())
    session.clusters = () => clusters
    session.isInteractive = true
    clusterNamed(session, options['--cluster-id'])
    const act = () => ({ ok: true, text: '', exit: 0 })
    return answerOf(session, { command: 'interactive', line: words.join(' '), act })
  })
}

/** Reads and runs lines until `quit` or the end of the input. */
export function interact(session) {
  while (take(session, session.terminal.ask(promptOf(session)))) {}
}

/** One line of input. Answers whether it goes on. */
export function take(session, line = 'quit') {
  const words = wordsOf(line)
  if (words.length === 0) return true
  session.log.line(maskLine(words))
  if (words.length === 1 && (words[0] === 'quit' || words[0] === 'exit')) return false
  runWords(session, words)
  return true
}

/** As a version that colours what it asks. */
function coloured({ dialect }, text) {
  return dialect.cliColours ? `\x1b[1;32m${text}\x1b[0m` : text
}

/** What a tool says whose log file cannot be written: on standard error, with braces in it. */
export function logAside({ dialect }) {
  if (!dialect.cliLogs) return
  self().complain('Error writing to log file. Falling back to standard error.\n')
  self().complain(
    '2026-01-05T08:00:00.150Z INFO  [793] ThreadId(1) Adding HSM connection: HsmConnection { hsm_info: HSM { IP: "10.0.0.7", Port: 2223 } }\n',
  )
}

export function promptOf(session) {
  if (session.dialect.cliInteractive === 'silent' && !self().isTerminal()) return ''
  const last = [...session.logins.values()].at(-1)
  return coloured(session, last === undefined ? 'aws-cloudhsm > ' : `${last.name}@${last.id} > `)
}

/** An error does not end the session. */
export function runWords(session, words) {
  try {
    logAside(session)
    session.terminal.write(runCommand(session, words).text)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    self().complain(`${error.message}\n`)
  }
}
