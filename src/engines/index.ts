import type { EngineName } from '../domain/spec.ts'
import { cloudHsmCliEngine } from './cloudhsm-cli/index.ts'
import { cmuEngine } from './cmu/index.ts'
import type { Engine } from './engine.ts'

/** Every engine there is, by name. Reads their scripts from disk. */
export function allEngines(): Readonly<Record<EngineName, Engine>> {
  return { cmu: cmuEngine(), 'cloudhsm-cli': cloudHsmCliEngine() }
}
