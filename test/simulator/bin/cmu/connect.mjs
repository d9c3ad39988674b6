import { playFault } from './faults.mjs'

/** Prints the start of a session and fills `session.servers`. */
export function connect(session, configured) {
  session.wait('connect')
  const fault = session.fault('connect')
  if (fault !== undefined)
    return playFault(session, { fault, command: 'connect', perform: () => connectAll(session, configured) })
  connectAll(session, configured)
}

function connectAll(session, configured) {
  const { dialect, terminal } = session
  const print = terminal.print
  if (dialect.ignoringE2ELine) print('Ignoring E2E enable flag in the configuration file')
  print('', 'Connecting to the server(s), it may take time', 'depending on the server(s) load, please wait...', '')

  const attempts = number(configured.map((entry) => attempt(session, entry)))
  const announce = (a) =>
    print(`Connecting to server '${a.entry.name}': hostname '${a.entry.hostname}', port ${a.entry.port}...`)
  const connected = (a) => print(connectedLine(a))
  const e2e = (a) => a.hsm !== undefined && print(...e2eLines(a))
  if (dialect.connectOrder === 'each') for (const a of attempts) [announce, connected, e2e].map((step) => step(a))
  if (dialect.connectOrder === 'connect-then-e2e') {
    for (const a of attempts) [announce, connected].map((step) => step(a))
    attempts.map(e2e)
  }
  if (dialect.connectOrder === 'connecting-first') for (const step of [announce, connected, e2e]) attempts.map(step)

  for (const a of attempts) if (a.hsm !== undefined) session.servers.push(serverOf(a))
  session.limited = attempts.some((a) => a.hsm !== undefined && !a.encrypted)
}

function attempt(session, entry) {
  const hsms = session.state.read().clusters.flatMap((cluster) => cluster.hsms)
  const found = hsms.find((hsm) => hsm.ip === entry.hostname && hsm.state === 'ACTIVE')
  const hsm = found?.faults.refuse || entry.port !== 2225 ? undefined : found
  return {
    entry,
    hsm,
    renumber: found?.faults.renumber === true,
    encrypted: hsm !== undefined && !hsm.faults.noE2E,
  }
}

// Whether the servers behind one that did not answer keep their numbers is unknown: by default they do.
function number(attempts) {
  let next = 0
  return attempts.map((a) => ({ ...a, number: a.hsm === undefined && a.renumber ? next : next++ }))
}

function connectedLine({ entry, hsm }) {
  if (hsm !== undefined) return `Connected to server '${entry.name}': hostname '${entry.hostname}', port ${entry.port}.`
  return `Connection to server ${entry.name}(${entry.hostname}) on port ${entry.port} failed:Connection timed out`
}

function e2eLines({ entry, number: id, encrypted }) {
  if (encrypted) return [`E2E enabled on server ${id}(${entry.name})`]
  const certificate = entry.e2e_encryption.owner_cert_path
  return [
    `${certificate},`,
    'partition owner certificate not exist at given path',
    `Server ${id}(${entry.name}) is in unencrypted mode now...`,
    'running in limited commands mode',
    "Error: partition owner certificate doesn't exist at given path.",
    'Failed to create client ssl ctx',
    'E2E Session failed: E2E setup failed',
    'Enabling E2E failed',
  ]
}

function serverOf({ entry, hsm, number: id }) {
  return {
    number: id,
    name: entry.name,
    hostname: entry.hostname,
    port: entry.port,
    hsmId: hsm.hsmId,
    partition: hsm.faults.partition ?? hsm.hsmId,
    login: undefined,
  }
}
