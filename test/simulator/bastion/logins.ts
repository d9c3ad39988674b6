import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isJson, parseJson, textAt } from '../json.ts'

/** One attempt to log in, to one HSM (CMU) or to a cluster as a whole (CloudHSM CLI). */
export interface LoginRecord {
  readonly at: number
  readonly tool: 'cmu' | 'cloudhsm-cli'
  readonly user: string
  /** IP address of the HSM, or id of the cluster. */
  readonly target: string
  readonly ok: boolean
}

/** Reads what the fake tools have recorded about logins, oldest first. */
export function readLogins(directory: string): LoginRecord[] {
  const file = join(directory, 'logins.ndjson')
  if (!existsSync(file)) return []
  const entries = readFileSync(file, 'utf8').split('\n').map(parseJson).filter(isJson)
  return entries.map((entry) => ({
    at: Number(entry.at),
    tool: textAt(entry, 'tool') === 'cloudhsm-cli' ? 'cloudhsm-cli' : 'cmu',
    user: textAt(entry, 'user') ?? '',
    target: textAt(entry, 'target') ?? '',
    ok: entry.ok === true,
  }))
}
