import { clusterOf } from '../shared/hsms.mjs'
import { Failure, failure } from './answer.mjs'
import { clusterNamed } from './clusters.mjs'
import { logInFromEnvironment, loginAt } from './login.mjs'

export const clusterOptions = {
  '--source-cluster-id': { value: 'SOURCE_CLUSTER_ID', required: true },
  '--destination-cluster-id': { value: 'DESTINATION_CLUSTER_ID', required: true },
}

/** The logins {from, to} of both clusters; single command mode makes them first. */
export function bothEnds(session, options) {
  const source = clusterNamed(session, options['--source-cluster-id'])
  const destination = clusterNamed(session, options['--destination-cluster-id'])
  if (source === destination) throw new Failure('Source and destination cluster are the same')
  if (!session.isInteractive) {
    logInFromEnvironment(session, { cluster: source, prefix: '' })
    logInFromEnvironment(session, { cluster: destination, prefix: 'DESTINATION_' })
  }
  return { from: loginAt(session, source), to: loginAt(session, destination) }
}

export function areClones(state, { from, to }) {
  const lineages = [...from.hsmIds, ...to.hsmIds].map((hsmId) => clusterOf(state, hsmId).lineage)
  return new Set(lineages).size === 1
}

/**
 * Writes to each HSM of the destination on its own, so that it may fail on some. `write(hsm)` says whether it worked.
 * Undefined when it worked everywhere, otherwise the answer.
 */
export function onEveryConnection(session, { what, hsms, fault, write }) {
  const all = hsms.length
  const reached = fault?.do === 'partial' ? hsms.slice(0, -1) : hsms
  const failed = all - reached.filter((hsm) => write(hsm)).length
  if (failed === 0) return undefined
  return failure(session, `${what} replicate failed on ${failed} of ${all} connections`)
}
