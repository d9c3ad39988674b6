import { readFileSync } from 'node:fs'
import { clusterIdKey, placeholder } from '../shared/client-sdk5.mjs'
import { Failure } from './answer.mjs'

/** The clusters of the configuration file: [{id, caFile, takesSingleKeys, servers: [{hostname, port}]}]. */
export function readClusters(path) {
  const config = parse(path)
  if (!isObject(config) || !Array.isArray(config.clusters)) throw new Failure(`${path}: missing field clusters`)
  if (config.clusters.length === 0) throw new Failure(`${path}: no cluster is configured`)
  const clusters = config.clusters.map((entry, at) => clusterFrom(entry, `${path}: clusters[${at}]`))
  if (clusters.length > 1 && clusters.some(({ id }) => id === undefined)) {
    throw new Failure(`${path}: a cluster without an id cannot be used in a multi-cluster setup`)
  }
  return clusters
}

function parse(path) {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new Failure(`Failed to load configuration file ${path}: No such file or directory (os error 2)`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure(`Failed to load configuration file ${path}: invalid JSON`)
  }
}

function clusterFrom(entry, place) {
  if (!isObject(entry) || !isObject(entry.cluster)) throw new Failure(`${place}: missing field cluster`)
  if (entry.type !== 'hsm1' && entry.type !== 'hsm2m') throw new Failure(`${place}: type must be hsm1 or hsm2m`)
  const { [clusterIdKey]: id, hsm_ca_file: caFile, servers, options } = entry.cluster
  if (typeof caFile !== 'string') throw new Failure(`${place}: missing field hsm_ca_file`)
  if (!Array.isArray(servers) || servers.length === 0) throw new Failure(`${place}: no server`)
  for (const { hostname, port, enable } of servers) {
    if (hostname === placeholder) throw new Failure(`Config key hostname has invalid value ${placeholder}`)
    if (typeof hostname !== 'string') throw new Failure(`${place}: missing field hostname`)
    if (typeof port !== 'number' || typeof enable !== 'boolean') throw new Failure(`${place}: bad port or enable`)
  }
  const takesSingleKeys = options?.disable_key_availability_check === true
  return { id, caFile, takesSingleKeys, servers: servers.filter(({ enable }) => enable) }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
