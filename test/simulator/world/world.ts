import { join } from 'node:path'
import { dialectOf } from '../bin/shared/dialect.mjs'
import { openState, writeSnapshot } from '../bin/shared/state-file.mjs'
import type { ClusterSpec, HsmSpec, HsmUserSpec, KeySpec, WorldSpec } from './world-spec.ts'
import type { Cluster, Hsm, HsmKey, HsmUser, WorldState } from './world-state.ts'

/** The one truth about HSMs, bastions and secrets, shared with the tools on the bastions. */
export interface World {
  readonly path: string
  /** A copy of the state as it is now. */
  read(): WorldState
  /** The state itself, for a look that is over before anything can change: nothing is copied. */
  peek(): Readonly<WorldState>
  /** Changes it; a tool that is running sees the change before its next command. */
  update(change: (state: WorldState) => void): void
  close(): void
}

/** Writes the first snapshot of `spec` into `directory` and opens it. */
export function createWorld(spec: WorldSpec, directory: string, seed: number): World {
  const path = join(directory, 'state.json')
  writeSnapshot(path, stateOf(spec, seed))
  const file = openState(path)
  return { path, read: () => structuredClone(file.read()), peek: file.read, update: file.update, close: file.close }
}

/** The HSM with this id. Throws when there is none. */
export function hsmOf(state: WorldState, hsmId: string): Hsm {
  const found = state.clusters.flatMap((cluster) => cluster.hsms).find((hsm) => hsm.hsmId === hsmId)
  if (found === undefined) throw new Error(`no HSM ${hsmId} in this world`)
  return found
}

function stateOf(spec: WorldSpec, seed: number): WorldState {
  return {
    generation: 1,
    dialect: dialectOf(seed, spec.dialect),
    clusters: spec.clusters.map(clusterOf),
    backups: [...(spec.backups ?? [])],
    backupsDenied: [...(spec.backupsDenied ?? [])],
    bastions: spec.bastions.map((bastion) => ({ ...bastion })),
    secrets: { ...spec.secrets },
    parameters: { ...spec.parameters },
    calendars: {},
    documents: {},
    toolFaults: (spec.toolFaults ?? []).map((fault) => ({ ...fault })),
    latencyMs: { ...spec.latencyMs },
    spreadMs: spec.spreadMs ?? 0,
    ...(spec.pageSize === undefined ? {} : { pageSize: spec.pageSize }),
  }
}

function clusterOf(spec: ClusterSpec): Cluster {
  return {
    clusterId: spec.clusterId,
    region: spec.region,
    lineage: spec.lineage,
    state: spec.state ?? 'ACTIVE',
    hsmType: spec.hsmType ?? 'hsm1.medium',
    ...(spec.sourceBackupId === undefined ? {} : { sourceBackupId: spec.sourceBackupId }),
    ...(spec.preCoPassword === undefined ? {} : { preCoPassword: spec.preCoPassword }),
    ...(spec.certificate === undefined ? {} : { certificate: spec.certificate }),
    tags: { ...spec.tags },
    createdAt: Date.UTC(2024, 2, 1),
    hsms: spec.hsms.map((hsm) => hsmFrom(spec, hsm)),
  }
}

function hsmFrom(cluster: ClusterSpec, spec: HsmSpec): Hsm {
  return {
    hsmId: spec.hsmId,
    ...(spec.ip === undefined ? {} : { ip: spec.ip }),
    ...(spec.ipV6 === undefined ? {} : { ipV6: spec.ipV6 }),
    az: spec.az,
    subnet: spec.subnet,
    state: spec.state ?? 'ACTIVE',
    hsmType: spec.hsmType ?? cluster.hsmType ?? 'hsm1.medium',
    users: usersFrom(spec.users ?? cluster.users, spec.userIdOffset ?? 0),
    keys: (spec.keys ?? cluster.keys).map(keyFrom),
    faults: { ...spec.faults },
  }
}

// Ids as a real HSM gives them: administrators first, then the appliance user, then crypto users in order of creation.
function usersFrom(specs: readonly HsmUserSpec[], offset: number): HsmUser[] {
  const appliance: HsmUserSpec = { name: 'app_user', type: 'AU', password: 'appliance-only' }
  const first = specs.filter((user) => user.type === 'PCO' || user.type === 'PRECO')
  const rest = specs.filter((user) => !first.includes(user))
  return [...first, appliance, ...rest].map((user, at) => ({
    id: at + 1 + (at > first.length ? offset : 0),
    name: user.name,
    type: user.type,
    password: user.password,
    loginFailures: user.loginFailures ?? 0,
    ...(user.twoFactor === undefined ? {} : { twoFactor: user.twoFactor }),
  }))
}

function keyFrom(spec: KeySpec): HsmKey {
  const label = spec.label ?? `key-${spec.handle}`
  return {
    handle: spec.handle,
    owner: spec.owner,
    sharedWith: [...(spec.sharedWith ?? [])],
    label,
    material: spec.material ?? label,
    ...(spec.public === undefined ? {} : { public: spec.public }),
    ...(spec.keyType === undefined ? {} : { keyType: spec.keyType }),
    ...(spec.class === undefined ? {} : { class: spec.class }),
  }
}
