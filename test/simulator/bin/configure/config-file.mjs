import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { defaultConfigPath } from '../shared/client-sdk5.mjs'

const logging = {
  log_type: 'file',
  log_file: '/opt/cloudhsm/run/cloudhsm-cli.log',
  log_level: 'info',
  log_interval: 'daily',
}

/** {config} of the file as it is, a new one where there is none; {error} where it cannot be read. */
export function readConfig() {
  let text
  try {
    text = readFileSync(defaultConfigPath(), 'utf8')
  } catch {
    return { config: { clusters: [], logging } }
  }
  try {
    const config = JSON.parse(text)
    if (Array.isArray(config.clusters)) return { config }
  } catch {
    // The same answer as for JSON of another kind.
  }
  return { error: `${defaultConfigPath()} is not a configuration file` }
}

/** Writes it beside the file and puts it in its place, so that there is never half of it. */
export function writeConfig(state, config) {
  const path = defaultConfigPath()
  const next = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(next, `${JSON.stringify(config, null, state.dialect.cliConfigLayout === 'pretty' ? 2 : 0)}\n`)
    renameSync(next, path)
  } catch (error) {
    return { error: `Failed to write ${path}: ${error.code}` }
  }
  return { text: `Updating server config in ${path}\n` }
}
