import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { simulatorDirectory } from '../shared/recording.mjs'
import { sleep } from '../shared/sleep.mjs'
import { takeFault } from './faults.mjs'

/** One run of the tool: which servers answer, who is logged in where, and whether we are in server mode. */
export function createSession({ state, dialect, terminal }) {
  const folder = join(simulatorDirectory(), 'sessions')
  mkdirSync(folder, { recursive: true })
  const logFile = join(folder, `${process.pid}.ndjson`)
  const write = (entry) => appendFileSync(logFile, `${JSON.stringify({ at: Date.now(), ...entry })}\n`)
  write({ pid: process.pid, bastion: process.env.SIM_BASTION, commandId: process.env.SSM_COMMAND_ID })

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
      write({ line: line.replace(/^(\s*loginHSM\s+\S+\s+\S+\s+).*/, '$1***') })
    },
    wait(command) {
      sleep(state.read().latencyMs[command] ?? 0)
    },
    fault(line) {
      return takeFault(state, line)
    },
  }
  return session
}

/** The HSM with this id, out of a state. */
export function hsmIn(state, hsmId) {
  for (const cluster of state.clusters) for (const hsm of cluster.hsms) if (hsm.hsmId === hsmId) return hsm
  throw new Error(`no HSM ${hsmId} in the state file`)
}

/** The cluster that holds this HSM. */
export function clusterOf(state, hsmId) {
  for (const cluster of state.clusters) if (cluster.hsms.some((hsm) => hsm.hsmId === hsmId)) return cluster
  throw new Error(`no HSM ${hsmId} in the state file`)
}

/** Users by name: CMU does not distinguish upper and lower case. PCO and CO are one role. */
export function userNamed(hsm, name, type) {
  const wanted = name.toLowerCase()
  return hsm.users.find((user) => user.name.toLowerCase() === wanted && (!type || roleOf(user.type) === roleOf(type)))
}

export function roleOf(type) {
  return type === 'PCO' ? 'CO' : type
}

/** Keys of an HSM that have arrived by now. */
export function keysOf(hsm) {
  const now = Date.now()
  return hsm.keys.filter((key) => key.visibleAt === undefined || key.visibleAt <= now)
}
