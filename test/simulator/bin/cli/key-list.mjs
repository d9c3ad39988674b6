import { keysOf } from '../shared/hsms.mjs'
import { Failure, success } from './answer.mjs'
import { checkAvailability, clusterNamed, hsmsOf } from './clusters.mjs'
import { filterFrom, filterOption } from './key-filter.mjs'
import { describeFully, describePlainly, mayUse } from './keys.mjs'
import { logInFromEnvironment, loginAt } from './login.mjs'

const number = /^\d{1,9}$/

export const keyList = {
  options: {
    '--cluster-id': { value: 'CLUSTER_ID' },
    '--filter': filterOption,
    '--max-items': { value: 'MAX_ITEMS', pattern: /^[1-9]\d{0,8}$/ },
    '--starting-token': { value: 'STARTING_TOKEN' },
    '--verbose': {},
  },
  prepare(session, options) {
    const cluster = clusterNamed(session, options['--cluster-id'])
    if (!session.isInteractive) logInFromEnvironment(session, { cluster, prefix: '' })
    return loginAt(session, cluster)
  },
  act(session, { prepared: login, options }) {
    const hsms = hsmsOf(session.state.read(), login)
    const matching = filterFrom(options['--filter'])
    const found = seenBy(session, { login, hsms }).filter(([key]) => matching(key))
    checkAvailability(login, found[0]?.[0])
    const from = startOf(options['--starting-token'])
    const page = found.slice(from, from + Number(options['--max-items'] ?? 10))
    const next = from + page.length
    // For an administrator --verbose has no effect.
    const isFull = options['--verbose'] === true && login.role === 'crypto-user'
    return success(session, {
      matched_keys: page.map((copies) => (isFull ? describeFully(copies, hsms.length) : describePlainly(copies[0]))),
      total_key_count: found.length,
      returned_key_count: page.length,
      ...(next < found.length ? { next_token: String(next) } : {}),
    })
  },
}

/** Keys by reference, as [copy on each HSM that has it], in the order of their references. */
export function keysByReference(hsms) {
  const byHandle = new Map()
  for (const key of hsms.flatMap(keysOf)) {
    const copies = byHandle.get(key.handle)
    if (copies === undefined) byHandle.set(key.handle, [key])
    else copies.push(key)
  }
  return [...byHandle.values()].sort(([one], [other]) => one.handle - other.handle)
}

function seenBy(session, { login, hsms }) {
  if (login.role === 'admin' && session.dialect.cliAdminSees === 'none') return []
  return keysByReference(hsms).filter((copies) => copies.some((key) => mayUse(key, login)))
}

function startOf(token = '0') {
  if (!number.test(token)) throw new Failure('Invalid starting token')
  return Number(token)
}
