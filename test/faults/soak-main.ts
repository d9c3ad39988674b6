import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '../contract/postgres-server.ts'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    seconds: { type: 'string', default: '230' },
  },
})
const seed = Number(values.seed)
process.stdout.write(`seed ${seed}\n`)
const postgres = await startPostgres()
const { problems, summary, log } = await soak({
  databaseUrl: await postgres.createDatabase(),
  requests: Number(values.requests),
  seed,
  seconds: Number(values.seconds),
})
await postgres.stop()
process.stdout.write(`${summary}\n`)
if (problems.length > 0) {
  const file = join(tmpdir(), `hsm-sync-soak-${seed}.log`)
  await writeFile(file, log)
  process.stdout.write(`  the bots' log: ${file}\n`)
}
process.exit(problems.length === 0 ? 0 : 1)
