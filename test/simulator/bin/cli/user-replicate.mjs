import { hsmIn, userNamed } from '../shared/hsms.mjs'
import { Failure, success } from './answer.mjs'
import { hsmsOf } from './clusters.mjs'
import { roleOption } from './login.mjs'
import { areClones, bothEnds, clusterOptions, onEveryConnection } from './replicate.mjs'
import { describeUser, isLocked, isSameUser, typeOfRole } from './users.mjs'

export const userReplicate = {
  since: '5.15',
  options: { '--username': { value: 'USERNAME', required: true }, '--role': roleOption, ...clusterOptions },
  prepare: bothEnds,
  act: (session, { prepared, options, fault }) =>
    session.state.transaction((state, record) => {
      const user = sourceUser(state, { ...prepared, options })
      const hsms = hsmsOf(state, prepared.to)
      const isPossible = areClones(state, prepared) && isTypeAllowed(state, prepared)
      const write = (hsm) => isPossible && writeUser(record, { hsm, user })
      const problem = onEveryConnection(session, { what: 'User', hsms, fault, write })
      return problem ?? replicated(session, { users: hsms.map((hsm) => userNamed(hsm, user.name)), count: hsms.length })
    }),
  pretend(session, { prepared, options }) {
    const user = sourceUser(session.state.read(), { ...prepared, options })
    return replicated(session, { users: [user], count: 1 })
  },
}

function replicated(session, { users, count }) {
  return success(session, { user: describeUser(session, users, count), message: 'Successfully replicated user' })
}

function sourceUser(state, { from, to, options }) {
  if (from.role !== 'admin' || to.role !== 'admin') throw new Failure('Only an admin can replicate users')
  const users = hsmsOf(state, from).map((hsm) => userNamed(hsm, options['--username'], typeOfRole[options['--role']]))
  const [user] = users.filter((found) => found !== undefined)
  if (user === undefined) throw new Failure('Specified user does not exist')
  if (users.some((found) => found === undefined || !isSameUser(found, user))) {
    throw new Failure('Specified user is inconsistent across the cluster')
  }
  return user
}

// hsm2m stores passwords in a way that hsm1 does not know.
function isTypeAllowed(state, { from, to }) {
  const has = ({ hsmIds }, type) => hsmIds.some((hsmId) => hsmIn(state, hsmId).hsmType.startsWith(type))
  return !(has(from, 'hsm2m') && has(to, 'hsm1'))
}

function writeUser(record, { hsm, user }) {
  const present = userNamed(hsm, user.name)
  // Whether the passwords are equal cannot be seen, and nothing is changed.
  if (present !== undefined) return isSameUser(present, user)
  const id = Math.max(...hsm.users.map((other) => other.id)) + 1
  record({
    kind: 'user',
    hsm: hsm.hsmId,
    user: { ...user, id, loginFailures: isLocked(user) ? user.loginFailures : 0 },
  })
  return true
}
