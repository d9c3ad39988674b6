import type { Diff } from '../../../domain/diff.ts'
import type { HsmKey } from '../../../domain/inventory.ts'
import { keyName, type Spec } from '../../../domain/spec.ts'
import { context, type Message, section, TEXT_LIMIT } from './blocks.ts'
import { dataTable } from './newest-blocks.ts'
import { placeText } from './spec-text.ts'
import { code, count, cut, plain } from './text.ts'

/** The difference, and where Slack takes it a table of all keys that differ. */
export function diffView(spec: Spec, diff: Diff): Message {
  const whole = diffText(spec, diff)
  const text = cut(whole, TEXT_LIMIT)
  const blocks = [section(whole)]
  const rows = keyRows(spec, diff)
  if (rows.length === 0) return { text, blocks }
  // CMU shows no labels.
  const hasLabels = rows.some(({ label }) => label !== '')
  const { block, more } = dataTable(
    'Keys that differ',
    ['key', ...(hasLabels ? ['label'] : []), 'owner', 'difference'],
    rows.map(({ key, label, owner, difference }) => [key, ...(hasLabels ? [label] : []), owner, difference]),
  )
  const rest = more > 0 ? [context(`… and ${more} more keys.`)] : []
  return { text, blocks, newest: [section(diffText(spec, diff, 'counted')), block, ...rest] }
}

interface KeyRow {
  readonly key: string
  readonly label: string
  readonly owner: string
  readonly difference: string
}

function keyRows(spec: Spec, { keys: { missing, conflicts, blocked } }: Diff): readonly KeyRow[] {
  const row = (key: HsmKey, difference: string) => ({
    key: keyName(spec, key.handle),
    label: typeof key.label === 'string' ? key.label : '',
    owner: ownerText(key),
    difference,
  })
  return [
    ...missing.map((key) => row(key, 'missing')),
    ...conflicts.map(({ handle, owner, problem }) => ({
      key: keyName(spec, handle),
      label: '',
      owner: owner ?? 'public',
      difference: `conflict: ${problem}`,
    })),
    ...blocked.map((key) => row(key, `blocked: needs ${key.lacks.join(', ')}`)),
  ]
}

function ownerText({ shows, owner }: HsmKey): string {
  return shows !== undefined ? 'not shown' : (owner ?? 'public')
}

/** The difference in numbers and, as far as they fit, names; `counted`: missing keys stand in a table. */
export function diffText(spec: Spec, diff: Diff, keys: 'named' | 'counted' = 'named'): string {
  const lines: string[] = [`*Difference* (${code(spec.source.alias)} → ${code(spec.destination.alias)})`]
  for (const { server, missing, present } of diff.users) {
    const names =
      missing.length > 0
        ? `: ${names20(missing.map((user) => (user.role === 'CO' ? `${code(user.name)} (crypto officer)` : code(user.name))))}`
        : ''
    lines.push(
      `• ${placeText(spec, server)}: ${count(missing.length, 'user')} missing${names}; ${present} already there`,
    )
  }
  const { missing, present, conflicts, blocked } = diff.keys
  lines.push(
    `• ${count(missing.length, 'key')} missing${missing.length > 0 && keys === 'named' ? `: ${names20(byOwner(spec, missing))}` : ''}; ${present.length} already there`,
  )
  if (diff.userConflicts.length > 0)
    lines.push(
      `• *user conflicts:* ${names20(diff.userConflicts.map(({ name, server, problem }) => `${code(name)} on ${placeText(spec, server)} (${plain(problem)})`))}`,
    )
  if (conflicts.length > 0)
    lines.push(
      `• *key conflicts:* ${names20(conflicts.map((key) => `${keyName(spec, key.handle)} (${plain(key.problem)})`))}`,
    )
  if (blocked.length > 0)
    lines.push(
      `• *blocked keys:* ${names20(blocked.map((key) => `${keyName(spec, key.handle)} (needs ${key.lacks.map((name) => code(name)).join(', ')})`))}`,
    )
  const unknown = [...diff.unknown.users, ...diff.unknown.keys.map((handle) => keyName(spec, handle))]
  if (unknown.length > 0) lines.push(`• *not on the source:* ${names20(unknown.map((name) => code(name)))}`)
  if (diff.users.some((part) => part.present > 0))
    lines.push('_Users that are already there are left alone: whether their passwords are equal cannot be proved._')
  return lines.join('\n')
}

function byOwner(spec: Spec, keys: Diff['keys']['missing']): string[] {
  const owners = new Map<string, string[]>()
  for (const key of keys) {
    const owner = key.shows !== undefined ? 'owner not shown' : key.owner === null ? 'public' : code(key.owner)
    const label = typeof key.label === 'string' ? ` ${code(key.label, 60)}` : ''
    owners.set(owner, [...(owners.get(owner) ?? []), `${keyName(spec, key.handle)}${label}`])
  }
  return [...owners].map(([owner, names]) => {
    const shown = names.slice(0, 5).join(', ')
    return `${owner} (${names.length > 5 ? `${shown}, … ${names.length} in all` : shown})`
  })
}

function names20(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(', ')
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown
}
