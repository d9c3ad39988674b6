import { versionOf } from '../shared/client-sdk5.mjs'
import { self } from '../shared/process.mjs'
import { openSessionLog } from '../shared/session-log.mjs'
import { createTerminal } from '../shared/terminal.mjs'

/** One run of the tool. */
export function createSession(state) {
  const { dialect } = state.read()
  return {
    state,
    dialect,
    version: versionOf(state.read()),
    terminal: createTerminal({ echo: false, blankLines: false }),
    log: openSessionLog('cloudhsm-cli'),
    /** {id, caFile, servers} of each cluster in the configuration file. Throws a Failure for a bad file. */
    clusters: () => [],
    /** Cluster id → {id, hsmIds, name, role} of every login, the last one last. */
    logins: new Map(),
    isInteractive: false,
    wait(what) {
      self().sleep(state.read().latencyMs[what] ?? 0)
    },
  }
}
