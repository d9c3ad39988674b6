import type { ClusterId, Digest, HsmId } from './ids.ts'
import { type Refusal, refuse } from './refusal.ts'

export interface Hsm {
  readonly hsmId: HsmId
  /** AWS's word; a value we do not know counts as not usable. */
  readonly state: string
  readonly hsmType?: string
  readonly eniIp?: string
  readonly eniIpV6?: string
  readonly eniId?: string
  readonly availabilityZone?: string
  readonly subnetId?: string
}

export interface Cluster {
  readonly clusterId: ClusterId
  readonly region: string
  readonly state: string
  readonly hsmType?: string
  /** The backup it was made from; AWS keeps it after the backup is gone. */
  readonly sourceBackupId?: string
  /** SHA-256 of its cluster certificate. */
  readonly certificate?: Digest
  readonly hsms: readonly Hsm[]
}

/** Where the engine lists and writes: at each HSM by itself (CMU), or at a whole cluster (CloudHSM CLI). */
export type Reach = 'hsm' | 'cluster'

/** An HSM as a run addresses it. */
export interface Target {
  readonly hsmId: HsmId
  readonly ip: string
}

export interface ChosenHsms {
  readonly source: Target
  /** Every usable HSM of the source. */
  readonly sources: readonly Target[]
  readonly destinations: readonly Target[]
  /** Destination HSMs that are not ACTIVE: they will lack what this run copies. */
  readonly leftOut: readonly { readonly hsmId: HsmId; readonly state: string }[]
}

/** The type of one HSM: its own field, or its cluster's where AWS leaves it out. */
export function hsmTypeOf(cluster: Cluster, hsm: Hsm): string {
  return hsm.hsmType ?? cluster.hsmType ?? 'unknown'
}

/**
 * One ACTIVE HSM of the source, every ACTIVE HSM of the destination, each lowest HSM id first, so that the same
 * clusters always give the same answer: the choice is made again right before a run and must not move. Refuses clusters
 * that have no usable HSM; an engine that works on whole clusters needs every HSM of both ACTIVE, because it talks to
 * all of them and would write to some only.
 */
export function chooseHsms(source: Cluster, destination: Cluster, reach: Reach): ChosenHsms | Refusal {
  for (const cluster of reach === 'cluster' ? [source, destination] : []) {
    const away = cluster.hsms.find((hsm) => hsm.state !== 'ACTIVE')
    if (away) return refuse({ code: 'hsm-not-active', cluster: cluster.clusterId, hsm: away.hsmId, state: away.state })
    const hidden = cluster.hsms.find((hsm) => !hsm.eniIp)
    if (hidden) return refuse({ code: 'hsm-without-ip', cluster: cluster.clusterId, hsm: hidden.hsmId })
  }
  const sources = usable(source)
  const [from] = sources
  if (!from) return refuse({ code: 'no-active-hsm', cluster: source.clusterId })
  const to = usable(destination)
  if (to.length === 0) return refuse({ code: 'no-active-hsm', cluster: destination.clusterId })
  const missing = destination.hsms.find((hsm) => hsm.state === 'ACTIVE' && !hsm.eniIp)
  if (missing) return refuse({ code: 'hsm-without-ip', cluster: destination.clusterId, hsm: missing.hsmId })
  // One address cannot be two HSMs: source and destination would be the same one, and equal to itself.
  const addresses = [...(reach === 'cluster' ? sources : [from]), ...to].map(({ ip }) => ip)
  const address = addresses.find((ip, at) => addresses.indexOf(ip) < at)
  if (address)
    return refuse({ code: 'same-address', source: source.clusterId, destination: destination.clusterId, address })
  const leftOut = destination.hsms
    .filter((hsm) => hsm.state !== 'ACTIVE')
    .map(({ hsmId, state }) => ({ hsmId, state }))
    .sort((a, b) => (a.hsmId < b.hsmId ? -1 : 1))
  return { source: from, sources, destinations: to, leftOut }
}

function usable(cluster: Cluster): Target[] {
  return cluster.hsms
    .filter((hsm) => hsm.state === 'ACTIVE')
    .flatMap((hsm) => (hsm.eniIp ? [{ hsmId: hsm.hsmId, ip: hsm.eniIp }] : []))
    .sort((a, b) => (a.hsmId < b.hsmId ? -1 : 1))
}
