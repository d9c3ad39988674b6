import { type Inventory, isWhole, userKey } from './inventory.ts'
import { type Spec, targetsOf } from './spec.ts'

/** A user that not every HSM of a cluster has, or not in the same way: nothing spreads users inside a cluster. */
export interface Uneven {
  readonly clusterId: string
  readonly user: string
  /** In words: the HSMs that lack it, or what CloudHSM CLI says of it. */
  readonly what: string
}

/**
 * Users inside of each cluster that not all of its HSMs have, as far as a run's listings show: CMU lists every HSM of
 * the destination, and one of the source; CloudHSM CLI tells of both clusters.
 */
export function unevenUsers(spec: Spec, listed: readonly Inventory[]): readonly Uneven[] {
  const [, ...destinations] = listed
  return spec.reach === 'cluster'
    ? listed.flatMap((inventory) => toldUneven(spec, inventory))
    : lackingSomewhere(spec, destinations)
}

function toldUneven({ source, destination }: Spec, { server, users }: Inventory): readonly Uneven[] {
  const { clusterId } = server === 0 ? source : destination
  return users.flatMap((user) => {
    const what = isWhole(user) ? user.uneven : (user.coverage ?? user.uneven)
    return what === undefined ? [] : [{ clusterId, user: user.name, what }]
  })
}

function lackingSomewhere(spec: Spec, destinations: readonly Inventory[]): readonly Uneven[] {
  const places = targetsOf(spec)
  const names = new Map(destinations.flatMap(({ users }) => users.map((user) => [userKey(user), user.name] as const)))
  return [...names].flatMap(([key, user]) => {
    const lacking = destinations.filter(({ users }) => !users.some((one) => userKey(one) === key))
    const hsms = lacking.flatMap(({ server }) => places[server]?.hsms.map(({ hsmId }) => hsmId) ?? [])
    return hsms.length === 0
      ? []
      : [{ clusterId: spec.destination.clusterId, user, what: `missing on ${hsms.join(', ')}` }]
  })
}
