// A stand-in for AWS's cloudhsm_mgmt_util (Client SDK 3): an interactive session on standard input and output.
// Usage: cloudhsm_mgmt_util <configuration file>. Needs SIM_STATE (the simulator's state file) in the environment.

import { recordProcess } from '../shared/recording.mjs'
import { openState } from '../shared/state-file.mjs'
import { run } from './run.mjs'

recordProcess('cloudhsm_mgmt_util')
const state = openState(process.env.SIM_STATE)
process.exitCode = run(state, process.argv.slice(2))
state.close()
