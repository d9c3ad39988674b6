import type { ClusterId, HsmId } from './ids.ts'
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
  readonly hsms: readonly Hsm[]
}

/** An HSM as a run addresses it. */
export interface Target {
  readonly hsmId: HsmId
  readonly ip: string
}

export interface ChosenHsms {
  readonly source: Target
  readonly destinations: readonly Target[]
  /** Destination HSMs that are not ACTIVE: they will lack what this run copies. */
  readonly leftOut: readonly { readonly hsmId: HsmId; readonly state: string }[]
}

/** CMU works with this type only (user guide 2026, cloudhsm_mgmt_util). */
export const CMU_HSM_TYPE = 'hsm1.medium'

/** The type of one HSM: its own field, or its cluster's where AWS leaves it out. */
export function hsmTypeOf(cluster: Cluster, hsm: Hsm): string {
  return hsm.hsmType ?? cluster.hsmType ?? 'unknown'
}

/**
 * One ACTIVE HSM of the source, every ACTIVE HSM of the destination, each lowest HSM id first, so that the same clusters always
 * give the same answer: the choice is made again right before a run and must not move. Refuses clusters that are not ACTIVE or
 * have no usable HSM.
 */
export function chooseHsms(source: Cluster, destination: Cluster): ChosenHsms | Refusal {
  for (const cluster of [source, destination]) {
    if (cluster.state !== 'ACTIVE')
      return refuse({ code: 'cluster-not-active', cluster: cluster.clusterId, state: cluster.state })
  }
  const [from] = usable(source)
  if (!from) return refuse({ code: 'no-active-hsm', cluster: source.clusterId })
  const to = usable(destination)
  if (to.length === 0) return refuse({ code: 'no-active-hsm', cluster: destination.clusterId })
  const missing = destination.hsms.find((hsm) => hsm.state === 'ACTIVE' && !hsm.eniIp)
  if (missing) return refuse({ code: 'hsm-without-ip', cluster: destination.clusterId, hsm: missing.hsmId })
  const leftOut = destination.hsms
    .filter((hsm) => hsm.state !== 'ACTIVE')
    .map(({ hsmId, state }) => ({ hsmId, state }))
    .sort((a, b) => (a.hsmId < b.hsmId ? -1 : 1))
  return { source: from, destinations: to, leftOut }
}

function usable(cluster: Cluster): Target[] {
  return cluster.hsms
    .filter((hsm) => hsm.state === 'ACTIVE')
    .flatMap((hsm) => (hsm.eniIp ? [{ hsmId: hsm.hsmId, ip: hsm.eniIp }] : []))
    .sort((a, b) => (a.hsmId < b.hsmId ? -1 : 1))
}
