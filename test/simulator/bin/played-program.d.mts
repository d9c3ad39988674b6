/** How a program ended and what it said. */
export interface Ended {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramCall {
  /** Its environment: SIM_STATE, SIM_BASTION and SIM_ETC at least. */
  readonly variables: Readonly<Record<string, string>>
  readonly words: readonly string[]
  /** All of its standard input. */
  readonly input?: string
}

export type Program = 'cloudhsm_mgmt_util' | 'cloudhsm-cli' | 'configure-cli'

export function playProgram(tool: Program, call: ProgramCall): Ended
