import { userNamed } from '../shared/hsms.mjs'
import { recordLogin } from '../shared/recording.mjs'

// CloudHSM locks a user after five wrong passwords (twenty on clusters older than February 2018).
const attemptsBeforeLockOut = 5

export const loginCommands = {
  loginHSM(session, [type, name, password], _fault, line) {
    if (!['CO', 'CU', 'PRECO'].includes(type) || name === undefined || password === undefined) {
      session.print('Usage: loginHSM <user type> <user name> <password|-hpswd>')
      return
    }
    if (password === '-hpswd') {
      // It reads the terminal, not standard input, so there is nobody to type.
      session.print('Enter password:', 'loginHSM failed: could not read the password')
      return
    }
    for (const server of session.targets()) {
      if (server.login !== undefined) session.print(`loginHSM failed: already logged in${session.on(server)}`)
      else logIn(session, { server, type, name, password, line })
    }
  },
  logoutHSM(session) {
    for (const server of session.targets()) {
      server.login = undefined
      session.print(`logoutHSM success${session.on(server)}`)
    }
  },
}

function logIn(session, { server, type, name, password, line }) {
  const user = userNamed(session.hsmOf(server), name, type)
  const error = errorOf(session, { server, user, password })
  recordLogin({ tool: 'cmu', user: name, target: server.hostname, ok: error === undefined })
  if (error === undefined) {
    server.login = { name: user.name, type }
    session.print(`loginHSM success${session.on(server)}`)
    return
  }
  const suffix = session.dialect.loginFailureSuffix ? session.on(server) : ''
  session.print(`loginHSM failed: HSM Error: ${error}${suffix}`)
  if (session.dialect.quotesFailedLogin) session.print(`Error in command: ${line.trim()}`)
}

function errorOf(session, { server, user, password }) {
  if (user === undefined) return "user isn't initialized or user with this name doesn't exist"
  const isRight = user.password === password && user.twoFactor !== true
  if (user.loginFailures < attemptsBeforeLockOut && isRight) {
    if (user.loginFailures > 0) countFailures(session, { server, user, count: 0 })
    return undefined
  }
  countFailures(session, { server, user, count: user.loginFailures + 1 })
  return 'RET_USER_LOGIN_FAILURE'
}

function countFailures(session, { server, user, count }) {
  session.state.transaction((_state, record) => {
    record({ kind: 'login-failures', hsm: server.hsmId, userId: user.id, count })
  })
}
