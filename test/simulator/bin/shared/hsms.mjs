// What every tool may look up in the state: HSMs, and the users and keys on them.

/** The HSM with this id, out of a state. */
export function hsmIn(state, hsmId) {
  for (const cluster of state.clusters) for (const hsm of cluster.hsms) if (hsm.hsmId === hsmId) return hsm
  throw new Error(`no HSM ${hsmId} in the state file`)
}

/** The cluster that holds this HSM. */
export function clusterOf(state, hsmId) {
  for (const cluster of state.clusters) if (cluster.hsms.some((hsm) => hsm.hsmId === hsmId)) return cluster
  throw new Error(`no HSM ${hsmId} in the state file`)
}

/** Users by name: HSMs do not distinguish upper and lower case. PCO and CO are one role. */
export function userNamed(hsm, name, type) {
  const wanted = name.toLowerCase()
  return hsm.users.find((user) => user.name.toLowerCase() === wanted && (!type || roleOf(user.type) === roleOf(type)))
}

export function roleOf(type) {
  return type === 'PCO' ? 'CO' : type
}

/** Keys of an HSM that have arrived by now. */
export function keysOf(hsm) {
  const now = Date.now()
  return hsm.keys.filter((key) => key.visibleAt === undefined || key.visibleAt <= now)
}

const indexes = new WeakMap()

/** The key with this handle (a number, or its digits), if it has arrived. */
export function keyWithHandle(hsm, handle) {
  // 3,300 keys times 3,300 commands: look up by handle, and only read what was added since.
  const index = indexes.get(hsm) ?? { byHandle: new Map(), read: 0 }
  for (; index.read < hsm.keys.length; index.read++) {
    const key = hsm.keys[index.read]
    index.byHandle.set(String(key.handle), key)
  }
  indexes.set(hsm, index)
  const key = index.byHandle.get(String(handle))
  return key === undefined || (key.visibleAt ?? 0) > Date.now() ? undefined : key
}
