import { success } from './answer.mjs'
import { clusterNamed, connect, hsmsOf } from './clusters.mjs'

const attemptsBeforeLockOut = 5
const roles = {
  PRECO: 'unactivated-admin',
  PCO: 'admin',
  CO: 'admin',
  CU: 'crypto-user',
  AU: 'internal(APPLIANCE_USER)',
}

/** The user type that a role of this tool stands for. */
export const typeOfRole = { admin: 'CO', 'crypto-user': 'CU' }

export function isLocked(user) {
  return user.loginFailures >= attemptsBeforeLockOut
}

/** What makes users of one name the same to this tool; a password cannot be compared. */
export function isSameUser(one, other) {
  return (
    roles[one.type] === roles[other.type] &&
    isLocked(one) === isLocked(other) &&
    (one.twoFactor === true) === (other.twoFactor === true)
  )
}

export function describeUser(session, users, hsmCount) {
  const [first] = users
  const locked = users.filter(isLocked).length
  return {
    username: first.name.toLowerCase(),
    role: roles[first.type],
    locked: locked === 0 ? 'false' : locked === users.length ? 'true' : 'inconsistent',
    mfa: users.some((user) => user.twoFactor) ? [{ strategy: 'token-sign', status: 'enabled' }] : [],
    ...(session.dialect.cliQuorumField ? { quorum: [] } : {}),
    'cluster-coverage': users.length === hsmCount ? 'full' : 'inconsistent',
  }
}

// Works without a login.
export const userList = {
  options: { '--cluster-id': { value: 'CLUSTER_ID' } },
  prepare: (session, options) => connect(session, clusterNamed(session, options['--cluster-id'])),
  act(session, { prepared: cluster }) {
    const hsms = hsmsOf(session.state.read(), cluster)
    const groups = new Map()
    for (const user of hsms.flatMap(({ users }) => users)) {
      const group = `${user.name.toLowerCase()} ${roles[user.type]}`
      groups.set(group, [...(groups.get(group) ?? []), user])
    }
    return success(session, { users: [...groups.values()].map((users) => describeUser(session, users, hsms.length)) })
  },
}
