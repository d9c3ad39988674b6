import { readFileSync } from 'node:fs'

// The field set of a real file written by `configure` (client 3.x). A server that lacks one is refused, so that a merge
// which drops fields cannot pass.
const serverFields = {
  CAfile: 'string',
  CApath: 'string',
  certificate: 'string',
  e2e_encryption: 'object',
  enable: 'string',
  hostname: 'string',
  name: 'string',
  pkey: 'string',
  port: 'number',
  server_ssl: 'string',
  ssl_ciphers: 'string',
}

/** The servers of the configuration file that the arguments name, in order; or what is wrong, as a sentence. */
export function readServers(args) {
  if (args.length !== 1) return 'Usage: cloudhsm_mgmt_util <path to config file>'
  let config
  try {
    config = JSON.parse(readFileSync(args[0], 'utf8'))
  } catch (error) {
    return `Error: could not load configuration file ${args[0]}: ${error.code ?? 'invalid JSON'}`
  }
  if (!isObject(config) || !isObject(config.scard) || !Array.isArray(config.servers)) {
    return 'Error: configuration needs scard and servers'
  }
  if (config.servers.length === 0) return 'Error: no server in the configuration file'
  for (const [number, server] of config.servers.entries()) {
    const fault = faultOf(server)
    if (fault !== undefined) return `Error: server ${number} in the configuration file: ${fault}`
  }
  return config.servers.filter((server) => server.enable === 'yes')
}

function faultOf(server) {
  if (!isObject(server)) return 'not an object'
  for (const [field, type] of Object.entries(serverFields)) {
    const found = typeof server[field]
    if (found !== type) return `${field} must be a ${type}, found ${found}`
  }
  if (server.enable !== 'yes' && server.enable !== 'no') return 'enable must be yes or no'
  return undefined
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
