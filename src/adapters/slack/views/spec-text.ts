import type { ServerNumber } from '../../../domain/ids.ts'
import { keyName, type Spec, serversOf, targetName } from '../../../domain/spec.ts'
import { code, columns, count, cut, plain } from './text.ts'

/** Which HSMs stand behind which number or cluster: the direction of everything that follows. */
export function hsmText(spec: Spec): string {
  const { source, destination } = spec
  if (spec.reach === 'cluster') {
    const rows = [
      ...(source.hsms ?? [source.hsm]).map((hsm) => ['source', source.alias, hsm.hsmId, hsm.ip]),
      ...destination.hsms.map((hsm) => ['destination', destination.alias, hsm.hsmId, hsm.ip]),
    ]
    return columns([['role', 'cluster', 'HSM', 'ENI IP'], ...rows])
  }
  const rows = [
    ['server', 'role', 'HSM', 'ENI IP'],
    ['0', 'source', source.hsm.hsmId, source.hsm.ip],
    ...destination.hsms.map((hsm, index) => [`${index + 1}`, 'destination', hsm.hsmId, hsm.ip]),
    ...destination.leftOut.map((hsm) => ['-', 'left out', hsm.hsmId, hsm.state]),
  ]
  return columns(rows)
}

/** The engine and why it is this one. */
export function engineText(spec: Spec): string {
  const { engine, engineBy, toolVersion, source, destination, bastion } = spec
  const tool = `${code(engine)}${toolVersion ? ` ${toolVersion}` : ''} on ${code(bastion.name)} (${code(bastion.instanceId)}, ${bastion.region})`
  if (!engineBy || !source.hsmType || !destination.hsmType) return tool
  const types =
    source.hsmType === destination.hsmType
      ? `every HSM of both clusters is ${plain(source.hsmType, 40)}`
      : `the HSMs are ${plain(source.hsmType, 40)} and ${plain(destination.hsmType, 40)}`
  return engineBy === 'route' ? `${tool}, by the route's setting (${types})` : `${tool}, because ${types}`
}

const SHOWN_LOGINS = 8
const SHOWN_ID = 100

/** Whose passwords the bastion will use, by reference. */
export function loginText({ bastion }: Spec): string {
  const { credentials, cryptoUsers = [] } = bastion
  const officer = `the crypto officer in ${code(credentials.id, SHOWN_ID)} (${credentials.source})`
  if (cryptoUsers.length === 0) return officer
  const shown = cryptoUsers
    .slice(0, SHOWN_LOGINS)
    .map(({ user, source, id }) => `${code(user)} in ${code(cut(id, 40))} (${source})`)
  const more = cryptoUsers.length - shown.length
  return `${officer}; only to list their own keys: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const SHOWN_ITEMS = 400

/** Which users, or which keys, in the words of the card. */
export function scopeText(spec: Spec, noun: 'users' | 'keys'): string {
  const selection = spec.scope[noun]
  if (selection.kind === 'all') return noun === 'users' ? 'all users (crypto officers included)' : 'all keys'
  if (selection.kind === 'none') return `no ${noun}`
  return `${count(selection.items.length, noun.slice(0, -1))}: ${code(itemsOf(spec, noun).join(','), SHOWN_ITEMS)}`
}

/** Longest table of HSMs on a card, in characters. */
export const HSM_LIMIT = 2000

/** What an approval binds and the card has no room for, whole; `undefined` where the card shows it all. */
export function wholeText(spec: Spec): string | undefined {
  const { credentials, cryptoUsers = [] } = spec.bastion
  const hsms = hsmText(spec)
  const lists = (['users', 'keys'] as const).map((noun) => ({ noun, items: itemsOf(spec, noun) }))
  const isCut =
    hsms.length > HSM_LIMIT ||
    credentials.id.length > SHOWN_ID ||
    cryptoUsers.length > SHOWN_LOGINS ||
    cryptoUsers.some(({ id }) => id.length > 40) ||
    lists.some(({ items }) => items.join(',').length > SHOWN_ITEMS)
  if (!isCut) return undefined
  const logins = [
    `${credentials.id} (${credentials.source}): the crypto officer`,
    ...cryptoUsers.map(({ user, source, id }) => `${id} (${source}): ${user}, only to list the keys of its own`),
  ]
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['HSMs', [hsms]],
    ['Runs as', logins],
    ...lists.map(({ noun, items }) => [noun === 'users' ? 'Users' : 'Keys', items] as const),
  ]
  return parts
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${title}\n${lines.join('\n')}\n`)
    .join('\n')
}

function itemsOf(spec: Spec, noun: 'users' | 'keys'): string[] {
  const selection = spec.scope[noun]
  if (selection.kind !== 'listed') return []
  return selection.items.map((item) => (typeof item === 'number' ? keyName(spec, item) : item))
}

/** `server 1 (10.8.1.4)`, or `prod-eu`. */
export function placeText(spec: Spec, server: ServerNumber): string {
  const name = targetName(spec, server)
  return spec.reach === 'cluster' ? code(name) : `${name} (${serversOf(spec)[server]?.ip ?? '?'})`
}
