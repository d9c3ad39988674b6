import { isAtLeast } from '../shared/client-sdk5.mjs'
import { keyWithHandle, userNamed } from '../shared/hsms.mjs'
import { recordViolation } from '../shared/recording.mjs'
import { Failure, success } from './answer.mjs'
import { checkAvailability, hsmsOf } from './clusters.mjs'
import { filterFrom, filterOption, isByReference } from './key-filter.mjs'
import { keysByReference } from './key-list.mjs'
import { describeFully, isSameKey, mayUse } from './keys.mjs'
import { areClones, bothEnds, clusterOptions, onEveryConnection } from './replicate.mjs'

export const keyReplicate = {
  since: '5.12',
  options: { '--filter': { ...filterOption, required: true }, ...clusterOptions },
  prepare: bothEnds,
  act: (session, { prepared, options, fault }) =>
    session.state.transaction((state, record) => {
      const copies = sourceKey(session, { state, ...prepared, options })
      const [key] = copies
      for (const end of [prepared.from, prepared.to]) checkAvailability(end, key)
      const hsms = hsmsOf(state, prepared.to)
      const other = ['new-handle', 'twice'].includes(fault?.do)
        ? freeHandle([...hsms, ...hsmsOf(state, prepared.from)])
        : undefined
      const write = (hsm) => areClones(state, prepared) && writeKey(record, { hsm, key, fault, other })
      const problem = onEveryConnection(session, { what: 'Key', hsms, fault, write })
      return problem ?? replicated(session, copies)
    }),
  pretend: (session, { prepared, options }) =>
    replicated(session, sourceKey(session, { state: session.state.read(), ...prepared, options })),
}

function replicated(session, copies) {
  return success(session, { key: describeFully(copies, copies.length), message: 'Successfully replicated key' })
}

/** The one key that the filter matches, as its copy on each HSM of the source. */
function sourceKey(session, { state, from, to, options }) {
  if ([from, to].some(({ role }) => role === 'admin') && !isAtLeast(session.version, '5.13')) {
    throw new Failure('Only a crypto user can replicate keys')
  }
  if (!isByReference(options['--filter'])) {
    recordViolation('cloudhsm-cli', 'key replicate without a key-reference: a label may match another key')
  }
  const hsms = hsmsOf(state, from)
  const copies = theOnly(
    candidates(hsms, options['--filter']).filter((found) => found.some((key) => mayUse(key, from))),
  )
  const [key] = copies
  for (const { role, name } of [from, to]) {
    if (role === 'crypto-user' && name !== key.owner.toLowerCase()) {
      throw new Failure('Only the owner of a key or an admin can replicate it')
    }
  }
  if (copies.length < hsms.length || copies.some((copy) => !isSameKey(copy, key))) {
    throw new Failure('The selected key is not synchronized throughout the cluster')
  }
  return copies
}

function theOnly(found) {
  if (found.length === 0) throw new Failure('No key matches the filter')
  if (found.length > 1) throw new Failure('More than one key matches the filter')
  return found[0]
}

// Thousands of keys are copied one by one: a reference is looked up, not searched for.
function candidates(hsms, filter) {
  const matching = filterFrom(filter)
  const [, reference] = filter.join('\n').match(/^key-reference=(0x[0-9a-f]+)$/im) ?? []
  const found =
    reference === undefined
      ? keysByReference(hsms)
      : [hsms.map((hsm) => keyWithHandle(hsm, BigInt(reference))).filter((key) => key !== undefined)]
  return found.filter(([key]) => key !== undefined && matching(key))
}

// Free on the source too, or it might be the very reference that was asked for.
function freeHandle(hsms) {
  return hsms.flatMap(({ keys }) => keys).reduce((most, { handle }) => Math.max(most, handle), 0) + 1
}

function writeKey(record, { hsm, key, fault, other }) {
  // The masked object carries owner and sharing: everybody it names must exist there.
  if ([key.owner, ...key.sharedWith].some((name) => userNamed(hsm, name, 'CU') === undefined)) return false
  const insert = (handle) => record({ kind: 'key', hsm: hsm.hsmId, key: { ...key, visibleAt: undefined, handle } })
  if (other !== undefined) insert(other)
  if (fault?.do === 'new-handle') return true
  const present = keyWithHandle(hsm, key.handle)
  if (present !== undefined) return isSameKey(present, key)
  insert(key.handle)
  return true
}
