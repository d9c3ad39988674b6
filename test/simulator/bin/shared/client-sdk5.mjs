// What the simulated bastion's installation of Client SDK 5 is like.

import { join } from 'node:path'
import { self } from './process.mjs'

/** The bastion that this process runs on; an empty one for tools that are run by hand. */
export function bastionIn(state) {
  return state.bastions.find((bastion) => bastion.instanceId === self().variables.SIM_BASTION) ?? {}
}

/** Version of the installed Client SDK 5, for example 5.17.0. */
export function versionOf(state) {
  return bastionIn(state).clientSdk5 ?? '5.17.0'
}

/** Whether version `installed` is `wanted` (major.minor) or later. */
export function isAtLeast(installed, wanted) {
  const [major, minor] = installed.split('.').map(Number)
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/** The folder that stands for /opt/cloudhsm/etc, by its path: a bind mount may have put another one there. */
export function etcFolder() {
  return self().variables.SIM_ETC
}

export function defaultConfigPath() {
  return join(etcFolder(), 'cloudhsm-cli.cfg')
}

// A multi-cluster entry names its cluster; the vendor's name for this key is not public.
export const clusterIdKey = 'cluster_id'

/** What the package installs before anybody has configured it. */
export const placeholder = '%%HSM_IP_ADDRESS%%'
