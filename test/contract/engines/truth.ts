import type { OutcomeReport, Tally } from '../../../src/domain/outcome.ts'
import { sure } from '../../fixtures/examples.ts'
import type { Cluster, Hsm, WorldState } from '../../simulator/world/world-state.ts'

// What stands on the HSMs, whatever a tool or an outcome says.

export const sourceOf = (state: WorldState): Cluster => sure(state.clusters[0])
export const destinationOf = (state: WorldState): Cluster => sure(state.clusters[1])

/** What every destination HSM has now and had not before; one entry, as long as they agree. */
export function arrived(before: WorldState, now: WorldState): Arrivals {
  const [first, ...others] = destinationOf(now).hsms.map((hsm, at) => news(sure(destinationOf(before).hsms[at]), hsm))
  for (const other of others) {
    if (JSON.stringify(other) !== JSON.stringify(first)) throw new Error('the destination HSMs differ')
  }
  return sure(first)
}

export interface Arrivals {
  readonly users: readonly string[]
  readonly keys: readonly number[]
}

function news(before: Hsm, now: Hsm): Arrivals {
  const users = new Set(before.users.map(({ name }) => name))
  const keys = new Set(before.keys.map(({ handle }) => handle))
  return {
    users: now.users.flatMap(({ name }) => (users.has(name) ? [] : [name])).sort(),
    keys: now.keys.flatMap(({ handle }) => (keys.has(handle) ? [] : [handle])).sort((a, b) => a - b),
  }
}

/** Users and keys of a cluster's HSMs; counts of failed logins left out. */
export function contents({ hsms }: Cluster): unknown {
  return hsms.map(({ hsmId, users, keys }) => ({
    hsmId,
    users: users.map(({ loginFailures: _, ...user }) => user),
    keys,
  }))
}

export function giveUsers(state: WorldState): void {
  const users = sure(sourceOf(state).hsms[0]).users
  for (const hsm of destinationOf(state).hsms) {
    const there = new Set(hsm.users.map(({ name }) => name))
    for (const user of users) if (!there.has(user.name)) hsm.users.push({ ...user, id: hsm.users.length + 10 })
  }
}

/**
 * An outcome in the words of its report, without what only one of the tools says: HSM or cluster, hexadecimal or
 * decimal.
 */
export function told({ state, proof, stop, evidence, withdrawn, destinations, discrepancies }: OutcomeReport) {
  const tallies = destinations.map(({ users, keys }) => ({ users: shown(users), keys: shown(keys) }))
  const [first = { users: '', keys: '' }, ...others] = tallies
  for (const other of others) if (JSON.stringify(other) !== JSON.stringify(first)) throw new Error('tallies differ')
  const named = discrepancies.map(
    ({ kind, name, problem }) => `${kind} ${kind === 'key' ? Number(name) : name}: ${problem}`,
  )
  return {
    state,
    proof,
    stop: stop?.code,
    wrote: evidence === 'may-have-written',
    withdrawn,
    ...first,
    named: [...new Set(named)].sort(),
  }
}

function shown(tally: Tally): string {
  const words = Object.entries(tally).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
  return words.join(', ')
}
