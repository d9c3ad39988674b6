import type { EngineName } from '../../../src/domain/spec.ts'
import type { Dialect } from '../../simulator/bin/shared/dialect.mjs'
import type { ToolFault, WorldSpec } from '../../simulator/world/world-spec.ts'
import type { WorldState } from '../../simulator/world/world-state.ts'
import { hsm2mClusters, twoClusters } from '../../simulator/worlds.ts'
import { sourceOf } from './truth.ts'

/** How each engine's tool is set up and disturbed. Nothing here says what is expected. */
export interface Tool {
  readonly engine: EngineName
  world(overrides?: Partial<WorldSpec>): WorldSpec
  /** The next `times` copies of this user go wrong: one for every destination that the tool writes to by itself. */
  disturbUser(state: WorldState, name: string, fault: Disturbance): void
  disturbKey(state: WorldState, handle: number, fault: Disturbance): void
  /** The login of the verification fails: all before it succeed. */
  failLastLogin(state: WorldState): void
  /** Makes the copy of a key on the destination another one, by a mark that this tool shows. */
  changeMarks(key: WorldState['clusters'][number]['hsms'][number]['keys'][number]): void
  /** How a command for this key is typed. */
  typed(handle: number): string
}

export type Disturbance = Omit<ToolFault, 'command' | 'match'>

export const reference = (handle: number) => `0x${handle.toString(16).padStart(16, '0')}`

const cmu: Tool = {
  engine: 'cmu',
  world: twoClusters,
  disturbUser(state, name, fault) {
    const id = sourceOf(state).hsms[0]?.users.find((user) => user.name === name)?.id
    state.toolFaults.push({ command: 'syncUser', match: `syncUser ${id} `, times: 2, ...fault })
  },
  disturbKey(state, handle, fault) {
    state.toolFaults.push({ command: 'syncKey', match: `${handle}`, ...fault })
  },
  failLastLogin(state) {
    // Inventory, users of two HSMs, the first key, the others.
    state.toolFaults.push({ command: 'loginHSM', skip: 5, do: 'fail' })
  },
  changeMarks(key) {
    key.owner = 'crypto_user3'
  },
  typed: (handle) => `syncKey ${handle} `,
}

/** CloudHSM CLI as `dialect` has it; in the contract of both engines it is one session per step. */
export function cliTool(dialect: Partial<Dialect> = { cliInteractive: 'prompts' }): Tool {
  return {
    engine: 'cloudhsm-cli',
    world: (overrides = {}) => hsm2mClusters({ ...overrides, dialect: { ...dialect, ...overrides.dialect } }),
    disturbUser(state, name, fault) {
      const refusal = { text: 'User replicate failed on 2 of 2 connections' }
      state.toolFaults.push({ command: 'user replicate', match: `--username ${name} `, ...refusal, ...fault })
    },
    disturbKey(state, handle, fault) {
      const refusal = { text: 'Key replicate failed on 2 of 2 connections' }
      state.toolFaults.push({ command: 'key replicate', match: reference(handle), ...refusal, ...fault })
    },
    failLastLogin(state) {
      // Two clusters each: inventory, users, the first key, the others.
      state.toolFaults.push({ command: 'login', skip: 8, do: 'fail' })
    },
    changeMarks(key) {
      key.label = 'another-key'
    },
    typed: (handle) => `key replicate --filter key-reference=${reference(handle)} `,
  }
}

/** CMU on a Windows bastion. */
export const cmuOnWindows: Tool = {
  ...cmu,
  world(overrides = {}) {
    const world = twoClusters(overrides)
    return { ...world, bastions: world.bastions.map((bastion) => ({ ...bastion, platform: 'Windows' })) }
  },
}

export const bothTools: readonly Tool[] = [cmu, cliTool()]

/** Each tool, with the script in every command and with the script in a locked document. */
export const bothForms: readonly (readonly [string, Tool, boolean])[] = bothTools.flatMap((tool) => [
  [tool.engine, tool, false] as const,
  [`${tool.engine}, in a locked document`, tool, true] as const,
])
