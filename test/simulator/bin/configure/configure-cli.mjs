// A stand-in for AWS's configure-cli (Client SDK 5): writes cloudhsm-cli.cfg. `add-cluster` asks DescribeClusters for
// the cluster's HSMs, with the bastion's own role. Needs SIM_STATE and SIM_ETC in the environment.

import { recordProcess } from '../shared/recording.mjs'
import { openState } from '../shared/state-file.mjs'
import { run } from './run.mjs'

recordProcess('configure-cli')
const state = openState(process.env.SIM_STATE)
process.exitCode = run(state, process.argv.slice(2))
state.close()
