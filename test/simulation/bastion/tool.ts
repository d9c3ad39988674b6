/** What a tool gives back to one line. `prompt`: it waits for the next one. */
export interface Said {
  readonly text: string
  readonly end: 'prompt' | 'question' | 'silent' | 'gone' | 'password'
}

/** A tool that is talked to: what it says at its start, and to each line. */
export interface Talker {
  start(): Promise<Said>
  say(line: string): Promise<Said>
}

/** How a tool misbehaves with one command, if it does. */
export type ToolFault =
  | 'fail'
  | 'question'
  | 'silent-before'
  | 'silent-after'
  | 'gone-before'
  | 'gone-after'
  | 'lie'
  | 'twice'
  | 'new-handle'
  | 'some'

export const TOOL_FAULTS: readonly (readonly [ToolFault, number])[] = [
  ['fail', 4],
  ['question', 2],
  ['silent-before', 1],
  ['silent-after', 1],
  ['gone-before', 2],
  ['gone-after', 2],
  ['lie', 2],
  ['twice', 1],
  ['new-handle', 1],
  ['some', 2],
]
