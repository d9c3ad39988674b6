// A stand-in for AWS's cloudhsm-cli (Client SDK 5): one command per process, or an interactive session on standard input
// and output. Needs SIM_STATE (the simulator's state file) and SIM_ETC (its configuration's folder) in the environment.

import { writeSync } from 'node:fs'
import { parseOptions, UsageError, usageError } from '../shared/clap.mjs'
import { defaultConfigPath, isAtLeast } from '../shared/client-sdk5.mjs'
import { recordProcess } from '../shared/recording.mjs'
import { openState } from '../shared/state-file.mjs'
import { clusterNamed } from './clusters.mjs'
import { maskPasswords, runCommand } from './commands.mjs'
import { readClusters } from './config.mjs'
import { answerFrom, answerOf } from './faults.mjs'
import { interact, logAside } from './interactive.mjs'
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
  return words[0] === 'interactive' ? startInteractive(words.slice(1)) : runSingle()
}

// A command line that cannot be read is refused before the configuration is.
function runSingle() {
  const path = configPathIn(words)
  session.clusters = once(() => readClusters(path))
  logAside(session)
  return print(runCommand(session, words))
}

function startInteractive(rest) {
  const options = parseOptions(rest, {
    usage: 'cloudhsm-cli interactive [OPTIONS]',
    options: {
      '--config': { value: 'CONFIG' },
      ...(isAtLeast(session.version, '5.12') ? { '--cluster-id': { value: 'CLUSTER_ID' } } : {}),
    },
  })
  const answer = answerFrom(session, () => {
    const clusters = readClusters(options['--config'] ?? defaultConfigPath())
    session.clusters = () => clusters
    clusterNamed(session, options['--cluster-id'])
    const act = () => ({ ok: true, text: '', exit: 0 })
    return answerOf(session, { command: 'interactive', line: words.join(' '), act })
  })
  const exit = print(answer)
  if (!answer.ok) return exit
  interact(session)
  return 0
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
