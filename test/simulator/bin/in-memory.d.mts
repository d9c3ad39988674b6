/** What a tool finds in its environment: SIM_STATE, SIM_BASTION, SIM_ETC, SSM_COMMAND_ID. */
export type Variables = Readonly<Record<string, string>>

export interface Played {
  readonly text: string
  /** `question`: it waits for something else than a command. `done`: it has ended by itself. */
  readonly end: 'prompt' | 'question' | 'silent' | 'gone' | 'done'
  /** How long it would have taken. */
  readonly ms: number
}

export interface PlayedTool {
  start(): Played
  say(line: string): Played
  /** `quits`: it is told to leave; otherwise it is ended. Answers the last that it says. */
  close(quits: boolean): string
}

export function openCmu(variables: Variables, config: string): PlayedTool
export function openCli(variables: Variables, words: readonly string[]): PlayedTool
export function runConfigure(variables: Variables, words: readonly string[]): Played & { readonly exit: number }
export function cliVersion(variables: Variables): string
