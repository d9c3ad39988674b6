// A stand-in for AWS's cloudhsm-cli (Client SDK 5): one command per process, or an interactive session on standard
// input and output. Needs SIM_STATE (the simulator's state file) and SIM_ETC (its configuration's folder) in the
// environment.

import { recordProcess } from '../shared/recording.mjs'
import { openState } from '../shared/state-file.mjs'
import { run } from './run.mjs'

recordProcess('cloudhsm-cli')
const state = openState(process.env.SIM_STATE)
process.exitCode = run(state, process.argv.slice(2))
state.close()
