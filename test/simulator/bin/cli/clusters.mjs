import { accessSync } from 'node:fs'
import { clusterOf, hsmIn } from '../shared/hsms.mjs'
import { Failure } from './answer.mjs'

/** The configured cluster with this id; without an id, the only one there is. */
export function clusterNamed(session, id) {
  const clusters = session.clusters()
  if (id === undefined) {
    if (clusters.length === 1) return clusters[0]
    throw new Failure('multiple clusters provided in configuration file. Please specify `cluster-id`')
  }
  const found = clusters.find((cluster) => cluster.id === id)
  if (found === undefined) throw new Failure(`Cluster ${id} was not found in the configuration file`)
  return found
}

/**
 * Connects to a configured cluster: {id, hsmIds}, its HSMs in the order of the file. All of them must answer.
 * The real client may go on with those that do; a sync that does not see every HSM proves nothing.
 */
export function connect(session, cluster) {
  try {
    accessSync(cluster.caFile)
  } catch {
    throw new Failure(`Internal error: failed to connect: could not read HSM CA certificate ${cluster.caFile}`)
  }
  const state = session.state.read()
  const all = state.clusters.flatMap(({ hsms }) => hsms)
  const hsmIds = cluster.servers.map(({ hostname, port }) => {
    const hsm = all.find((candidate) => candidate.ip === hostname && candidate.state === 'ACTIVE')
    if (hsm === undefined || hsm.faults.refuse || port !== 2223) {
      throw new Failure(`Internal error: failed to connect to ${hostname}:${port}: connection timed out`)
    }
    return hsm.hsmId
  })
  if (hsmIds.length === 0) throw new Failure('Internal error: failed to connect: no server is enabled')
  return { id: cluster.id ?? clusterOf(state, hsmIds[0]).clusterId, hsmIds }
}

// The client wants a key on two HSMs before it works with it, unless it is told not to (user guide, key availability
// check).
export function checkAvailability({ hsmIds, configured }, key) {
  if (hsmIds.length > 1 || configured.takesSingleKeys || key === undefined) return
  throw new Failure(
    `Key ${key.handle} does not meet the availability requirements - The key must be available on at least 2 HSMs before being used.`,
  )
}

/** The HSMs of a connected cluster, out of a state. */
export function hsmsOf(state, { hsmIds }) {
  return hsmIds.map((hsmId) => hsmIn(state, hsmId))
}
