import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { self } from './process.mjs'
import { simulatorDirectory } from './recording.mjs'

let count = 0

/** The log of one run of a tool: what was typed into it, for counting. Whoever writes a line masks its passwords. */
export function openSessionLog(tool) {
  const folder = join(simulatorDirectory(), 'sessions')
  mkdirSync(folder, { recursive: true })
  // Process ids come back when thousands of short runs are made.
  const file = join(folder, `${Date.now()}-${process.pid}-${count++}.ndjson`)
  const write = (entry) => appendFileSync(file, `${JSON.stringify({ at: Date.now(), ...entry })}\n`)
  const { SIM_BASTION: bastion, SSM_COMMAND_ID: commandId } = self().variables
  write({ tool, pid: process.pid, bastion, commandId })
  return {
    line: (line) => write({ line }),
    /** The tool left by itself, and not by a kill. */
    end: () => write({ ended: true }),
  }
}
