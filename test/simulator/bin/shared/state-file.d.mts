import type { WorldState } from '../../world/world-state.ts'

export interface StateFile {
  read(): WorldState
  update(change: (state: WorldState) => void): void
  close(): void
}
export function openState(path: string): StateFile
export function writeSnapshot(path: string, state: WorldState): void
