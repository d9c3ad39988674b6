import { accessSync } from 'node:fs'
import { join } from 'node:path'
import { parseOptions, usageError } from '../shared/clap.mjs'
import {
  bastionIn,
  clusterIdKey,
  defaultConfigPath,
  etcFolder,
  isAtLeast,
  placeholder,
  versionOf,
} from '../shared/client-sdk5.mjs'
import { self } from '../shared/process.mjs'
import { readConfig, writeConfig } from './config-file.mjs'

const usage = 'configure-cli [OPTIONS] [COMMAND]'
const caOption = { '--hsm-ca-cert': { value: 'HSM_CA_CERT' } }
const clusterId = { value: 'CLUSTER_ID', required: true, pattern: /^cluster-[2-7a-zA-Z]{11,16}$/ }

const subcommands = {
  'add-cluster': addCluster,
  'remove-cluster': removeCluster,
}

/** Carries out one command line: {text} to print, or {error}. Throws a UsageError for what it cannot read. */
export function configure(state, words) {
  if (words[0] === '--help' || words[0] === 'help') {
    return { text: `Usage: ${usage}\n\nCommands: ${Object.keys(subcommands).join(', ')}\n` }
  }
  const subcommand = Object.hasOwn(subcommands, words[0] ?? '') ? subcommands[words[0]] : undefined
  if (subcommand !== undefined && isAtLeast(versionOf(state), '5.12')) return subcommand(state, words.slice(1))
  if (words[0] !== undefined && !words[0].startsWith('-'))
    throw usageError(`unrecognized subcommand '${words[0]}'`, usage)
  return change(state, words)
}

function addCluster(state, words) {
  const options = parseOptions(words, {
    usage: 'configure-cli add-cluster [OPTIONS] --cluster-id <CLUSTER_ID>',
    options: {
      '--cluster-id': clusterId,
      '--region': { value: 'REGION' },
      '--endpoint': { value: 'ENDPOINT' },
      ...caOption,
    },
  })
  const id = options['--cluster-id']
  const { config, error } = readConfig()
  if (error !== undefined) return { error }
  const present = config.clusters.filter((entry) => !isUnconfigured(entry))
  if (present.some((entry) => idOf(entry) === undefined)) {
    return { error: `${defaultConfigPath()} has a cluster without an id: it cannot be used in a multi-cluster setup` }
  }
  if (present.some((entry) => idOf(entry) === id)) return { error: `Cluster ${id} already exists` }
  const region =
    options['--region'] ?? self().variables.AWS_DEFAULT_REGION ?? self().variables.AWS_REGION ?? 'us-east-1'
  const found = describeCluster(state, { id, region })
  if (found.error !== undefined) return found
  const ca = caFile(options)
  if (ca.error !== undefined) return ca
  const type = state.dialect.cliConfigType === 'hsm2m' && found.cluster.hsmType.startsWith('hsm2m') ? 'hsm2m' : 'hsm1'
  const ips = found.cluster.hsms.flatMap(({ ip }) => (ip === undefined ? [] : [ip]))
  const entry = { type, cluster: { [clusterIdKey]: id, hsm_ca_file: ca.path, servers: ips.map(serverAt) } }
  return writeConfig(state, { ...config, clusters: [...present, entry] })
}

function removeCluster(state, words) {
  const options = parseOptions(words, {
    usage: 'configure-cli remove-cluster --cluster-id <CLUSTER_ID>',
    options: { '--cluster-id': clusterId },
  })
  const { config, error } = readConfig()
  if (error !== undefined) return { error }
  const rest = config.clusters.filter((entry) => idOf(entry) !== options['--cluster-id'])
  if (rest.length === config.clusters.length) return { error: `Cluster ${options['--cluster-id']} does not exist` }
  return writeConfig(state, { ...config, clusters: rest })
}

function change(state, words) {
  const availability = { '--disable-key-availability-check': {}, '--enable-key-availability-check': {} }
  if (Object.hasOwn(availability, words[0] ?? '')) {
    const options = parseOptions(words, { usage, options: availability })
    return setAvailability(state, options['--disable-key-availability-check'] === true)
  }
  return setAddresses(state, words)
}

// An option of the one cluster that there is: with several it would not say which.
function setAvailability(state, isDisabled) {
  const { config, error } = readConfig()
  if (error !== undefined) return { error }
  const [entry, ...others] = config.clusters
  if (entry === undefined || others.length > 0 || !state.dialect.cliTakesOptions) {
    return { error: `${defaultConfigPath()} is a multi-cluster configuration: its options cannot be changed` }
  }
  const options = { ...entry.cluster.options, disable_key_availability_check: isDisabled }
  return writeConfig(state, { ...config, clusters: [{ ...entry, cluster: { ...entry.cluster, options } }] })
}

function setAddresses(state, words) {
  const options = parseOptions(words, {
    usage,
    options: { '-a': { value: 'HOSTNAME', many: true, required: true }, ...caOption },
  })
  const { config, error } = readConfig()
  if (error !== undefined) return { error }
  if (config.clusters.length > 1 || config.clusters.some((entry) => idOf(entry) !== undefined)) {
    return { error: `${defaultConfigPath()} is a multi-cluster configuration: use add-cluster and remove-cluster` }
  }
  const ca = caFile(options)
  if (ca.error !== undefined) return ca
  const type = config.clusters[0]?.type ?? 'hsm1'
  const entry = { type, cluster: { hsm_ca_file: ca.path, servers: options['-a'].map(serverAt) } }
  return writeConfig(state, { ...config, clusters: [entry] })
}

function describeCluster(state, { id, region }) {
  const failed = 'DescribeClusters call failed with error:'
  if (bastionIn(state).denied) {
    return {
      error: `${failed} ServiceError(CloudHsmAccessDeniedException: not authorized to perform cloudhsm:DescribeClusters)`,
    }
  }
  const cluster = state.clusters.find((candidate) => candidate.clusterId === id && candidate.region === region)
  if (cluster === undefined) return { error: `${failed} CommonApiError(InternalError("dispatch failure"))` }
  return { cluster }
}

// The default is not looked at here: only the client needs it.
function caFile(options) {
  const path = options['--hsm-ca-cert']
  if (path === undefined) return { path: join(etcFolder(), 'customerCA.crt') }
  try {
    accessSync(path)
    return { path }
  } catch {
    return { error: `${path}: No such file or directory (os error 2)` }
  }
}

function serverAt(hostname) {
  return { hostname, port: 2223, enable: true }
}

function idOf(entry) {
  return entry.cluster?.[clusterIdKey]
}

function isUnconfigured(entry) {
  return entry.cluster?.servers?.some(({ hostname }) => hostname === placeholder) === true
}
