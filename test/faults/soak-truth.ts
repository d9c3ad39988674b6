import type { RequestView } from '../../src/application/list-requests.ts'
import { isFinished } from '../../src/domain/request.ts'
import type { Selection } from '../../src/domain/scope.ts'
import type { Cluster, Hsm, WorldState } from '../simulator/world/world-state.ts'
import type { Pair } from './soak-world.ts'

/** What the requests' outcomes say about the HSMs, held against the HSMs themselves. Answers every contradiction. */
export function hsmContradictions(
  pairs: readonly Pair[],
  worlds: { readonly before: WorldState; readonly after: WorldState },
  views: readonly RequestView[],
): string[] {
  return pairs.flatMap((pair) => {
    const mine = views.filter(({ request }) => request.spec.destination.clusterId === pair.destinationId)
    const source = clusterOf(worlds.before, pair.sourceId)
    const untouched =
      JSON.stringify(contentsOf(source)) === JSON.stringify(contentsOf(clusterOf(worlds.after, pair.sourceId)))
    const hsms = clusterOf(worlds.before, pair.destinationId).hsms.flatMap((before) => {
      const after = clusterOf(worlds.after, pair.destinationId).hsms.find(({ hsmId }) => hsmId === before.hsmId)
      return after ? judge(mine, { source, before, after }) : [`${before.hsmId} is gone`]
    })
    return [...(untouched ? [] : [`the source ${pair.source} was changed`]), ...hsms]
  })
}

interface Scene {
  readonly source: Cluster
  readonly before: Hsm
  readonly after: Hsm
}

function judge(views: readonly RequestView[], { source, before, after }: Scene): string[] {
  const origin = source.hsms[0]
  if (!origin) return [`no source HSM for ${after.hsmId}`]
  const had = { users: namesOf(before), keys: handlesOf(before) }
  const has = { users: namesOf(after), keys: handlesOf(after) }
  const problems: string[] = []
  const say = (problem: string) => problems.push(`${after.hsmId}: ${problem}`)

  for (const name of had.users) if (!has.users.includes(name)) say(`user ${name} has vanished`)
  for (const handle of had.keys) if (!has.keys.includes(handle)) say(`key ${handle} has vanished`)
  if (new Set(has.users).size < has.users.length || new Set(has.keys).size < has.keys.length)
    say('something is there twice')
  for (const key of after.keys) {
    const original = origin.keys.find(({ handle }) => handle === key.handle)
    if (original?.owner !== key.owner || original.material !== key.material) say(`key ${key.handle} is another key`)
  }

  const newUsers = has.users.filter((name) => !had.users.includes(name))
  const newKeys = has.keys.filter((handle) => !had.keys.includes(handle))
  // Only what ran and may have written can have brought anything.
  const wrote = views.filter(({ request }) => isFinished(request) && request.outcome.evidence === 'may-have-written')
  const scopes = wrote.map(({ request }) => request.spec.scope)
  for (const name of newUsers)
    if (!scopes.some((scope) => covers(scope.users, name))) say(`nobody asked for user ${name}`)
  for (const handle of newKeys)
    if (!scopes.some((scope) => covers(scope.keys, handle))) say(`nobody asked for key ${handle}`)

  for (const { request } of views) {
    if (request.state !== 'succeeded' || request.spec.mode !== 'sync') continue
    const { scope, source: from } = request.spec
    const lacksUser = namesOf(origin).filter((name) => covers(scope.users, name) && !has.users.includes(name))
    const lacksKey = handlesOf(origin).filter((handle) => covers(scope.keys, handle) && !has.keys.includes(handle))
    const lacks = [...lacksUser, ...lacksKey].join(', ')
    if (lacks) say(`${request.id} succeeded from ${from.alias}, yet these are not there: ${lacks}`)
  }

  // One after the other, as only one may be open: what they say they synced is together exactly what is new.
  if (wrote.some(({ request }) => request.state === 'unknown')) return problems
  const told = { users: 0, keys: 0 }
  for (const { request } of wrote) {
    const report =
      'outcome' in request
        ? request.outcome.destinations.find(({ hsmId, cluster }) => hsmId === after.hsmId || cluster !== undefined)
        : undefined
    told.users += report?.users.synced ?? 0
    told.keys += report?.keys.synced ?? 0
  }
  if (told.users !== newUsers.length) say(`${told.users} users were reported as synced, ${newUsers.length} are new`)
  if (told.keys !== newKeys.length) say(`${told.keys} keys were reported as synced, ${newKeys.length} are new`)
  return problems
}

function covers(selection: Selection<string | number>, item: string | number): boolean {
  if (selection.kind === 'listed') return selection.items.includes(item)
  return selection.kind === 'all'
}

function clusterOf(world: WorldState, clusterId: string): Cluster {
  const found = world.clusters.find((cluster) => cluster.clusterId === clusterId)
  if (!found) throw new Error(`no cluster ${clusterId} in this world`)
  return found
}

function contentsOf(cluster: Cluster): unknown {
  return cluster.hsms.map((hsm) => [namesOf(hsm), hsm.keys])
}

function namesOf(hsm: Hsm): string[] {
  return hsm.users.filter(({ type }) => type === 'CU').map(({ name }) => name)
}

function handlesOf(hsm: Hsm): number[] {
  return hsm.keys.map(({ handle }) => handle)
}
