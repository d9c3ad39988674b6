import { keysOf } from '../shared/hsms.mjs'
import { sha256 } from '../shared/late.mjs'

const columns = [8, 24, 17, 7, 16, 24]

export const inspectionCommands = {
  info(session, [what, number]) {
    const server = session.servers.find((candidate) => String(candidate.number) === number)
    if (what !== 'server' || server === undefined) return session.print('Usage: info server <server id>')
    const login =
      server.login === undefined ? 'Not logged in' : `Logged in as '${server.login.name}(${server.login.type})'`
    session.print(
      line(['Id', 'Name', 'Hostname', 'Port', 'State', 'Partition'], 'LoginState'),
      line([server.number, server.name, server.hostname, server.port, 'Connected', server.partition], login),
    )
  },
  getHSMInfo(session) {
    const servers = session.targets()
    session.print(`Getting HSM Info on ${servers.length} nodes`)
    for (const server of servers) {
      session.print(
        `        *** Server ${server.number} HSM Info ***`,
        '        Label                :cavium',
        '        Model                :NITROX-III CNN35XX-NFBE',
        `        Serial Number        :3.0A0101-${server.partition}`,
        '        FIPS state           :2 [FIPS mode with single factor authentication]',
        '        Firmware Version Major :2',
        '        Firmware Version Minor :03',
      )
    }
  },
  // For crypto users only: 3 is the label, 371 the key check value.
  getAttribute(session, [handle, attribute]) {
    for (const server of session.targets()) {
      const key = keysOf(session.hsmOf(server)).find((candidate) => String(candidate.handle) === handle)
      const error = attributeError(server, key, attribute)
      if (error !== undefined) {
        session.print(`getAttribute failed: HSM Error: ${error}${session.on(server)}`)
        continue
      }
      session.print(
        `Attribute Value on server ${server.number}(${server.name}):`,
        attribute === '3' ? 'OBJ_ATTR_LABEL' : 'OBJ_ATTR_KCV',
        attribute === '3' ? key.label : `0x${sha256(key.material).slice(0, 6)}`,
      )
    }
  },
}

function attributeError(server, key, attribute) {
  if (server.login?.type !== 'CU') return 'Invalid User Type'
  if (key === undefined) return 'Invalid object handle is passed to this operation'
  if (attribute !== '3' && attribute !== '371') return 'Invalid input data/params'
  const mayRead = key.public || key.owner === server.login.name || key.sharedWith.includes(server.login.name)
  return mayRead ? undefined : 'Key Access is denied'
}

function line(cells, last) {
  return `${cells.map((cell, at) => String(cell).padEnd(columns[at])).join('')}${last}`
}
