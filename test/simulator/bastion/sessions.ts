import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isJson, parseJson, textAt } from '../json.ts'

/** One start of cloudhsm_mgmt_util, with what was typed into it (passwords masked). */
export interface SessionRecord {
  readonly pid: number
  readonly bastion: string
  readonly commandId: string
  readonly startedAt: number
  readonly commands: readonly string[]
  /** Whether it ended with `quit` or the end of its input, and not by a kill. */
  readonly ended: boolean
}

/** Reads the session logs that the fake CMU writes, oldest first. */
export function readSessions(directory: string): SessionRecord[] {
  const folder = join(directory, 'sessions')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((name) => sessionOf(readFileSync(join(folder, name), 'utf8')))
    .sort((a, b) => a.startedAt - b.startedAt)
}

function sessionOf(text: string): SessionRecord {
  const [head, ...lines] = text.split('\n').map(parseJson).filter(isJson)
  const commands = lines.map((line) => textAt(line, 'line') ?? '')
  return {
    pid: Number(head?.pid),
    bastion: textAt(head, 'bastion') ?? '',
    commandId: textAt(head, 'commandId') ?? '',
    startedAt: Number(head?.at),
    commands,
    ended: commands.at(-1) === 'quit',
  }
}
