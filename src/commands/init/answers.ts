import type { FoundBastion } from '../../adapters/aws/find-bastions.ts'
import { FileSchema } from '../../config-schema.ts'
import type { PeopleList } from '../../domain/route.ts'
import type { CredentialReference } from '../../domain/spec.ts'
import { bastionNames, type Candidate, candidateOf, clusterNames } from './candidates.ts'
import type { Flags } from './flags.ts'
import type { Found } from './look.ts'
import { isWrong, settle, type Talk, type Wrong, wordsOf } from './settle.ts'

/** Everything that a config.yml with one route needs. */
export interface Answers {
  readonly source: Candidate
  readonly destination: Candidate
  readonly bastion: FoundBastion
  readonly channel: string
  readonly approvers: PeopleList
  readonly required: number
  readonly credentials: CredentialReference
}

const Cluster = FileSchema.shape.clusters.element.shape
const Bastion = FileSchema.shape.bastions.element.shape
const Route = FileSchema.shape.routes.element.shape
const Approval = Route.approval.shape

/** Marks the name of an SSM parameter where a secret's name is expected. */
const PARAMETER = 'parameter:'
const MOST_REGIONS = 20

export function settleRegions(
  talk: Talk,
  flags: Flags,
  proposal: string | undefined,
): Promise<readonly string[] | undefined> {
  return settle<readonly string[]>(talk, {
    flag: '--region',
    words: 'Regions of the clusters and the bastion, separated by blanks',
    given: flags.region?.join(' '),
    ...(talk.terminal && proposal ? { proposal } : {}),
    candidates: 'the Regions of the clusters and the bastion, such as eu-west-1; once for each',
    read: (text) => {
      const regions = wordsOf(text)
      if (regions.length === 0 || regions.length > MOST_REGIONS)
        return { wrong: `expected 1 to ${MOST_REGIONS} Regions` }
      return all(regions, (region) => check(Cluster.region, region))
    },
  })
}

/** The rest. `undefined`: something is lacking. `found`: undefined where no Region is known. */
export async function settleRest(talk: Talk, flags: Flags, found: Found | undefined): Promise<Answers | undefined> {
  const source = await settleSource(talk, flags, found)
  const destination = await settleDestination(talk, flags, found, source)
  const bastion = await settleBastion(talk, flags, found)
  const credentials = await settleCredentials(talk, flags)
  const channel = await settle(talk, {
    flag: '--channel',
    words: 'Slack channel where requests are decided (C…)',
    given: flags.channel,
    candidates: 'the id of the Slack channel where requests are decided, such as C0123456789',
    read: (text) => check(Route.channel, text),
  })
  const approvers = await settleApprovers(talk, flags)
  const required = await settleRequired(talk, flags, approvers)
  if (!source || !destination || !bastion || !channel || !approvers || !required || !credentials) return undefined
  return { source, destination, bastion, channel, approvers, required, credentials }
}

function settleSource(talk: Talk, flags: Flags, found: Found | undefined): Promise<Candidate | undefined> {
  const candidates = found?.candidates ?? []
  const destination = flags.destination === undefined ? undefined : candidateOf(candidates, flags.destination)
  const pairs = (found?.pairs ?? []).filter((pair) => destination === undefined || pair.destination === destination)
  return settle<Candidate>(talk, {
    flag: '--source',
    words: 'Source: alias or id of the cluster to copy from',
    given: flags.source,
    proposal: only(pairs.map(({ source }) => source))?.alias,
    candidates: clustersText(found, candidates),
    read: (text) => candidateOf(candidates, text) ?? { wrong: `no such cluster; ${clustersText(found, candidates)}` },
  })
}

function settleDestination(
  talk: Talk,
  flags: Flags,
  found: Found | undefined,
  source: Candidate | undefined,
): Promise<Candidate | undefined> {
  const candidates = (found?.candidates ?? []).filter((candidate) => candidate !== source)
  const pairs = (found?.pairs ?? []).filter((pair) => pair.source === source)
  return settle<Candidate>(talk, {
    flag: '--destination',
    words: 'Destination: alias or id of its clone',
    given: flags.destination,
    proposal: only(pairs.map(({ destination }) => destination))?.alias,
    candidates: clustersText(found, candidates),
    read: (text) =>
      candidateOf(candidates, text) ?? { wrong: `no such other cluster; ${clustersText(found, candidates)}` },
  })
}

function clustersText(found: Found | undefined, candidates: readonly Candidate[]): string {
  if (!found) return 'the clusters are listed once a Region is named'
  if (candidates.length === 0) return 'found no (other) cluster in these Regions; name its Region too'
  return `found ${clusterNames(candidates)}`
}

function settleBastion(talk: Talk, flags: Flags, found: Found | undefined): Promise<FoundBastion | undefined> {
  const bastions = found?.bastions ?? []
  const text =
    found === undefined
      ? 'the instances are listed once a Region is named'
      : bastions.length === 0
        ? 'Systems Manager shows no such instance online, on Linux or Windows, in these Regions'
        : `found ${bastionNames(bastions)}`
  return settle<FoundBastion>(talk, {
    flag: '--bastion',
    words: 'Bastion: instance id',
    given: flags.bastion,
    proposal: only(bastions)?.instanceId,
    candidates: text,
    read: (id) => bastions.find(({ instanceId }) => instanceId === id) ?? { wrong: text },
  })
}

function settleCredentials(talk: Talk, flags: Flags): Promise<CredentialReference | undefined> {
  return settle<CredentialReference>(talk, {
    flag: flags.parameter === undefined ? '--secret' : '--parameter',
    words: `Name or ARN of the crypto officer's secret in Secrets Manager (${PARAMETER}<name> for an SSM parameter)`,
    given: flags.parameter === undefined ? flags.secret : `${PARAMETER}${flags.parameter}`,
    candidates:
      "the name or ARN of the crypto officer's secret in Secrets Manager; or --parameter, of an SSM parameter",
    read: (text) => {
      const isParameter = text.startsWith(PARAMETER)
      const id = check(Bastion.credentials.shape.id, isParameter ? text.slice(PARAMETER.length) : text)
      return isWrong(id) ? id : { source: isParameter ? 'ssm-parameter' : 'secretsmanager', id }
    },
  })
}

function settleApprovers(talk: Talk, flags: Flags): Promise<PeopleList | undefined> {
  const given = [...(flags.approver ?? []), ...(flags['approver-group'] ?? [])]
  return settle<PeopleList>(talk, {
    flag: '--approver',
    words: 'Who may approve: Slack user ids (U…, W…) and user group ids (S…), separated by blanks',
    given: given.length === 0 ? undefined : given.join(' '),
    candidates: 'the ids of who may approve, such as U0AAAAAAA; or --approver-group, such as S0BBBBBBB; once for each',
    read: (text) => {
      const ids = wordsOf(text)
      if (ids.length === 0) return { wrong: 'expected at least one user id or user group id' }
      const { users, userGroups } = Approval.approvers.shape
      const groups = check(
        userGroups,
        ids.filter((id) => id.startsWith('S')),
      )
      const people = check(
        users,
        ids.filter((id) => !id.startsWith('S')),
      )
      if (isWrong(groups)) return groups
      return isWrong(people) ? people : { users: people, userGroups: groups }
    },
  })
}

function settleRequired(talk: Talk, flags: Flags, approvers: PeopleList | undefined): Promise<number | undefined> {
  const { users, userGroups } = approvers ?? { users: [], userGroups: [] }
  return settle(talk, {
    flag: '--required',
    words: 'How many must approve',
    given: flags.required,
    proposal: users.length + userGroups.length >= 2 ? '2' : '1',
    candidates: 'how many must approve',
    read: (text) => {
      const required = check(Approval.required, /^\d+$/.test(text) ? Number(text) : text)
      if (isWrong(required)) return required
      const isTooMany = approvers !== undefined && userGroups.length === 0 && required > users.length
      return isTooMany ? { wrong: `only ${users.length} can approve` } : required
    },
  })
}

/** The one that all of them are. */
function only<Item>(items: readonly Item[]): Item | undefined {
  const different = [...new Set(items)]
  return different.length === 1 ? different[0] : undefined
}

interface Checking<Value> {
  safeParse(text: unknown): {
    readonly success: boolean
    readonly data?: Value | undefined
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined
  }
}

/** What config.yml's own schema says of it. */
function check<Value>(schema: Checking<Value>, text: unknown): Value | Wrong {
  const { success, data, error } = schema.safeParse(text)
  return success && data !== undefined ? data : { wrong: error?.issues[0]?.message ?? 'not as expected' }
}

function all<Value>(texts: readonly string[], one: (text: string) => Value | Wrong): Value[] | Wrong {
  const values: Value[] = []
  for (const text of texts) {
    const value = one(text)
    if (isWrong(value)) return value
    values.push(value)
  }
  return values
}
