import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ScriptResult } from './agent.ts'

const HOST = fileURLToPath(new URL('powershell-host.ps1', import.meta.url))
/** Where `.ci/install-test` puts it. */
const CACHED = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cloudhsm-sync-bot/powershell-7.6.9/pwsh')

/** PowerShell 7, where there is one. */
export const POWERSHELL: string | undefined = ['pwsh', CACHED].find(
  (path) => (path === 'pwsh' || existsSync(path)) && spawnSync(path, ['-Version'], { timeout: 30_000 }).status === 0,
)

export interface PowerShellOrder {
  readonly file: string
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
}

/** What a Windows bastion has that this machine has not: see modules/Simulated. */
export const AS_WINDOWS: Readonly<Record<string, string>> = {
  OS: 'Windows_NT',
  PSModulePath: fileURLToPath(new URL('modules', import.meta.url)),
}

/** Writes a script as the agent does, with a byte order mark, and so that its host learns its exit code. */
export function writePowerShell(file: string, lines: readonly string[]): void {
  const text = lines.join('\n').replace(/^exit \$code$/m, '$global:code = $code; exit $code')
  writeFileSync(file, `\ufeff${text}\n`)
}

export interface PowerShellRun {
  readonly pid: number
  readonly result: Promise<ScriptResult>
  /** As the agent on Windows does: PowerShell alone, not what it started. */
  kill(): void
}

/** One process that runs script files, one at a time; see powershell-host.ps1. */
class Host {
  readonly #process: ChildProcess
  readonly #answers: Interface
  isBusy = false
  isGone = false

  constructor(pwsh: string) {
    const child = spawn(pwsh, ['-NoProfile', '-NonInteractive', '-File', HOST], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#process = child
    this.#answers = createInterface(child.stdout)
    child.on('close', () => {
      this.isGone = true
    })
    child.stdin.on('error', () => undefined)
  }

  run(order: PowerShellOrder): PowerShellRun {
    this.isBusy = true
    this.#keep(true)
    const result = new Promise<ScriptResult>((resolve) => {
      const end = (result: ScriptResult) => {
        this.isBusy = false
        this.#keep(false)
        this.#process.off('close', died)
        resolve(result)
      }
      const died = () => end({ exitCode: -1, stdout: '', stderr: '' })
      this.#process.once('close', died)
      this.#answers.once('line', (line) => {
        const answer: { code: number; printed: string; complaint: string } = JSON.parse(line)
        end({ exitCode: answer.code, stdout: answer.printed, stderr: answer.complaint })
      })
    })
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`)
    return { pid: this.#process.pid ?? 0, result, kill: () => this.#process.kill('SIGKILL') }
  }

  /** Does the test run wait for it? It ends with its standard input, so with this process. */
  #keep(isRunning: boolean): void {
    const { stdin, stdout } = this.#process
    for (const one of [this.#process, stdin, stdout]) {
      if (one && 'ref' in one && 'unref' in one) (isRunning ? one.ref : one.unref).call(one)
    }
  }
}

const hosts: Host[] = []

/** Runs a script file on Windows as the simulator plays it. Throws where there is no PowerShell. */
export function runPowerShell(order: PowerShellOrder): PowerShellRun {
  if (POWERSHELL === undefined)
    throw new Error('no PowerShell here: .ci/install-test installs it where there is dotnet')
  let host = hosts.find(({ isBusy, isGone }) => !isBusy && !isGone)
  if (!host) {
    host = new Host(POWERSHELL)
    hosts.push(host)
  }
  return host.run(order)
}
