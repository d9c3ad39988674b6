import { clusterOf, hsmIn, keyWithHandle, userNamed } from '../shared/hsms.mjs'
import { recordViolation } from '../shared/recording.mjs'

// Codes of the same firmware, from AWS's and its siblings' documents; which of them `syncUser` and `syncKey` print on a
// failure is not public, so both spellings exist as a dialect.
const errors = {
  userExists: ['user already created, unable to insert object', '0xb6'],
  userMissing: ["HSM Error: user isn't initialized or user with this name doesn't exist", '0x9d'],
  noSuchHandle: ['HSM Error: Invalid object handle is passed to this operation', '0xa8'],
  keyExists: ['HSM Error: This operation violates the current configured/FIPS policies', '0xb3'],
  notAClone: ['HSM Error: This operation violates the current configured/FIPS policies', '0xb3'],
  denied: ['HSM Error: Key Access is denied', '0xc6'],
  notLoggedIn: ['HSM Error: Invalid User Type', '0xdb'],
  badInput: ['HSM Error: Invalid input data/params', '0xa3'],
}

export const syncCommands = {
  syncUser(session, args, fault) {
    answer(session, { command: 'syncUser', fault, outcome: () => syncUser(session, args) })
  },
  syncKey(session, args, fault) {
    answer(session, { command: 'syncKey', fault, outcome: () => syncKey(session, args, fault) })
  },
}

function answer(session, { command, fault, outcome }) {
  const problem = fault?.do === 'mask-error' ? { at: 'insert', error: errors.keyExists } : outcome()
  const masks = command === 'syncUser' && session.dialect.maskLines
  if (problem === undefined) {
    session.print(...(masks ? ['ExtractMaskedObject: 0x0 !', 'InsertMaskedObject: 0x0 !'] : []), `${command} success`)
    return
  }
  const [text, code] = problem.error
  if (session.dialect.failureText === 'hsm-error' && fault?.do !== 'mask-error') {
    session.print(`${command} failed: ${text}`)
    return
  }
  if (problem.at === 'extract') session.print(`ExtractMaskedObject: ${code} !`, text)
  else session.print('ExtractMaskedObject: 0x0 !', `InsertMaskedObject: ${code} !`, text)
}

/** Both ends of a copy, or why there can be none. */
function ends(session, destination) {
  const from = session.servers.find((server) => server.number === session.mode)
  const to = session.servers.find((server) => String(server.number) === destination)
  if (from === undefined || to === undefined || from === to) return { problem: at('extract', errors.badInput) }
  if (from.login === undefined || to.login === undefined) return { problem: at('extract', errors.notLoggedIn) }
  return { from, to }
}

function syncUser(session, [id, destination]) {
  const { from, to, problem } = ends(session, destination)
  if (problem !== undefined) return problem
  if (from.login.type !== 'CO' || to.login.type !== 'CO') return at('extract', errors.notLoggedIn)
  return session.state.transaction((state, record) => {
    const user = hsmIn(state, from.hsmId).users.find((candidate) => String(candidate.id) === id)
    if (user === undefined) return at('extract', errors.userMissing)
    if (user.type === 'AU') recordViolation('cloudhsm_mgmt_util', 'syncUser on the appliance user')
    if (!areClones(state, from, to)) return at('insert', errors.notAClone)
    const target = hsmIn(state, to.hsmId)
    if (userNamed(target, user.name) !== undefined) return at('insert', errors.userExists)
    const next = Math.max(...target.users.map((candidate) => candidate.id)) + 1
    record({ kind: 'user', hsm: to.hsmId, user: { ...user, id: next, loginFailures: 0 } })
    return undefined
  })
}

function syncKey(session, [handle, destination], fault) {
  const { from, to, problem } = ends(session, destination)
  if (problem !== undefined) return problem
  return session.state.transaction((state, record) => {
    const key = keyWithHandle(hsmIn(state, from.hsmId), handle)
    if (key === undefined) return at('extract', errors.noSuchHandle)
    if (from.login.type === 'CU' && from.login.name !== key.owner) return at('extract', errors.denied)
    if (!areClones(state, from, to)) return at('insert', errors.notAClone)
    const target = hsmIn(state, to.hsmId)
    if (keyWithHandle(target, handle) !== undefined && fault?.do !== 'new-handle') return at('insert', errors.keyExists)
    // The masked object carries owner and sharing: everybody it names must exist there.
    if ([key.owner, ...key.sharedWith].some((name) => userNamed(target, name, 'CU') === undefined)) {
      return at('insert', errors.userMissing)
    }
    const copy = { ...key, visibleAt: undefined }
    if (fault?.do !== 'new-handle') insert(state, { record, to, key: copy })
    if (fault?.do === 'new-handle' || fault?.do === 'twice') {
      insert(state, { record, to, key: { ...copy, handle: freeHandle(hsmIn(state, to.hsmId)) } })
    }
    return undefined
  })
}

// The service copies keys, not users, to the cluster's other HSMs. An HSM that lacks the owner does not get the key.
function insert(state, { record, to, key }) {
  record({ kind: 'key', hsm: to.hsmId, key })
  if (state.spreadMs < 0) return
  for (const hsm of clusterOf(state, to.hsmId).hsms) {
    if (hsm.hsmId === to.hsmId || hsm.state !== 'ACTIVE') continue
    if (userNamed(hsm, key.owner, 'CU') === undefined || keyWithHandle(hsm, String(key.handle)) !== undefined) continue
    const spreading = state.spreadMs > 0 ? { visibleAt: Date.now() + state.spreadMs } : {}
    record({ kind: 'key', hsm: hsm.hsmId, key: { ...key, ...spreading } })
  }
}

function areClones(state, from, to) {
  return clusterOf(state, from.hsmId).lineage === clusterOf(state, to.hsmId).lineage
}

function freeHandle(hsm) {
  return Math.max(...hsm.keys.map((key) => key.handle)) + 1
}

function at(place, error) {
  return { at: place, error }
}
