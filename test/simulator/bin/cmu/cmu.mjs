// A stand-in for AWS's cloudhsm_mgmt_util (Client SDK 3): an interactive session on standard input and output.
// Usage: cloudhsm_mgmt_util <configuration file>. Needs SIM_STATE (the simulator's state file) in the environment.

import { recordProcess } from '../shared/recording.mjs'
import { openState } from '../shared/state-file.mjs'
import { createTerminal } from '../shared/terminal.mjs'
import { take } from './commands.mjs'
import { readServers } from './configuration.mjs'
import { connect } from './connect.mjs'
import { createSession } from './session.mjs'

recordProcess('cloudhsm_mgmt_util')
const state = openState(process.env.SIM_STATE)
const dialect = state.read().dialect
const terminal = createTerminal(dialect)

const servers = readServers(process.argv.slice(2))
if (typeof servers === 'string') {
  terminal.print(servers)
  process.exit(1)
}

const session = createSession({ state, dialect, terminal })
connect(session, servers)
while (take(session, terminal.ask(session.prompt()))) {}
state.close()
process.exitCode = dialect.exitCode
