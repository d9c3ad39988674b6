import type { World } from '../simulator/world/world.ts'

const SOURCE = 'cluster-2abcdefghij'

/**
 * A new crypto user and a key on every HSM of prod-us, as an administrator would make them by hand. Answers the key's
 * handle; throws where the user is there already.
 */
export function addUserWithKey(world: World, name: string): number {
  let handle = 0
  world.update((state) => {
    const hsms = state.clusters.find(({ clusterId }) => clusterId === SOURCE)?.hsms ?? []
    if (hsms.some(({ users }) => users.some((user) => user.name === name))) throw new Error(`${name} is there already`)
    const handles = state.clusters.flatMap((cluster) =>
      cluster.hsms.flatMap(({ keys }) => keys.map((key) => key.handle)),
    )
    handle = Math.max(...handles) + 1
    for (const { users, keys } of hsms) {
      const id = Math.max(...users.map((user) => user.id)) + 1
      users.push({ id, name, type: 'CU', password: `made-by-hand-${handle}`, loginFailures: 0 })
      keys.push({ handle, owner: name, sharedWith: [], label: `key-${handle}`, material: `key-${handle}` })
    }
  })
  return handle
}
