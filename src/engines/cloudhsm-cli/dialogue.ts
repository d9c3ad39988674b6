import type { Mark } from '../../domain/evidence.ts'
import { keyName, type Spec } from '../../domain/spec.ts'
import type { ServerUsers, StepPlan, UserToSync } from '../../domain/step.ts'
import { loginWord } from '../script-lines.ts'
import { DOCUMENTED } from './documented.ts'

/** One line of what the bastion script plays (see `perform` in tool.sh). */
export type Line =
  | { readonly do: 'send' | 'ask' | 'pages' | 'try'; readonly command: string }
  | { readonly do: 'tolerate'; readonly pattern: string }
  | { readonly do: 'mark'; readonly word: Mark }
  | { readonly do: 'login'; readonly user: string; readonly role: CliRole; readonly cluster: string }
  | { readonly do: 'logout'; readonly cluster: string }

export type CliRole = 'admin' | 'crypto-user'

/** The administrator of the credentials; every other login is named by its crypto user. */
const ADMIN = ''

/** Larger than the tool's own default of 10, small enough to read at once; in all detail a key is far longer. */
const PAGE_SIZE = 500
const VERBOSE_PAGE_SIZE = 100

/** Everything CloudHSM CLI is told in one step. */
export function dialogueOf(spec: Spec, plan: StepPlan): readonly Line[] {
  switch (plan.kind) {
    case 'inspect':
      return [...listHsms(spec), ...listUsers(spec)]
    case 'inventory':
      return [
        ...loginAdmin(spec),
        mark('read'),
        ...listHsms(spec),
        ...listUsers(spec),
        ...clusters(spec).map((cluster) => pages(listKeys(cluster))),
        ...plan.users.flatMap((place) => listOwned(spec, place)),
      ]
    case 'sync-users':
      return [
        ...loginAdmin(spec),
        tolerateDocumented(),
        mark('write'),
        ...plan.users.map((user) => attempt(replicateUser(spec, user))),
        ...listUsers(spec),
      ]
    case 'sync-keys':
      return [
        ...loginAdmin(spec),
        tolerateDocumented(),
        mark('write'),
        ...plan.handles.map((handle) => attempt(replicateKey(spec, handle))),
        ...(plan.canary ? [pages(listKeys(spec.destination.clusterId))] : []),
      ]
    default:
      return plan satisfies never
  }
}

/** The dialogue as the bastion script reads it, and the logins it needs, in the order of their numbers. */
export function playOf(spec: Spec, lines: readonly Line[]): { readonly text: string; readonly logins: string } {
  const users = [...new Set(lines.flatMap((line) => (line.do === 'login' ? [line.user] : [])))]
  const text = lines.map((line) => {
    switch (line.do) {
      case 'tolerate':
        return `tolerate ${line.pattern}`
      case 'mark':
        return `mark ${line.word}`
      case 'login':
        return `login ${users.indexOf(line.user)} ${line.role} ${line.cluster}`
      case 'logout':
        return `logout ${line.cluster}`
      default:
        return `${line.do} ${line.command}`
    }
  })
  const logins = users.map((user) => {
    const own = spec.bastion.cryptoUsers?.find((candidate) => candidate.user === user)
    return own ? loginWord(own, user) : loginWord(spec.bastion.credentials)
  })
  // Without a login too: whose lock and second factor count is told by the secret.
  return { text: `${text.join('\n')}\n`, logins: logins.join(',') || loginWord(spec.bastion.credentials) }
}

export function clusters({ source, destination }: Spec): readonly string[] {
  return [source.clusterId, destination.clusterId]
}

/**
 * Which HSMs the tool is connected to. Without login (user guide, cluster hsm-info); a tool that does not know it goes
 * on without.
 */
export function listHsmsOf(cluster: string): string {
  return `cluster hsm-info --cluster-id ${cluster}`
}

export function listUsersOf(cluster: string): string {
  return `user list --cluster-id ${cluster}`
}

/** What an administrator sees: reference and label. */
export function listKeys(cluster: string): string {
  return keyList(cluster, PAGE_SIZE)
}

/** What an owner sees: owners, shares, type and check value too. */
export function listOwnKeys(cluster: string): string {
  return `${keyList(cluster, VERBOSE_PAGE_SIZE)} --verbose`
}

function keyList(cluster: string, most: number): string {
  return `key list --cluster-id ${cluster} --max-items ${most}`
}

export function replicateUser(spec: Spec, { name, role }: UserToSync): string {
  const [source, destination] = clusters(spec)
  const roleName: CliRole = role === 'CO' ? 'admin' : 'crypto-user'
  return `user replicate --username ${name} --role ${roleName} --source-cluster-id ${source} --destination-cluster-id ${destination}`
}

/** By reference, never by label: a label may name several keys. */
export function replicateKey(spec: Spec, handle: number): string {
  const [source, destination] = clusters(spec)
  return `key replicate --filter key-reference=${keyName(spec, handle)} --source-cluster-id ${source} --destination-cluster-id ${destination}`
}

/** The crypto users of a place that the settings have credentials for, and that can log in there. */
export function ownersAt(spec: Spec, { users }: ServerUsers): readonly string[] {
  const able = new Set(users.filter((user) => user.role === 'CU' && !user.isLocked).map((user) => user.name))
  return (spec.bastion.cryptoUsers ?? []).map(({ user }) => user).filter((user) => able.has(user))
}

function loginAdmin(spec: Spec): Line[] {
  return [
    mark('login'),
    ...clusters(spec).map((cluster): Line => ({ do: 'login', user: ADMIN, role: 'admin', cluster })),
  ]
}

function listHsms(spec: Spec): Line[] {
  return clusters(spec).map((cluster): Line => ({ do: 'ask', command: listHsmsOf(cluster) }))
}

function listUsers(spec: Spec): Line[] {
  return clusters(spec).map((cluster): Line => ({ do: 'send', command: listUsersOf(cluster) }))
}

/** One user at a time can be logged in to a cluster. */
function listOwned(spec: Spec, place: ServerUsers): Line[] {
  const cluster = clusters(spec)[place.server]
  if (cluster === undefined) return []
  return ownersAt(spec, place).flatMap((user): Line[] => [
    { do: 'logout', cluster },
    { do: 'login', user, role: 'crypto-user', cluster },
    pages(listOwnKeys(cluster)),
  ])
}

function pages(command: string): Line {
  return { do: 'pages', command }
}

/** What the user guide explains concerns one user or key; after any other failure nothing more is sent. */
function tolerateDocumented(): Line {
  return { do: 'tolerate', pattern: `"data"[[:space:]]*:[[:space:]]*"(${Object.values(DOCUMENTED).join('|')})` }
}

function attempt(command: string): Line {
  return { do: 'try', command }
}

function mark(word: Mark): Line {
  return { do: 'mark', word }
}
