import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** What is started: by default the built bot of this repository, as whoever runs the test. */
export interface Program {
  /** From the working directory. */
  readonly main: string
  /** Only root may become another. */
  readonly as?: { readonly uid: number; readonly gid: number }
}

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const READY_MS = 45_000
const STOP_MS = 15_000

export interface BotProcess {
  readonly url: string
  /** Where the operators' pages are: `url`, or METRICS_PORT's. */
  readonly pagesUrl: string
  readonly pid: number
  readonly log: () => string
  readonly startMs: number
  /** Resident memory in MB, and the most it has been. */
  memory(): Promise<{ readonly now: number; readonly peak: number }>
  /** Resolves with the exit code, however it ends. */
  readonly exited: Promise<number | null>
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * Starts the built bot as an operator would, and waits until it is up, whether Slack answers or not. Rejects with what
 * it printed when it ends instead.
 */
export async function startBotProcess(
  env: Readonly<Record<string, string>>,
  cwd: string,
  { main, as }: Program = { main: MAIN },
): Promise<BotProcess> {
  const port = env.PORT ?? String(await freePort())
  const started = performance.now()
  const child = spawn(process.execPath, [main], {
    cwd,
    ...as,
    env: { PATH: process.env.PATH ?? '', HOST: '127.0.0.1', ...env, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null))
  const url = `http://127.0.0.1:${port}`
  const pagesUrl = env.METRICS_PORT ? `http://127.0.0.1:${env.METRICS_PORT}` : url
  await ready(child, pagesUrl, () => output)
  const startMs = performance.now() - started
  return {
    url,
    pagesUrl,
    pid: child.pid ?? 0,
    log: () => output,
    startMs,
    memory: () => memoryOf(child.pid ?? 0),
    exited,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      return exited.finally(() => clearTimeout(patience))
    },
  }
}

async function ready(child: ChildProcess, url: string, output: () => string): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the bot ended before it was ready:\n${output()}`)
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    if (answer?.ok) return
    await wait(100)
  }
  child.kill('SIGKILL')
  throw new Error(`the bot was not ready in time:\n${output()}`)
}

/** From Linux's /proc: the demo and the tests need Linux anyway, as the bastion does. */
async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const { readFile } = await import('node:fs/promises')
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string) =>
    Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024)
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}

// Below the range that the system gives to `listen(0)`: a bot that is killed and started again must find its port free,
// whatever simulators start meanwhile.
const FIRST_PORT = 20_000
const PORTS = 10_000
// Each of vitest's workers has ports of its own: a port is free for a moment where a bot is started again, and
// another's bot would answer for it.
const OWN_PORTS = 1_000
const ownPorts = Number(process.env.VITEST_POOL_ID ?? 0) * OWN_PORTS
let nextPort = process.pid * 37

/** A port for a bot, given out once per process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = FIRST_PORT + ((ownPorts + (nextPort++ % OWN_PORTS)) % PORTS)
    const server = createServer()
    server.listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
  throw new Error('no free port')
}
