import type { Calendars, Clock, HsmDirectory } from '../../application/ports.ts'
import { traceLineage } from '../../application/trace-lineage.ts'
import type { Ancestry } from '../../domain/ancestry.ts'
import { type Cluster, chooseHsms } from '../../domain/cluster.ts'
import { chooseEngine } from '../../domain/engine-choice.ts'
import type { Lineage } from '../../domain/lineage.ts'
import { isRefusal, type Refusal } from '../../domain/refusal.ts'
import type { Landscape, Route } from '../../domain/route.ts'
import type { EngineName, Side } from '../../domain/spec.ts'
import type { Engine } from '../../engines/engine.ts'
import { type Check, OK, refused, unknown, unwise, type Verdict, wrong } from './finding.ts'
import { nameOf } from './settings.ts'

const LINEAGE_MS = 12_000

export interface AwsSide {
  readonly clusters: Clusters
  readonly directory: HsmDirectory
  readonly calendars: Calendars
  readonly clock: Clock
  readonly engines: Readonly<Record<EngineName, Engine>>
}

/** Each cluster is asked for once, whoever wants to know. */
export type Clusters = (side: Side) => Promise<Cluster | Refusal>

export function clustersOf(directory: HsmDirectory): Clusters {
  const asked = new Map<string, Promise<Cluster | Refusal>>()
  return ({ clusterId, region }) => {
    const answer = asked.get(clusterId) ?? directory.describe(clusterId, region)
    asked.set(clusterId, answer)
    return answer
  }
}

/** Clusters, and what the routes need of them; calendars. Bastions are looked at elsewhere. */
export function awsChecks({ clusters, routes }: Landscape, side: AwsSide): readonly Check[] {
  return [
    ...clusters.map((cluster) => ({
      check: 'cluster',
      about: `${cluster.alias} (${cluster.clusterId}, ${cluster.region})`,
      look: async () => judgeCluster(await side.clusters(cluster)),
    })),
    ...routes.map((route) => ({ check: 'engine', about: nameOf(route), look: () => lookAtEngine(route, side) })),
    ...routes.map((route) => ({
      check: 'clones',
      about: nameOf(route),
      limitMs: LINEAGE_MS,
      look: (signal: AbortSignal) => lookAtLineage(route, side, signal),
    })),
    ...routes.flatMap(({ calendar, bastion, ...route }) =>
      calendar === undefined
        ? []
        : [
            {
              check: 'calendar',
              about: `${calendar} (${nameOf(route)})`,
              look: async (signal: AbortSignal) => judgeCalendar(await side.calendars.state(calendar, bastion, signal)),
            },
          ],
    ),
  ]
}

export function judgeCluster(cluster: Cluster | Refusal): Verdict {
  if (isRefusal(cluster)) return refused(cluster)
  if (cluster.state !== 'ACTIVE') return wrong(`it is ${cluster.state}, not ACTIVE`)
  const active = cluster.hsms.filter(({ state }) => state === 'ACTIVE').length
  return active > 0 ? OK : wrong('none of its HSMs is ACTIVE', 'Make one; a sync needs it.')
}

/** The tool that the bot would choose today; a refusal where it would refuse; `undefined` where AWS did not tell. */
export async function engineOf(route: Route, clusters: Clusters): Promise<EngineName | Refusal | undefined> {
  const [source, destination] = await Promise.all([clusters(route.source), clusters(route.destination)])
  if (isRefusal(source) || isRefusal(destination)) return route.engine === 'auto' ? undefined : route.engine
  const choice = chooseEngine(route.engine, source, destination)
  return isRefusal(choice) ? choice : choice.engine
}

async function lookAtEngine(route: Route, { clusters, engines }: AwsSide): Promise<Verdict> {
  const [source, destination] = await Promise.all([clusters(route.source), clusters(route.destination)])
  if (isRefusal(source) || isRefusal(destination)) return unknown('AWS did not describe both clusters')
  const engine = await engineOf(route, clusters)
  if (engine === undefined || isRefusal(engine)) return engine ? refused(engine) : unknown('no tool could be chosen')
  const hsms = chooseHsms(source, destination, engines[engine].reach)
  return isRefusal(hsms) ? refused(hsms) : OK
}

async function lookAtLineage(route: Route, side: AwsSide, signal: AbortSignal): Promise<Verdict> {
  const [source, destination] = await Promise.all([side.clusters(route.source), side.clusters(route.destination)])
  if (isRefusal(source) || isRefusal(destination)) return unknown('AWS did not describe both clusters')
  return judgeLineage(await traceLineage(side, { source, destination }, signal))
}

export function judgeLineage({ verdict, source, destination }: Lineage): Verdict {
  switch (verdict) {
    case 'proven':
      return OK
    case 'unproven': {
      const ends = [destination, source].filter(({ end }) => end.kind !== 'origin').map(endOf)
      return unwise(
        `not proven that the clusters are clones: ${ends.join('; ')}`,
        'Approve only where you know it from elsewhere; keep the backup that the clone was made from.',
      )
    }
    case 'disproven':
      return wrong(
        'the clusters are no clones: by their backups they have different origins',
        'Make the destination from a backup of the source, or take the route out.',
      )
    default:
      return verdict satisfies never
  }
}

function endOf({ end }: Ancestry): string {
  switch (end.kind) {
    case 'gone':
      return `AWS shows no ${end.what.kind} ${end.what.id} in ${end.what.region} (any more)`
    case 'silent':
      return `AWS does not say whose backup ${end.what.id} in ${end.what.region} is`
    case 'unreadable':
      return `AWS did not show ${end.what.kind} ${end.what.id} in ${end.what.region} (${end.problem})`
    case 'too-long':
      return 'the line of backups is longer than anybody follows'
    default:
      return 'the line was not followed to its end'
  }
}

/** What refuses it by name is a wrong setting: AWS has no such calendar. */
function judgeCalendar(state: Awaited<ReturnType<Calendars['state']>>): Verdict {
  if (!isRefusal(state)) return OK
  const facts = state.refused
  return facts.code === 'aws' && facts.detail.startsWith('InvalidDocument')
    ? wrong('there is no such calendar', 'Make it in Systems Manager, or name another in routes[].calendar.')
    : refused(state)
}
