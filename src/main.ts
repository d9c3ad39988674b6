import { randomBytes, randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from './application/ports.ts'
import { ConfigError, databaseUrl, landscapeOf, loadConfig } from './config.ts'
import { parseRequestId } from './domain/ids.ts'
import { createLog, describeError } from './log.ts'

/** No I, L, O and U: read aloud and typed on phones without mistakes (Crockford's base 32). */
const ID_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ID_LENGTH = 6
const STOP_MS = 10_000
const LINGER_MS = 200

const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
}

function newRequestId() {
  const id = parseRequestId(Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join(''))
  if (!id) throw new Error('made a request id that is none')
  return id
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** What the program does besides being the bot. Answers the exit code. */
async function command(verb: string, words: readonly string[], print: (line: string) => void): Promise<number> {
  switch (verb) {
    case 'freeze':
    case 'unfreeze':
      return (await import('./commands/brake.ts')).brakeCommand(
        [verb, ...words],
        databaseUrl(process.env),
        clock,
        print,
      )
    case 'audit':
      return (await import('./commands/audit.ts')).auditCommand(words, databaseUrl(process.env), print)
    case 'document':
      return (await import('./commands/document.ts')).documentCommand(
        words,
        () => landscapeOf(process.env, process.cwd()),
        print,
      )
    case 'doctor': {
      const { doctorCommand } = await import('./commands/doctor.ts')
      const world = { env: process.env, workingDirectory: process.cwd(), clock }
      const code = await doctorCommand(words, world, print)
      // What did not answer in its time may hold a connection for longer.
      setTimeout(() => process.exit(code), LINGER_MS).unref()
      return code
    }
    case 'iam':
      return (await import('./commands/iam.ts')).iamCommand(words, () => landscapeOf(process.env, process.cwd()), print)
    case 'init': {
      const { initCommand } = await import('./commands/init.ts')
      const { openTerminal } = await import('./commands/init/terminal.ts')
      const { stdin, stdout } = process
      const terminal = stdin.isTTY ? () => openTerminal(stdin, stdout) : undefined
      const world = { env: process.env, workingDirectory: process.cwd(), clock, openTerminal: terminal }
      return initCommand(words, world, print)
    }
    case 'manifest':
      return (await import('./commands/manifest.ts')).manifestCommand(words, print)
    default:
      throw new Error(
        `unknown command ${verb}; there are: audit verify, audit export, doctor, document, freeze, iam, init, manifest, unfreeze. Without one the bot starts.`,
      )
  }
}

async function main(): Promise<void> {
  // The built files are few and large: a stack trace names the source.
  process.setSourceMapsEnabled(true)
  const [verb, ...words] = process.argv.slice(2)
  // Each way brings its own libraries: the record needs nothing of Slack and AWS, and a wrong setting is told before
  // they are read.
  if (verb !== undefined) {
    process.exitCode = await command(verb, words, print)
    return
  }
  const config = loadConfig(process.env, process.cwd())
  const log = createLog(config.logLevel, process.stdout)
  const holder = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`
  const { startBot } = await import('./bot.ts')
  const starting = startBot(config, { clock, newRequestId, holder, log, print })

  let isStopping = false
  const stop = (reason: string, exitCode: number) => {
    if (isStopping) return
    isStopping = true
    log.info({ reason }, 'asked to stop')
    // Whatever hangs: leases run out, and everything that matters is stored.
    setTimeout(() => process.exit(exitCode || 1), STOP_MS).unref()
    starting
      .then((bot) => bot.stop())
      .then(
        () => process.exit(exitCode),
        () => process.exit(1),
      )
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal, 0))
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error({ error: describeError(error) }, 'an error that nobody expected: stopping')
      stop(event, 1)
    })
  }
  await starting
}

main().catch((error: unknown) => {
  // Before there is a log: the operator reads this on the terminal.
  const words =
    error instanceof ConfigError
      ? error.message
      : `could not start: ${error instanceof Error ? withCauses(error) : String(error)}`
  process.stderr.write(`${words}\n`)
  process.exit(1)
})

function withCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${withCauses(error.cause)}` : error.message
}
