import { writeFileSync } from 'node:fs'
import { keysOf } from '../shared/hsms.mjs'
import { sha256 } from '../shared/late.mjs'

export const listingCommands = {
  // Works without a login.
  listUsers(session) {
    for (const server of session.targets()) session.print(...userTable(session, server))
  },
  findAllKeys(session, [id, hash, file]) {
    if (!/^\d+$/.test(id ?? '') || (hash !== '0' && hash !== '1')) {
      session.print('Usage: findAllKeys <user id> <hash 0/1> [output file]')
      return
    }
    const blocks = session.targets().map((server) => ({ server, ...findAllKeys(session, { server, id, hash }) }))
    if (file !== undefined) writeFileSync(file, `${blocks.flatMap((block) => block.lines).join('\n')}\n`)
    for (const { server, lines, error } of blocks) {
      const shortened = file !== undefined && session.dialect.findAllKeysFileOutput === 'summary'
      session.print(...(shortened ? lines.slice(0, 2) : lines))
      if (error === undefined) session.print(`findAllKeys success${session.on(server)}`)
      else session.print(`findAllKeys failed: HSM Error: ${error}${session.on(server)}`)
    }
  },
}

function userTable(session, server) {
  const { dialect } = session
  const { users } = session.hsmOf(server)
  const width = dialect.userTable === 'wide' ? 42 : 22
  const has2FA = dialect.userTable !== 'old'
  const row = (cells) =>
    `    ${cells[0]}${cells[1].padEnd(16)}${cells[2].padEnd(width)}${cells[3]}${cells[4]}${has2FA ? cells[5] : ''}`
  const header = row([
    'User Id    ',
    '         User Type',
    '       User Name',
    '          MofnPubKey',
    '    LoginFailureCnt',
    '         2FA',
  ])
  return [
    `Users on server ${server.number}(${server.name}):`,
    `Number of users found:${users.length}`,
    '',
    header,
    ...users.map((user) =>
      row([
        `${String(user.id).padStart(6)}              `,
        user.type === 'PCO' ? dialect.adminType : user.type,
        user.name,
        (user.type === 'PCO' ? 'YES' : 'NO').padStart(12),
        String(user.loginFailures).padStart(16),
        (user.twoFactor ? 'YES' : 'NO').padStart(17),
      ]),
    ),
  ]
}

function findAllKeys(session, { server, id, hash }) {
  const header = `Keys on server ${server.number}(${server.name}):`
  if (server.login === undefined) return { lines: [header], error: 'RET_USER_NOT_LOGGED_IN' }
  if (server.login.type === 'CU') return { lines: [header], error: 'Invalid User Type' }
  const hsm = session.hsmOf(server)
  const user = hsm.users.find((candidate) => String(candidate.id) === id)
  if (user === undefined && id !== '0') {
    return { lines: [header], error: "user isn't initialized or user with this name doesn't exist" }
  }
  const all = keysOf(hsm)
  const marked = all.map((key) => mark(key, user, session.dialect)).filter((text) => text !== undefined)
  const lines = [header, `Number of keys found ${marked.length}`]
  if (marked.length > 0) {
    lines.push(`number of keys matched from start index 0::${marked.length}`, marked.join(','))
    if (hash === '1') lines.push('Key Hash:', keyHash(hsm, all))
  }
  return { lines }
}

// (o) owned, (s) shared with this user, no mark: a public key. Id 0 lists every key (sibling products, public scripts).
function mark(key, user, dialect) {
  if (key.public || user === undefined) return String(key.handle)
  if (key.owner === user.name) {
    return `${key.handle}(${dialect.combinedMarks && key.sharedWith.length > 0 ? 'o,s' : 'o'})`
  }
  return key.sharedWith.includes(user.name) ? `${key.handle}(s)` : undefined
}

// The real hash covers ownership and sharing of every key on the HSM, with user data: equal ids and names, equal hash.
function keyHash(hsm, keys) {
  const ids = new Map(hsm.users.map((user) => [user.name, user.id]))
  const rows = keys
    .map((key) => [
      key.handle,
      ids.get(key.owner),
      key.owner,
      ...key.sharedWith.map((name) => `${name}:${ids.get(name)}`),
    ])
    .sort((a, b) => a[0] - b[0])
  return sha256(JSON.stringify(rows))
}
