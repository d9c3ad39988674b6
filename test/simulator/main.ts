import { parseArgs } from 'node:util'
import { startSimulator } from './index.ts'
import { channels, hsm2mClusters, people, twoClusters } from './worlds.ts'

// The simulator alone, for whoever tests another tool against CloudHSM, SSM and Slack: see the README beside this.

const { values } = parseArgs({
  options: {
    world: { type: 'string', default: 'hsm1' },
    seed: { type: 'string', default: '1' },
    socket: { type: 'boolean', default: false },
  },
})

const world = values.world === 'hsm2m' ? hsm2mClusters() : twoClusters()
const simulator = await startSimulator({ world, seed: Number(values.seed) })
const variables = Object.entries(simulator.environment(values.socket ? { socketMode: true } : {}))
for (const [name, value] of variables) console.log(`export ${name}='${value}'`)
const { binary, config, cli, configure } = simulator.bastionPaths('us-bastion')
console.log(`# us-bastion: ${JSON.stringify({ binary, config, cli, configure })}`)
console.log(`# channel ${channels.route}; people ${JSON.stringify(people)}`)
console.log('# Ctrl-C ends it.')
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.stop().then(() => process.exit()))
}
