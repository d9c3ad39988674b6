import type { Time } from '../time.ts'

export type UserType = 'PCO' | 'CO' | 'CU' | 'AU'

export interface SimUser {
  readonly id: number
  readonly name: string
  readonly type: UserType
  readonly password: string
  readonly twoFactor: boolean
  failures: number
  readonly since: number
  until: number
}

export interface SimKey {
  readonly handle: number
  readonly owner: string
  readonly sharedWith: readonly string[]
  readonly label: string
  readonly material: string
  readonly since: number
  until: number
}

export interface SimHsm {
  readonly hsmId: string
  ip: string
  state: string
  readonly users: SimUser[]
  readonly keys: SimKey[]
}

export interface SimCluster {
  readonly alias: string
  readonly clusterId: string
  readonly region: string
  readonly hsmType: string
  state: string
  readonly hsms: SimHsm[]
}

/**
 * Something that was done to an HSM, or that a tool tried. `operation`: by which step of the bot; absent: by people, or
 * by the service.
 */
export type Deed = { readonly at: number; readonly operation?: string } & (
  | { readonly did: 'start'; readonly bastion: string }
  | { readonly did: 'end'; readonly result: string }
  | {
      readonly did: 'login'
      readonly where: string
      readonly user: string
      readonly ok: boolean
      readonly before: number
    }
  | { readonly did: 'user'; readonly hsm: string; readonly name: string }
  | { readonly did: 'key'; readonly hsm: string; readonly handle: number }
)

export const FOREVER = Number.MAX_SAFE_INTEGER
const LOCKED_AT = 5
/** The service copies keys between a cluster's HSMs after a while (user guide, cluster synchronization). */
export const NEVER_SPREADS = -1

/**
 * The clusters as they really are, and everything that was ever done to them. What was removed stays here with the time
 * of its end, so that claims about earlier moments can be checked.
 */
export class Hsms {
  readonly deeds: Deed[] = []
  /** When administrators worked on them. */
  readonly handWork: number[] = []
  /** CMU's own configuration file on the bastion. */
  baseConfig = ''
  /** Which HSMs there were behind which addresses, and that file, from when on: what a digest is made of. */
  readonly layouts: { readonly from: number; readonly layout: string }[] = []
  readonly clusters: SimCluster[]
  readonly spreadMs: number
  readonly #time: Time

  constructor(time: Time, clusters: SimCluster[], spreadMs: number) {
    this.#time = time
    this.clusters = clusters
    this.spreadMs = spreadMs
  }

  cluster(clusterId: string): SimCluster | undefined {
    return this.clusters.find((cluster) => cluster.clusterId === clusterId)
  }

  /** The cluster that has this HSM, or had it. */
  clusterOf(hsm: SimHsm): SimCluster {
    const found = this.clusters.find((cluster) => cluster.hsms.includes(hsm))
    if (!found) throw new Error(`HSM ${hsm.hsmId} is in no cluster`)
    return found
  }

  /** Something of what an approval binds is otherwise now. */
  changed(): void {
    this.layouts.push({ from: this.#time.now, layout: layoutOf(this) })
  }

  at(ip: string): SimHsm | undefined {
    return this.clusters.flatMap(({ hsms }) => hsms).find((hsm) => hsm.ip === ip && hsm.state === 'ACTIVE')
  }

  usersOf(hsm: SimHsm): SimUser[] {
    return hsm.users.filter((user) => isThere(user, this.#time.now))
  }

  keysOf(hsm: SimHsm): SimKey[] {
    return hsm.keys.filter((key) => isThere(key, this.#time.now))
  }

  userNamed(hsm: SimHsm, name: string, role?: 'CO' | 'CU'): SimUser | undefined {
    return this.usersOf(hsm).find((user) => user.name === name && (role === undefined || roleOf(user) === role))
  }

  keyWith(hsm: SimHsm, handle: number): SimKey | undefined {
    return this.keysOf(hsm).find((key) => key.handle === handle)
  }

  note(deed: Deed): void {
    this.deeds.push(deed)
  }

  addUser(hsm: SimHsm, user: Pick<SimUser, 'name' | 'type' | 'password' | 'twoFactor'>, operation?: string): SimUser {
    const id = hsm.users.reduce((most, other) => Math.max(most, other.id), 0) + 1
    const added = { ...user, id, failures: 0, since: this.#time.now, until: FOREVER }
    hsm.users.push(added)
    this.note({ at: this.#time.now, did: 'user', hsm: hsm.hsmId, name: user.name, ...by(operation) })
    return added
  }

  /** On this HSM now; on the cluster's others later, where the owner is. */
  addKey(hsm: SimHsm, key: Omit<SimKey, 'since' | 'until'>, operation?: string): void {
    const { now } = this.#time
    hsm.keys.push({ ...key, since: now, until: FOREVER })
    this.note({ at: now, did: 'key', hsm: hsm.hsmId, handle: key.handle, ...by(operation) })
    if (this.spreadMs === NEVER_SPREADS) return
    this.#time.after(this.spreadMs, () => {
      for (const other of this.clusterOf(hsm).hsms) {
        if (other === hsm || other.state !== 'ACTIVE' || this.keyWith(other, key.handle)) continue
        if (!this.userNamed(other, key.owner, 'CU')) continue
        other.keys.push({ ...key, since: this.#time.now, until: FOREVER })
      }
    })
  }

  remove(what: SimUser | SimKey): void {
    what.until = this.#time.now
  }

  /** One login at one HSM. A wrong password counts; five lock the user; a good one resets the count. */
  login(hsm: SimHsm, attempt: { name: string; role: 'CO' | 'CU'; password: string }, operation: string): boolean {
    const user = this.userNamed(hsm, attempt.name, attempt.role)
    const ok = user !== undefined && user.failures < LOCKED_AT && !user.twoFactor && user.password === attempt.password
    const before = user?.failures ?? 0
    if (user) user.failures = ok ? 0 : user.failures + 1
    this.note({ at: this.#time.now, did: 'login', where: hsm.hsmId, user: attempt.name, ok, before, operation })
    return ok
  }
}

/** In the oracle's words: each cluster with its state and its HSMs. */
function layoutOf({ clusters, baseConfig }: Hsms): string {
  const shown = clusters.map(({ clusterId, state, hsms }) => {
    const there = hsms.filter((hsm) => hsm.state !== 'GONE').map((hsm) => `${hsm.hsmId} ${hsm.ip} ${hsm.state}`)
    return [clusterId, state, there.sort()]
  })
  return JSON.stringify({ shown, baseConfig })
}

export function roleOf({ type }: SimUser): 'CO' | 'CU' | undefined {
  if (type === 'AU') return undefined
  return type === 'CU' ? 'CU' : 'CO'
}

export function isLocked({ failures }: SimUser): boolean {
  return failures >= LOCKED_AT
}

function isThere({ since, until }: { readonly since: number; readonly until: number }, now: number): boolean {
  return since <= now && now < until
}

function by(operation: string | undefined): { operation?: string } {
  return operation === undefined ? {} : { operation }
}
