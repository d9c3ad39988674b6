import { type Cluster, CMU_HSM_TYPE, chooseHsms, hsmTypeOf } from '../domain/cluster.ts'
import type { OperationId } from '../domain/ids.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Route } from '../domain/route.ts'
import type { Mode, Scope } from '../domain/scope.ts'
import type { BastionFacts, Spec } from '../domain/spec.ts'
import type { Engine } from '../engines/engine.ts'
import { assemble } from '../engines/printed.ts'
import { askBastion } from './ask-bastion.ts'
import type { Deps } from './ports.ts'

interface Asking {
  readonly operation: OperationId
  readonly signal?: AbortSignal
}

export interface Wanted {
  readonly mode: Mode
  readonly scope: Scope
}

/**
 * Everything the run would do, as the world is now: describes both clusters, chooses the HSMs and the engine, reads the base config from the bastion and
 * merges it. Called when a request is filed and again right before it runs. Refuses with the reason.
 */
export async function deriveSpec(deps: Deps, route: Route, wanted: Wanted, asking: Asking): Promise<Spec | Refusal> {
  const [source, destination] = await Promise.all([
    deps.directory.describe(route.source.clusterId, route.source.region),
    deps.directory.describe(route.destination.clusterId, route.destination.region),
  ])
  if (isRefusal(source)) return source
  if (isRefusal(destination)) return destination
  const hsms = chooseHsms(source, destination)
  if (isRefusal(hsms)) return hsms
  const engine = chooseEngine(deps, route, [source, destination])
  if (isRefusal(engine)) return engine
  const base = await readBase(deps, route, engine, asking)
  if (typeof base !== 'string') return base
  const merge = engine.merge(base, [hsms.source.ip, ...hsms.destinations.map((hsm) => hsm.ip)])
  if ('flaw' in merge)
    return refuse({ code: 'base-config', bastion: route.bastion.name, path: route.bastion.configPath, problem: merge })
  return {
    version: 1,
    engine: engine.name,
    mode: wanted.mode,
    scope: wanted.scope,
    source: { ...route.source, hsm: hsms.source },
    destination: { ...route.destination, hsms: hsms.destinations, leftOut: hsms.leftOut },
    bastion: factsOnly(route.bastion),
    baseConfig: base,
    mergedConfig: merge.merged,
    scriptDigest: engine.scriptDigest,
  }
}

function chooseEngine(deps: Deps, route: Route, clusters: readonly Cluster[]): Engine | Refusal {
  const other = clusters
    .flatMap((cluster) =>
      cluster.hsms.map((hsm) => ({ cluster: cluster.clusterId, hsm: hsm.hsmId, hsmType: hsmTypeOf(cluster, hsm) })),
    )
    .find(({ hsmType }) => hsmType !== CMU_HSM_TYPE)
  const name = route.engine === 'auto' ? (other ? 'cloudhsm-cli' : 'cmu') : route.engine
  const engine = deps.engines[name]
  if (name === 'cmu' && other) return refuse({ code: 'wrong-hsm-type', ...other })
  return engine ?? refuse({ code: 'engine-not-available', engine: name })
}

async function readBase(
  deps: Deps,
  route: Route,
  engine: Engine,
  { operation, signal }: Asking,
): Promise<string | Refusal> {
  const { bastion } = route
  if (bastion.platform !== 'linux')
    return refuse({ code: 'bastion-platform', bastion: bastion.name, platform: bastion.platform })
  const presence = await deps.bastions.presence(bastion)
  if (presence === undefined) {
    return refuse({
      code: 'bastion-not-managed',
      bastion: bastion.name,
      instanceId: bastion.instanceId,
      region: bastion.region,
    })
  }
  if (isRefusal(presence)) return presence
  if (presence.platform !== 'Linux')
    return refuse({ code: 'bastion-platform', bastion: bastion.name, platform: presence.platform })
  if (presence.ping !== 'Online') {
    return refuse({
      code: 'bastion-not-online',
      bastion: bastion.name,
      instanceId: bastion.instanceId,
      ping: presence.ping,
    })
  }
  const answer = await askBastion(deps, bastion, {
    lines: engine.baseQuery(bastion, operation),
    comment: `hsm-sync ${operation} read-config`,
    ...(signal ? { signal } : {}),
  })
  if ('problem' in answer) return refuse({ code: 'bastion-cannot', bastion: bastion.name, problem: answer.problem })
  const flaw = FLAWS[answer.block.result]
  if (flaw) return refuse({ code: 'base-config', bastion: bastion.name, path: bastion.configPath, problem: { flaw } })
  const text = assemble([answer.block])?.text
  if (text !== undefined) return text
  return refuse({
    code: 'bastion-cannot',
    bastion: bastion.name,
    problem: `${answer.block.result} ${answer.block.detail}`.trim(),
  })
}

const FLAWS: Readonly<Record<string, 'missing' | 'unreadable' | 'too-large'>> = {
  'refused-config-missing': 'missing',
  'refused-config-unreadable': 'unreadable',
  'refused-config-too-large': 'too-large',
}

function factsOnly({
  name,
  instanceId,
  region,
  binary,
  configPath,
  stateDir,
  workDir,
  credentials,
}: BastionFacts): BastionFacts {
  return { name, instanceId, region, binary, configPath, stateDir, workDir, credentials }
}
