// A stand-in for AWS's configure-cli (Client SDK 5): writes cloudhsm-cli.cfg. `add-cluster` asks DescribeClusters for
// the cluster's HSMs, with the bastion's own role. Needs SIM_STATE and SIM_ETC in the environment.

import { writeSync } from 'node:fs'
import { UsageError } from '../shared/clap.mjs'
import { recordProcess } from '../shared/recording.mjs'
import { openState } from '../shared/state-file.mjs'
import { configure } from './changes.mjs'
import { withFault } from './faults.mjs'

recordProcess('configure-cli')
const state = openState(process.env.SIM_STATE)
const words = process.argv.slice(2)
try {
  const { error, text = '', exit } = withFault(state, { words, perform: () => configure(state.read(), words) })
  if (error === undefined) writeSync(1, text)
  else writeSync(2, `Error: ${error}\n`)
  process.exitCode = exit ?? (error === undefined ? 0 : 1)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  writeSync(2, `${error.message}\n`)
  process.exitCode = 2
}
state.close()
