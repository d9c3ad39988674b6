import { createTerminal } from '../shared/terminal.mjs'
import { take } from './commands.mjs'
import { readServers } from './configuration.mjs'
import { connect } from './connect.mjs'
import { createSession } from './session.mjs'

/** A whole session with the servers of the configuration file that `words` name. Answers the exit status. */
export function run(state, words) {
  const { dialect } = state.read()
  const terminal = createTerminal(dialect)
  const servers = readServers(words)
  if (typeof servers === 'string') {
    terminal.print(servers)
    return 1
  }
  const session = createSession({ state, dialect, terminal })
  connect(session, servers)
  while (take(session, terminal.ask(session.prompt()))) {}
  return dialect.exitCode
}
