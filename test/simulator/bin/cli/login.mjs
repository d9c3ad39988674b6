import { userNamed } from '../shared/hsms.mjs'
import { switchEcho } from '../shared/late.mjs'
import { self } from '../shared/process.mjs'
import { recordLogin } from '../shared/recording.mjs'
import { Failure, success } from './answer.mjs'
import { clusterNamed, connect, hsmsOf } from './clusters.mjs'
import { answerOf } from './faults.mjs'
import { isLocked, typeOfRole } from './users.mjs'

// No text of a failed login is public.
const texts = {
  wrongPassword: 'Login failed: invalid username or password',
  unknownUser: 'Login failed: user does not exist',
  locked: 'Login failed: user is locked out',
  mfa: 'Login failed: multi-factor authentication is required',
}

export const roleOption = { value: 'ROLE', required: true, values: Object.keys(typeOfRole) }

export const login = {
  options: {
    '--username': { value: 'USERNAME', required: true },
    '--role': roleOption,
    '--password': { value: 'PASSWORD' },
    '--cluster-id': { value: 'CLUSTER_ID' },
  },
  prepare(session, options) {
    const cluster = clusterNamed(session, options['--cluster-id'])
    const present = loginsOf(session).find(({ configured }) => configured === cluster)
    if (present !== undefined) throw new Failure(`Login failed: already logged in as ${present.name}`)
    return { cluster, password: options['--password'] ?? askPassword(session) }
  },
  act(session, { prepared, options }) {
    const name = options['--username']
    return logIn(session, { ...prepared, name, role: options['--role'] })
  },
  pretend: (session, { options }) =>
    success(session, { username: options['--username'].toLowerCase(), role: options['--role'] }),
}

export const logout = {
  options: { '--cluster-id': { value: 'CLUSTER_ID' } },
  act(session, { options }) {
    const login = loginAt(session, clusterNamed(session, options['--cluster-id']))
    session.logins.delete(login.id)
    return success(session, 'Logout successful')
  },
}

/** The login at a configured cluster. */
export function loginAt(session, cluster) {
  const found = loginsOf(session).find(({ configured }) => configured === cluster)
  if (found !== undefined) return found
  throw new Failure(`Not logged in${cluster.id === undefined ? '' : ` to cluster ${cluster.id}`}`)
}

function loginsOf(session) {
  return [...session.logins.values()]
}

/** Logs in with the environment's credentials, as single command mode does. `prefix` is DESTINATION_ or nothing. */
export function logInFromEnvironment(session, { cluster, prefix }) {
  const [roleName, pinName] = [`${prefix}CLOUDHSM_ROLE`, `${prefix}CLOUDHSM_PIN`]
  const { [roleName]: role, [pinName]: pin } = self().variables
  if (!role || !pin) throw new Failure(`Environment variables ${roleName} and ${pinName} must be set`)
  if (typeOfRole[role] === undefined) throw new Failure(`${roleName} must be admin or crypto-user`)
  const [, name, password] = pin.match(/^([^:]+):(.+)$/s) ?? []
  if (password === undefined) throw new Failure(`${pinName} must be <username>:<password>`)
  const line = `login --username ${name} --role ${role} --cluster-id ${cluster.id}`
  const act = () => logIn(session, { cluster, name, role, password })
  const answer = answerOf(session, { command: 'login', line, act, pretend: () => success(session, {}) })
  if (!answer.ok) throw new Failure(JSON.parse(answer.text).data)
}

function logIn(session, { cluster, name, role, password }) {
  session.wait('cli login')
  const { id, hsmIds } = connect(session, cluster)
  const error = errorOf(session, { hsmIds, name, role, password })
  recordLogin({ tool: 'cloudhsm-cli', user: name, target: id, ok: error === undefined })
  if (error !== undefined) throw new Failure(error)
  session.logins.set(id, { id, hsmIds, configured: cluster, name: name.toLowerCase(), role })
  return success(session, { username: name.toLowerCase(), role })
}

// It logs in to each HSM in turn and stops at the first that says no: a wrong password counts there and nowhere else.
function errorOf(session, { hsmIds, name, role, password }) {
  return session.state.transaction((state, record) => {
    const count = (hsm, user, failures) =>
      record({ kind: 'login-failures', hsm: hsm.hsmId, userId: user.id, count: failures })
    for (const hsm of hsmsOf(state, { hsmIds })) {
      const user = userNamed(hsm, name, typeOfRole[role])
      if (user === undefined) return texts.unknownUser
      if (isLocked(user)) return texts.locked
      if (user.twoFactor) return texts.mfa
      if (user.password !== password) {
        count(hsm, user, user.loginFailures + 1)
        return texts.wrongPassword
      }
      if (user.loginFailures > 0) count(hsm, user, 0)
    }
    return undefined
  })
}

// On a pipe, what the real tool does is not documented; `terminal` is what Rust's usual password reader does.
function askPassword(session) {
  const { cliInteractive, cliColours } = session.dialect
  const onTerminal = self().isTerminal()
  if (cliInteractive === 'terminal' && !onTerminal) {
    throw new Failure('Failed to read password: No such device or address (os error 6)')
  }
  echo(onTerminal, 'off')
  const question = cliColours ? '\x1b[1mEnter password:\x1b[0m' : 'Enter password:'
  const password = session.terminal.ask(cliInteractive === 'silent' && !onTerminal ? '' : question)
  echo(onTerminal, 'on')
  if (password === undefined) throw new Failure('Failed to read password: end of input')
  session.log.line('***')
  return password
}

function echo(onTerminal, to) {
  if (onTerminal) switchEcho(to)
}
