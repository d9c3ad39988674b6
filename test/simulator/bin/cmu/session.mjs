import { hsmIn } from '../shared/hsms.mjs'
import { self } from '../shared/process.mjs'
import { openSessionLog } from '../shared/session-log.mjs'
import { takeFault } from '../shared/take-fault.mjs'

/** One run of the tool: which servers answer, who is logged in where, and whether we are in server mode. */
export function createSession({ state, dialect, terminal }) {
  const log = openSessionLog('cmu')
  const session = {
    state,
    dialect,
    terminal,
    /** {number, name, hostname, port, hsmId, partition, login} of every server that answered. */
    servers: [],
    /** Set when a server is without end-to-end encryption: most commands are refused. */
    limited: false,
    /** Number of the server we are in, or undefined in global mode. */
    mode: undefined,
    prompt() {
      if (session.mode === undefined) return dialect.prompt
      const trailing = dialect.prompt.endsWith(' ') ? ' ' : ''
      return `${dialect.serverPrompt.replace('0', String(session.mode))}${trailing}`
    },
    /** The servers a command goes to. */
    targets() {
      return session.servers.filter((server) => session.mode === undefined || server.number === session.mode)
    },
    hsmOf(server) {
      return hsmIn(state.read(), server.hsmId)
    },
    /** ` on server 0(10.0.0.1)`, or nothing where this dialect leaves it out. */
    on(server) {
      return session.mode !== undefined && !dialect.serverModeSuffix
        ? ''
        : ` on server ${server.number}(${server.name})`
    },
    print: terminal.print,
    log(line) {
      // The log is for counting commands; it never holds a password.
      log.line(line.replace(/^(\s*loginHSM\s+\S+\s+\S+\s+).*/, '$1***'))
    },
    wait(command) {
      self().sleep(state.read().latencyMs[command] ?? 0)
    },
    fault(line) {
      return takeFault(state, { command: line.trim().split(/\s+/)[0], line })
    },
  }
  return session
}
