import type { Platform } from './platform.ts'
import type { BastionFacts, CredentialReference, EngineName, Side } from './spec.ts'

/** A bastion as the settings describe it, for every tool on it. */
export interface Bastion
  extends Pick<BastionFacts, 'name' | 'instanceId' | 'region' | 'stateDir' | 'workDir' | 'credentials'> {
  readonly platform: Platform
  readonly cmu: { readonly binary: string; readonly config: string }
  readonly cli: { readonly binary: string; readonly configure: string; readonly config: string }
  /** The name of an SSM document that holds the script; absent: the script is sent with each command. */
  readonly document?: string
  readonly cryptoUsers: readonly (CredentialReference & { readonly user: string })[]
}

/** A role that the bot takes on to reach something, such as in another account. */
export interface Access {
  readonly roleArn: string
  readonly externalId?: string
}

/** Slack's user ids, and user groups whose members count. */
export interface PeopleList {
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
}

/** An allowed (source, destination) pair: what is on no route is refused. */
export interface Route {
  readonly source: Side
  readonly destination: Side
  readonly bastion: Bastion
  readonly channel: string
  readonly engine: EngineName | 'auto'
  /** Who may ask; absent: any full member. */
  readonly requesters?: PeopleList
  /** A regular expression that a whole word of the reason must match; absent: none is needed. */
  readonly ticket?: string
  /** An SSM Change Calendar, by name or ARN: while it is closed nothing starts. Absent: none is asked. */
  readonly calendar?: string
  /** The route is compared again and again, in milliseconds; absent: only when somebody asks. */
  readonly watch?: { readonly everyMs: number }
  readonly approvers: PeopleList
  readonly required: number
  readonly expiresAfterMs: number
  /** Parts of that time after which the approvers are reminded, from 0 to 1. */
  readonly reminders: readonly number[]
}

/** The operator's settings that a request depends on. */
export interface Landscape {
  readonly clusters: readonly Side[]
  readonly routes: readonly Route[]
  /**
   * Who may put the brake on and take it off. Absent: approvers may put it on, and only the command line takes it off.
   */
  readonly operators?: PeopleList
  /** By which role a cluster (by id) or a bastion (by instance id) is reached. What is not here: by the bot's own. */
  readonly access?: Readonly<Record<string, Access>>
  /** Other workspaces of the same Enterprise Grid whose full members count as ours. */
  readonly workspaces: readonly string[]
  /** How long steps and what they printed are kept after a request's expiry, in milliseconds. The record stays. */
  readonly keepStepsMs: number
}

export function findRoute(landscape: Landscape, source: string, destination: string): Route | undefined {
  return landscape.routes.find((route) => isNamed(route.source, source) && isNamed(route.destination, destination))
}

export function findCluster(landscape: Landscape, name: string): Side | undefined {
  return landscape.clusters.find((cluster) => isNamed(cluster, name))
}

/** The alias (case does not matter), the cluster id, or `<cluster id>@<region>`. */
function isNamed(cluster: Side, name: string): boolean {
  if (cluster.alias.toLowerCase() === name.toLowerCase()) return true
  return name === cluster.clusterId || name === `${cluster.clusterId}@${cluster.region}`
}
