import { parseArgs } from 'node:util'
import { startWorkspace } from './place.ts'

// npm run workspace [-- --engine cmu] [--port 4390] [--seed 7] [--no-watch]: a page on 127.0.0.1 that plays Slack, with
// the real bot behind it, until Ctrl-C.

const PORT = 4390

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'cloudhsm-cli' },
    port: { type: 'string', default: `${PORT}` },
    seed: { type: 'string', default: '1' },
    'no-watch': { type: 'boolean', default: false },
  },
})
const engine = values.engine === 'cmu' ? 'cmu' : 'cloudhsm-cli'
const place = await startWorkspace({
  engine,
  port: Number(values.port),
  seed: Number(values.seed),
  isWatched: !values['no-watch'],
})
console.log(`A Slack workspace with the bot in it, played on this machine: ${place.url}
Ctrl-C ends it.`)
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
})
await stopped
await place.stop()
process.exit()
