import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isJson, parseJson, textAt } from '../json.ts'

/**
 * One start of cloudhsm_mgmt_util or cloudhsm-cli, with what was typed into it (passwords masked). The arguments of
 * cloudhsm-cli are its first command, and its only one unless they are `interactive`.
 */
export interface SessionRecord {
  readonly tool: 'cmu' | 'cloudhsm-cli'
  readonly pid: number
  readonly bastion: string
  readonly commandId: string
  readonly startedAt: number
  readonly commands: readonly string[]
  /** Whether it ended by itself (CMU: with `quit` or the end of its input), and not by a kill. */
  readonly ended: boolean
}

/** Reads the session logs that the fake tools write, oldest first. */
export function readSessions(directory: string): SessionRecord[] {
  const folder = join(directory, 'sessions')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((name) => sessionOf(readFileSync(join(folder, name), 'utf8')))
    .sort((a, b) => a.startedAt - b.startedAt)
}

function sessionOf(text: string): SessionRecord {
  const [head, ...lines] = text.split('\n').map(parseJson).filter(isJson)
  const commands = lines.map((line) => textAt(line, 'line')).filter((line) => line !== undefined)
  const tool = textAt(head, 'tool') === 'cloudhsm-cli' ? 'cloudhsm-cli' : 'cmu'
  return {
    tool,
    pid: Number(head?.pid),
    bastion: textAt(head, 'bastion') ?? '',
    commandId: textAt(head, 'commandId') ?? '',
    startedAt: Number(head?.at),
    commands,
    ended: tool === 'cmu' ? commands.at(-1) === 'quit' : lines.some((line) => line.ended === true),
  }
}
