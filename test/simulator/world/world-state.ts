import type { Dialect } from '../bin/shared/dialect.mjs'
import type { BackupSpec, BastionSpec, HsmFaults, SecretSpec, ToolFault, UserType } from './world-spec.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface HsmUser {
  id: number
  name: string
  type: UserType
  password: string
  loginFailures: number
  twoFactor?: boolean
}

export interface HsmKey {
  handle: number
  owner: string
  sharedWith: string[]
  label: string
  material: string
  public?: boolean
  keyType?: string
  class?: string
  /** A key that is still spreading is not listed before this moment (epoch milliseconds). */
  visibleAt?: number
}

export interface Hsm {
  hsmId: string
  ip?: string
  ipV6?: string
  az: string
  subnet: string
  state: string
  hsmType: string
  users: HsmUser[]
  keys: HsmKey[]
  faults: Mutable<HsmFaults>
}

export interface Cluster {
  clusterId: string
  region: string
  lineage: string
  state: string
  hsmType: string
  sourceBackupId?: string
  preCoPassword?: string
  certificate?: string | null
  tags: Record<string, string>
  createdAt: number
  hsms: Hsm[]
}

/** What the state file holds: the truth about every HSM, and what the tools on the bastions must do. */
export interface WorldState {
  generation: number
  dialect: Dialect
  clusters: Cluster[]
  backups: BackupSpec[]
  backupsDenied: string[]
  bastions: Mutable<BastionSpec>[]
  secrets: Record<string, SecretSpec>
  parameters: Record<string, SecretSpec>
  /** SSM documents of one's own: what each holds, by name. */
  documents: Record<string, string>
  /** Change Calendars by name. `next`: when that changes, as AWS writes it. */
  calendars: Record<string, { readonly state: 'OPEN' | 'CLOSED'; readonly next?: string }>
  toolFaults: (Mutable<ToolFault> & { seen?: number })[]
  latencyMs: Record<string, number>
  spreadMs: number
  pageSize?: number
}
