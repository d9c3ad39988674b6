import { chooseHsms } from '../domain/cluster.ts'
import { chooseEngine } from '../domain/engine-choice.ts'
import { operationId, type RequestId } from '../domain/ids.ts'
import type { Lineage } from '../domain/lineage.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Route } from '../domain/route.ts'
import type { Mode, Scope } from '../domain/scope.ts'
import type { Spec } from '../domain/spec.ts'
import type { Draft, Engine, Prepared } from '../engines/engine.ts'
import { assemble } from '../engines/printed.ts'
import { askBastion } from './ask-bastion.ts'
import { documentOf, presenceOf } from './look-at-bastion.ts'
import type { Deps } from './ports.ts'
import { traceLineage } from './trace-lineage.ts'

/** The script gives its tool's programs 180 seconds together: a Region without a way to its API keeps them waiting. */
const LOOK_SECONDS = 240

interface Asking {
  readonly request: RequestId
  /** Known already: how a cluster was born does not change, so what was proven once stays so. */
  readonly lineage?: Lineage | undefined
  readonly signal?: AbortSignal
}

export interface Wanted {
  readonly mode: Mode
  readonly scope: Scope
  readonly ticket?: string
}

type DeriveDeps = Pick<Deps, 'directory' | 'clock' | 'engines' | 'bastions' | 'landscape' | 'log' | 'store'>

export interface Derived {
  readonly spec: Spec
  /** What approvers are told about the two clusters; no part of what runs, so the digest does not cover it. */
  readonly lineage: Lineage
}

/**
 * Everything the run would do, as the world is now: describes both clusters, chooses the engine and the HSMs, proves
 * that the clusters are clones, and asks the bastion what its tool is or would be configured with. Called when a
 * request is filed and again right before it runs. Refuses with the reason.
 */
export async function deriveSpec(
  deps: DeriveDeps,
  route: Route,
  wanted: Wanted,
  asking: Asking,
): Promise<Derived | Refusal> {
  const [source, destination] = await Promise.all([
    deps.directory.describe(route.source.clusterId, route.source.region),
    deps.directory.describe(route.destination.clusterId, route.destination.region),
  ])
  if (isRefusal(source)) return source
  if (isRefusal(destination)) return destination
  const choice = chooseEngine(route.engine, source, destination)
  if (isRefusal(choice)) return choice
  const engine = deps.engines[choice.engine]
  const hsms = chooseHsms(source, destination, engine.reach)
  if (isRefusal(hsms)) return hsms
  const lineage =
    asking.lineage?.verdict === 'proven'
      ? asking.lineage
      : await traceLineage(deps, { source, destination }, asking.signal)
  if (lineage.verdict === 'disproven') {
    const names = { source: route.source.alias, destination: route.destination.alias }
    return refuse({ code: 'not-clones', ...names, ancestry: lineage.destination })
  }

  const { name, platform } = route.bastion
  if (!engine.platforms.includes(platform)) return refuse({ code: 'engine-platform', bastion: name })
  const isWide = engine.reach === 'cluster'
  const presence = await presenceOf(deps, route.bastion)
  if (isRefusal(presence)) return presence
  const document = await documentOf(deps, route.bastion)
  if (isRefusal(document)) return document
  const draft: Draft = {
    bastion: { ...engine.place(route.bastion), ...(document ? { document } : {}) },
    source: {
      ...route.source,
      hsmType: choice.sourceType,
      hsm: hsms.source,
      ...(isWide ? { hsms: hsms.sources } : {}),
    },
    destination: {
      ...route.destination,
      hsmType: choice.destinationType,
      hsms: hsms.destinations,
      leftOut: hsms.leftOut,
    },
  }
  const prepared = await prepare(deps, engine, { draft, asking })
  if (isRefusal(prepared)) return prepared
  const spec: Spec = {
    version: 3,
    engine: engine.name,
    engineBy: choice.by,
    reach: engine.reach,
    mode: wanted.mode,
    scope: wanted.scope,
    ...(wanted.ticket === undefined ? {} : { ticket: wanted.ticket }),
    ...draft,
    ...prepared,
    scriptDigest: engine.scriptDigest(draft.bastion),
    programDigest: engine.programDigest,
  }
  return { spec, lineage }
}

async function prepare(
  deps: DeriveDeps,
  engine: Engine,
  { draft, asking }: { readonly draft: Draft; readonly asking: Asking },
): Promise<Prepared | Refusal> {
  const { bastion } = draft
  const { request, signal } = asking
  const operation = operationId(request, 0)
  const answer = await askBastion(deps, bastion, {
    call: engine.baseQuery(draft, operation),
    request,
    operation,
    about: 'read-config',
    executionSeconds: LOOK_SECONDS,
    ...(signal ? { signal } : {}),
  })
  if (answer.kind === 'unanswered')
    return refuse({ code: 'bastion-cannot', bastion: bastion.name, problem: answer.problem })
  const { result, detail } = answer.block
  return engine.prepare(draft, { result, detail, text: assemble([answer.block])?.text })
}
