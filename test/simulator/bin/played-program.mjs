// A tool's whole program, from its arguments to its exit status, played in this process: the same code on a standard
// input that was written before. For tests of what the tools say; simulator-programs.test.ts compares the two.

import { run as runCli } from './cli/run.mjs'
import { run as runCmu } from './cmu/run.mjs'
import { run as runConfigureCli } from './configure/run.mjs'
import { playAs } from './shared/process.mjs'
import { openState } from './shared/state-file.mjs'

const programs = { cloudhsm_mgmt_util: runCmu, 'cloudhsm-cli': runCli, 'configure-cli': runConfigureCli }

/** Its process is gone. */
class Gone extends Error {
  constructor(how) {
    super('the process is gone')
    this.how = how
  }
}

/** {status, signal, stdout, stderr}, as of a process. Whatever would take time takes none. */
export function playProgram(tool, { variables, words, input = '' }) {
  const bytes = Buffer.from(input)
  let at = 0
  const said = { stdout: '', stderr: '' }
  const process = {
    variables,
    sleep() {},
    isTerminal: () => false,
    exit(status) {
      throw new Gone({ status, signal: null })
    },
    die() {
      throw new Gone({ status: null, signal: 'SIGKILL' })
    },
    hang() {
      throw new Error('it would hang for ever')
    },
    read(buffer) {
      const count = bytes.copy(buffer, 0, at)
      at += count
      return count
    },
    write(text) {
      said.stdout += text
    },
    complain(text) {
      said.stderr += text
    },
  }
  const state = openState(variables.SIM_STATE)
  try {
    return { status: playAs(process, () => programs[tool](state, words)), signal: null, ...said }
  } catch (error) {
    if (!(error instanceof Gone)) throw error
    return { ...error.how, ...said }
  } finally {
    state.close()
  }
}
