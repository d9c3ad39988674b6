import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BastionFiles } from './bastion-files.ts'
import { AS_WINDOWS, runPowerShell, writePowerShell } from './powershell.ts'

export interface ScriptResult {
  /** The script's exit status as the agent sees it: a script that died by SIGKILL has 137. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Why the agent killed it, when it did. */
  readonly killed?: 'timeout' | 'cancel'
}

export interface ScriptRun {
  /** Where the agent keeps it. */
  readonly directory: string
  /** Of the shell, where there is one. */
  readonly pid?: number
  readonly result: Promise<ScriptResult>
  kill(reason: 'timeout' | 'cancel'): void
  /** Ends everything that it started, also what has left its process group. */
  sweep(): void
}

export interface ScriptOrder {
  readonly commandId: string
  readonly instanceId: string
  readonly region: string
  readonly statePath: string
  readonly lines: readonly string[]
  /** Parameters of a document that come as environment variables. */
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
  readonly executionTimeoutMs: number
}

/**
 * Runs a script as the SSM agent does: `commands` joined with line feeds in a file of its own, `sh -c <path>`, a
 * process group of its own, nothing on standard input, no terminal. It ends when both output pipes are closed, so a
 * background process that keeps them open holds the command In Progress.
 */
export function runScript(files: BastionFiles, order: ScriptOrder): ScriptRun {
  if (files.platform === 'Windows') return runOnWindows(files, order)
  const directory = join(files.orchestration, order.commandId, 'awsrunShellScript', '0.awsrunShellScript')
  mkdirSync(directory, { recursive: true })
  const script = join(directory, '_script.sh')
  writeFileSync(script, `${order.lines.join('\n')}\n`, { mode: 0o700 })
  const child = spawn('/bin/sh', ['-c', script], {
    cwd: order.workingDirectory ?? directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentOf(files, order),
  })
  let killed: 'timeout' | 'cancel' | undefined
  const kill = (reason: 'timeout' | 'cancel') => {
    killed ??= reason
    killGroup(child.pid)
    // The agent does not wait for pipes that a survivor of the kill still holds.
    setTimeout(() => [child.stdout, child.stderr].map((stream) => stream?.destroy()), 200).unref()
  }
  const timer = setTimeout(() => kill('timeout'), order.executionTimeoutMs)
  const result = outcomeOf(child).then((outcome) => {
    clearTimeout(timer)
    return killed === undefined ? outcome : { ...outcome, exitCode: 137, killed }
  })
  return {
    directory,
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    result,
    kill,
    sweep: () => endSession(child.pid ?? 0),
  }
}

/**
 * The same on Windows: a script file with a byte order mark, PowerShell, and of what is cancelled or takes too long
 * PowerShell alone is ended.
 */
function runOnWindows(files: BastionFiles, order: ScriptOrder): ScriptRun {
  const directory = join(files.orchestration, order.commandId, 'awsrunPowerShellScript', '0.awsrunPowerShellScript')
  mkdirSync(directory, { recursive: true })
  const file = join(directory, '_script.ps1')
  writePowerShell(file, order.lines)
  const environment = {
    ...environmentOf(files, order),
    ...AS_WINDOWS,
    AWS_SSM_PLATFORM_NAME: 'Microsoft Windows Server 2022',
  }
  const { pid, result, kill: end } = runPowerShell({ file, directory: files.root, environment })
  let killed: 'timeout' | 'cancel' | undefined
  const kill = (reason: 'timeout' | 'cancel') => {
    killed ??= reason
    end()
  }
  const timer = setTimeout(() => kill('timeout'), order.executionTimeoutMs)
  const outcome = result.then((found) => {
    clearTimeout(timer)
    return killed === undefined ? found : { ...found, exitCode: -1, killed }
  })
  return { directory, pid, result: outcome, kill, sweep: () => endChildren(order.commandId) }
}

/** Tools that outlived their PowerShell. */
function endChildren(commandId: string): void {
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name) && variablesOf(name).includes(`SSM_COMMAND_ID=${commandId}\0`)) kill(Number(name))
  }
}

function variablesOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}

function endSession(pid: number): void {
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name) && sessionOf(name) === String(pid)) kill(Number(name))
  }
  killGroup(pid)
}

function environmentOf(files: BastionFiles, order: ScriptOrder): Record<string, string> {
  return {
    PATH: files.path,
    HOME: files.home,
    SSM_COMMAND_ID: order.commandId,
    AWS_SSM_INSTANCE_ID: order.instanceId,
    AWS_SSM_REGION_NAME: order.region,
    AWS_SSM_PLATFORM_NAME: 'Amazon Linux',
    AWS_SSM_PLATFORM_VERSION: '2023',
    ...order.environment,
    SIM_STATE: order.statePath,
    SIM_BASTION: order.instanceId,
  }
}

function outcomeOf(child: ChildProcess): Promise<ScriptResult> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  return new Promise((resolve) => {
    const end = (exitCode: number, note = '') =>
      resolve({
        exitCode,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8') + note,
      })
    child.on('error', (error) => end(1, error.message))
    child.on('close', (code, signal) => end(signal === null ? (code ?? 1) : 137))
  })
}

function killGroup(pid: number | undefined): void {
  if (pid !== undefined && pid > 1) kill(-pid)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It had already ended.
  }
}

function sessionOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
  } catch {
    return undefined
  }
}
