// What a process on the bastion could be seen with: a test searches these files for secrets that must not be there.

import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { self } from './process.mjs'

/** The simulator's directory, from the place of the state file. */
export function simulatorDirectory() {
  return dirname(self().variables.SIM_STATE)
}

/** Writes argument vector and environment of this process, and the argument vectors of its neighbours. */
export function recordProcess(tool) {
  const folder = join(simulatorDirectory(), 'recordings')
  mkdirSync(folder, { recursive: true })
  const name = `${Date.now()}-${process.pid}-${tool}.json`
  const recording = {
    tool,
    pid: process.pid,
    at: Date.now(),
    bastion: process.env.SIM_BASTION,
    commandId: process.env.SSM_COMMAND_ID,
    argv: process.argv.slice(2),
    environment: { ...process.env },
    workingDirectory: process.cwd(),
    neighbours: neighbours(),
  }
  // A reader must never meet half a file.
  writeFileSync(join(folder, `${name}.part`), JSON.stringify(recording))
  renameSync(join(folder, `${name}.part`), join(folder, name))
}

/** Says that the tool was used in a way that must not happen; `simulator.violations()` shows it. */
export function recordViolation(tool, text) {
  appendFileSync(
    join(simulatorDirectory(), 'violations.ndjson'),
    `${JSON.stringify({ tool, pid: process.pid, at: Date.now(), text })}\n`,
  )
}

/** Counts one login attempt, to one HSM or to a cluster as a whole; `simulator.logins()` shows it. */
export function recordLogin({ tool, user, target, ok }) {
  appendFileSync(
    join(simulatorDirectory(), 'logins.ndjson'),
    `${JSON.stringify({ at: Date.now(), tool, user, target, ok })}\n`,
  )
}

// Other processes of the same session: the script, its subshells, whatever runs on the other side of the pipe.
function neighbours() {
  const session = sessionOf('self')
  if (session === undefined) return []
  const found = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid || sessionOf(name) !== session) continue
    try {
      found.push(readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1))
    } catch {
      // It ended in the meantime.
    }
  }
  return found
}

function sessionOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
  } catch {
    return undefined
  }
}
