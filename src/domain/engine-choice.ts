import { type Cluster, hsmTypeOf } from './cluster.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { EngineName, Spec } from './spec.ts'

/** CMU works with this type only (user guide 2026, cloudhsm_mgmt_util). */
const CMU_HSM_TYPE = 'hsm1.medium'

/** Between types a cluster takes few writes or none, and may be rolled back (user guide, hsm1-to-hsm2-migration). */
const MIGRATING: ReadonlySet<string> = new Set(['MODIFY_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'PENDING_ROLLBACK'])

export interface EngineChoice {
  readonly engine: EngineName
  readonly by: NonNullable<Spec['engineBy']>
  readonly sourceType: string
  readonly destinationType: string
}

/**
 * The tool for these two clusters, by the types of their HSMs: CMU only where every HSM of both is hsm1.medium,
 * CloudHSM CLI otherwise, or what the route says if it can work. Refuses clusters that are not ACTIVE, are between
 * types, or lie the way that no tool goes (hsm2m to hsm1: user guide, user replicate).
 */
export function chooseEngine(
  setting: EngineName | 'auto',
  source: Cluster,
  destination: Cluster,
): EngineChoice | Refusal {
  for (const cluster of [source, destination]) {
    const { clusterId, state } = cluster
    if (MIGRATING.has(state)) return refuse({ code: 'cluster-migrating', cluster: clusterId, state })
    if (state !== 'ACTIVE') return refuse({ code: 'cluster-not-active', cluster: clusterId, state })
    const types = typesOf(cluster)
    if (types.length > 1) return refuse({ code: 'mixed-hsm-types', cluster: clusterId, types })
  }
  const [sourceType = 'unknown'] = typesOf(source)
  const [destinationType = 'unknown'] = typesOf(destination)
  const types = { sourceType, destinationType }
  if (!sourceType.startsWith('hsm1.') && destinationType.startsWith('hsm1.'))
    return refuse({ code: 'type-direction', source: source.clusterId, destination: destination.clusterId, ...types })
  const other = [source, destination].find((cluster) => typesOf(cluster)[0] !== CMU_HSM_TYPE)
  if (setting === 'cmu' && other)
    return refuse({ code: 'wrong-hsm-type', cluster: other.clusterId, hsmType: typesOf(other)[0] ?? 'unknown' })
  if (setting !== 'auto') return { engine: setting, by: 'route', ...types }
  return { engine: other ? 'cloudhsm-cli' : 'cmu', by: 'hsm-types', ...types }
}

/** The types of a cluster's HSMs and of the cluster itself, each once. */
function typesOf(cluster: Cluster): string[] {
  const own = cluster.hsmType === undefined ? [] : [cluster.hsmType]
  return [...new Set([...cluster.hsms.map((hsm) => hsmTypeOf(cluster, hsm)), ...own])].sort()
}
