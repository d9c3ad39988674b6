import { UsageError, usageError } from '../shared/clap.mjs'
import { defaultConfigPath } from '../shared/client-sdk5.mjs'
import { self } from '../shared/process.mjs'
import { maskPasswords, runCommand } from './commands.mjs'
import { readClusters } from './config.mjs'
import { interact, logAside, open } from './interactive.mjs'
import { createSession } from './session.mjs'

/** Carries out one command line, or a whole interactive session. Answers the exit status. */
export function run(state, words) {
  const session = createSession(state)
  session.log.line(maskPasswords(words))
  const exit = start(session, words)
  session.log.end()
  return exit
}

function start(session, words) {
  try {
    return startWith(session, words)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    self().complain(`${error.message}\n`)
    return 2
  }
}

function startWith(session, words) {
  if (words[0] === '--version' || words[0] === '-V')
    return print(session, { text: `cloudhsm-cli ${session.version}\n`, exit: 0 })
  if (words.length === 0)
    throw usageError("'cloudhsm-cli' requires a subcommand but one was not provided", 'cloudhsm-cli [COMMAND]')
  session.wait('cli start')
  if (words[0] === 'help' || words[0] === '--help') return print(session, runCommand(session, ['help']))
  if (words[0] !== 'interactive') return runSingle(session, words)
  const answer = open(session, words)
  const exit = print(session, answer)
  if (!answer.ok) return exit
  interact(session)
  return 0
}

// A command line that cannot be read is refused before the configuration is.
function runSingle(session, words) {
  const path = configPathIn(words)
  session.clusters = once(() => readClusters(path))
  logAside(session)
  return print(session, runCommand(session, words))
}

function configPathIn(list) {
  const at = list.findIndex((word) => /^--config(=|$)/.test(word))
  if (at < 0) return defaultConfigPath()
  return list[at].includes('=') ? list[at].slice('--config='.length) : (list[at + 1] ?? defaultConfigPath())
}

function once(make) {
  let made
  return () => {
    made ??= make()
    return made
  }
}

function print({ terminal }, { text, exit }) {
  terminal.write(text)
  return exit
}
