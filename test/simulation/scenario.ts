import type { EngineName } from '../../src/domain/spec.ts'
import type { Secret } from './bastion/session.ts'
import type { Random } from './random.ts'
import { SECOND, type Time } from './time.ts'
import type { Weather } from './weather.ts'
import { Hsms, NEVER_SPREADS, type SimCluster, type SimHsm } from './world/hsms.ts'

export const OFFICER: Secret = { user: 'admin', password: 'Officer-Secret-1', version: '1' }

const NAMES = ['jdoe', 'kmiller', 'app_pay', 'app_web'] as const
const CLUSTER_IDS = ['cluster-2abcdefghij', 'cluster-7kkmnopqrst', 'cluster-3cccccccccc'] as const
const REGIONS = ['us-east-1', 'eu-west-1', 'eu-central-1'] as const

/**
 * A source and one or two clones of it, small: what the source has and the clones lack, have otherwise, or have
 * already.
 */
export function makeClusters(time: Time, random: Random, engine: EngineName): Hsms {
  const hsmType = engine === 'cmu' ? 'hsm1.medium' : 'hsm2m.medium'
  const count = random.chance(0.25) ? 3 : 2
  const clusters = Array.from({ length: count }, (_, at): SimCluster => {
    const size = random.weighted([
      [1, 2],
      [2, 3],
      [3, 1],
    ])
    return {
      alias: ['prod-us', 'prod-eu', 'prod-de'][at] ?? '?',
      clusterId: CLUSTER_IDS[at] ?? '?',
      region: REGIONS[at] ?? '?',
      hsmType,
      state: 'ACTIVE',
      hsms: Array.from({ length: size }, (__, number) => newHsm(at, number)),
    }
  })
  const spreadMs = random.weighted([
    [random.int(1, 20) * SECOND, 4],
    [random.int(30, 120) * SECOND, 1],
    [NEVER_SPREADS, 0.3],
  ])
  const hsms = new Hsms(time, clusters, spreadMs)
  fill(hsms, random)
  // What was there before anybody asked is nobody's deed.
  hsms.deeds.length = 0
  return hsms
}

export function newHsm(cluster: number, number: number): SimHsm {
  return {
    hsmId: `hsm-${'abc'[cluster]}${'abcdefghijkl'[number]}aaaaaaaaa`,
    ip: `10.${cluster}.${number}.7`,
    state: 'ACTIVE',
    users: [],
    keys: [],
  }
}

/** The users that every HSM of a cluster has from its birth. */
export function addFirstUsers(hsms: Hsms, hsm: SimHsm, { failures = 0, twoFactor = false } = {}): void {
  const officer = hsms.addUser(hsm, { name: OFFICER.user, type: 'PCO', password: OFFICER.password, twoFactor })
  officer.failures = failures
  hsms.addUser(hsm, { name: 'app_user', type: 'AU', password: '-', twoFactor: false })
}

function fill(hsms: Hsms, random: Random): void {
  const failures = random.chance(0.05) ? random.int(1, 2) : 0
  const twoFactor = random.chance(0.02)
  for (const cluster of hsms.clusters) for (const hsm of cluster.hsms) addFirstUsers(hsms, hsm, { failures, twoFactor })
  const names = NAMES.slice(0, random.int(1, 3))
  const [source, ...clones] = hsms.clusters
  for (const name of names) {
    const user = {
      name,
      type: random.chance(0.08) ? 'CO' : 'CU',
      password: `${name}-Secret-1`,
      twoFactor: false,
    } as const
    for (const hsm of source?.hsms ?? []) hsms.addUser(hsm, user)
    for (const clone of clones) {
      if (!random.chance(0.35)) continue
      const type = random.chance(0.06) ? 'CO' : user.type
      const isTorn = random.chance(0.05)
      for (const hsm of isTorn ? clone.hsms.slice(1) : clone.hsms) hsms.addUser(hsm, { ...user, type })
    }
  }
  const owners = (source?.hsms[0]?.users ?? []).filter(({ type }) => type === 'CU').map(({ name }) => name)
  for (let n = 0; n < random.int(0, 6) && owners.length > 0; n++)
    addKey(hsms, random, { owners, handle: 262_150 + n * 3 })
}

function addKey(
  hsms: Hsms,
  random: Random,
  { owners, handle }: { readonly owners: readonly string[]; readonly handle: number },
): void {
  const [source, ...clones] = hsms.clusters
  const owner = random.pick(owners)
  const sharedWith = owners.filter((name) => name !== owner && random.chance(0.2))
  const key = { handle, owner, sharedWith, label: `key-${handle}`, material: `material ${handle}`, since: 0, until: 0 }
  const putAt = (hsm: SimHsm, what: typeof key) => hsm.keys.push({ ...what, since: 0, until: Number.MAX_SAFE_INTEGER })
  for (const hsm of source?.hsms ?? []) putAt(hsm, key)
  for (const clone of clones) {
    const isThere = clone.hsms.every((hsm) => hsms.userNamed(hsm, owner, 'CU')) && random.chance(0.3)
    if (!isThere) continue
    const isOther = random.chance(0.15)
    const other = isOther
      ? random.pick([
          { ...key, sharedWith: [], label: `other-${handle}` },
          { ...key, material: 'other material' },
        ])
      : key
    for (const hsm of clone.hsms) putAt(hsm, other)
  }
}

/** What the bastion gets for a secret's reference, and how that changes. */
export class Secrets {
  #officer: Secret = OFFICER
  readonly #weather: Weather
  readonly #random: Random

  constructor(weather: Weather, random: Random) {
    this.#weather = weather
    this.#random = random
  }

  of(reference: string): Secret | undefined {
    if (this.#weather.happens('secret', 0.05)) return undefined
    const user = reference.split(':')[0] ?? ''
    return user === '' ? this.#officer : { user, password: `${user}-Secret-1`, version: '1' }
  }

  /** Somebody rotates the secret, and not the password on the HSMs; or puts it right again. */
  change(): void {
    const isRight = this.#officer.password === OFFICER.password
    const version = `${Number(this.#officer.version) + 1}`
    this.#officer = {
      user: OFFICER.user,
      version,
      password: isRight ? `Wrong-Secret-${this.#random.int(1, 99)}` : OFFICER.password,
    }
  }
}
