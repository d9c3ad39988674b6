// A stand-in for AWS's cloudhsm-cli (Client SDK 5): one command per process, or an interactive session on standard
// input and output. Needs SIM_STATE (the simulator's state file) and SIM_ETC (its configuration's folder) in the
// environment.

import { writeSync } from 'node:fs'
import { UsageError, usageError } from '../shared/clap.mjs'
import { defaultConfigPath } from '../shared/client-sdk5.mjs'
import { recordProcess } from '../shared/recording.mjs'
import { openState } from '../shared/state-file.mjs'
import { maskPasswords, runCommand } from './commands.mjs'
import { readClusters } from './config.mjs'
import { interact, logAside, open } from './interactive.mjs'
import { createSession } from './session.mjs'

recordProcess('cloudhsm-cli')
const state = openState(process.env.SIM_STATE)
const session = createSession(state)
const words = process.argv.slice(2)
session.log.line(maskPasswords(words))
try {
  process.exitCode = start()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  writeSync(2, `${error.message}\n`)
  process.exitCode = 2
}
session.log.end()
state.close()

/** Answers with the exit status. */
function start() {
  if (words[0] === '--version' || words[0] === '-V')
    return print({ text: `cloudhsm-cli ${session.version}\n`, exit: 0 })
  if (words.length === 0)
    throw usageError("'cloudhsm-cli' requires a subcommand but one was not provided", 'cloudhsm-cli [COMMAND]')
  session.wait('cli start')
  if (words[0] === 'help' || words[0] === '--help') return print(runCommand(session, ['help']))
  if (words[0] !== 'interactive') return runSingle()
  const answer = open(session, words)
  const exit = print(answer)
  if (!answer.ok) return exit
  interact(session)
  return 0
}

// A command line that cannot be read is refused before the configuration is.
function runSingle() {
  const path = configPathIn(words)
  session.clusters = once(() => readClusters(path))
  logAside(session)
  return print(runCommand(session, words))
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

function print({ text, exit }) {
  session.terminal.write(text)
  return exit
}
