import type { SeenStep } from '../../../application/run-view.ts'
import { type Diff, diffInventories } from '../../../domain/diff.ts'
import type { Inventory } from '../../../domain/inventory.ts'
import { stopAfter } from '../../../domain/run-facts.ts'
import { type Spec, serversOf } from '../../../domain/spec.ts'
import { isWrite, type Reading } from '../../../domain/step.ts'
import { code, count, cut, duration, plain } from '../text.ts'
import { stopText } from './stop-text.ts'

/** One line about a step: what it does, with which command, what came of it. */
export function stepLine(spec: Spec, step: SeenStep, steps: readonly SeenStep[]): string {
  const command = step.commandId ? ` · SSM command ${code(step.commandId)}` : ''
  if (!step.reading) return `⏳ ${doing(spec, step)}${command}`
  const stop = stopAfter({ plan: step.plan, reading: step.reading, seconds: step.seconds }, listedBefore(steps))
  const icon = stop || hasFailures(step.reading) ? '⚠️' : '✔️'
  const result = stop ? stopText(stop).what : done(spec, step)
  return cut(`${icon} ${result} (${duration(step.seconds * 1000)})${command}`, 2900)
}

function hasFailures(reading: Reading): boolean {
  if (reading.kind !== 'users-synced' && reading.kind !== 'keys-synced') return false
  return reading.attempts.some((attempt) => attempt.verdict !== 'success')
}

function doing(spec: Spec, { plan }: SeenStep): string {
  switch (plan.kind) {
    case 'inspect':
      return 'Connecting, without login, to see who is there…'
    case 'inventory':
      return plan.purpose === 'before'
        ? 'Listing users and keys on every HSM…'
        : 'Verifying: listing users and keys on every HSM again…'
    case 'sync-users':
      return `Copying ${count(plan.users.length, 'user')} to server ${plan.server} (${ipOf(spec, plan.server)})…`
    case 'sync-keys':
      return plan.canary
        ? `Copying key ${plan.handles[0]} alone, to see its effect…`
        : `Copying ${count(plan.handles.length, 'key')}…`
    default:
      return plan satisfies never
  }
}

function done(spec: Spec, { plan, reading }: SeenStep): string {
  switch (reading?.kind) {
    case 'inspected': {
      const servers = serversOf(spec).map(({ hsmId, ip }, number) => `server ${number} = ${code(hsmId)} (${ip})`)
      return `Connected and encrypted, every HSM the expected one: ${servers.slice(0, 10).join(', ')}`
    }
    case 'listed': {
      const parts = reading.inventories.map(
        ({ server, users, keys }) => `server ${server}: ${count(users.length, 'user')}, ${count(keys.length, 'key')}`,
      )
      return `${plan.kind === 'inventory' && plan.purpose === 'after' ? 'Listed again' : 'Inventory'}: ${parts.slice(0, 10).join(' · ')}`
    }
    case 'users-synced': {
      const copied = reading.attempts.filter((attempt) => attempt.verdict === 'success').length
      const server = plan.kind === 'sync-users' ? plan.server : 0
      return `Users to server ${server} (${ipOf(spec, server)}): ${copied} of ${reading.attempts.length} copied, by the tool's own word`
    }
    case 'keys-synced': {
      const copied = reading.attempts.filter((attempt) => attempt.verdict === 'success').length
      if (plan.kind === 'sync-keys' && plan.canary)
        return `Key ${plan.handles[0]} went first and alone, and exactly it arrived, with the right owner. Now the others`
      return `Keys: ${copied} of ${reading.attempts.length} copied in this batch, by the tool's own word`
    }
    default:
      return ''
  }
}

/** The listings at the start of the run. */
function listedBefore(steps: readonly SeenStep[]): readonly Inventory[] | undefined {
  const before = steps.find(
    ({ plan, reading }) => plan.kind === 'inventory' && plan.purpose === 'before' && reading?.kind === 'listed',
  )
  return before?.reading?.kind === 'listed' ? before.reading.inventories : undefined
}

/** The comparison, once both sides are listed. */
export function diffOf(spec: Spec, steps: readonly SeenStep[]): Diff | undefined {
  const [source, ...destinations] = listedBefore(steps) ?? []
  return source && diffInventories(source, destinations, spec.scope)
}

/** The difference in numbers and, as far as they fit, names. */
export function diffText(spec: Spec, diff: Diff): string {
  const lines: string[] = [`*Difference* (${code(spec.source.alias)} → ${code(spec.destination.alias)})`]
  for (const { server, missing, present } of diff.users) {
    const names =
      missing.length > 0
        ? `: ${names20(missing.map((user) => (user.role === 'CO' ? `${code(user.name)} (crypto officer)` : code(user.name))))}`
        : ''
    lines.push(
      `• server ${server} (${ipOf(spec, server)}): ${count(missing.length, 'user')} missing${names}; ${present} already there`,
    )
  }
  const { missing, present, conflicts, blocked } = diff.keys
  lines.push(
    `• ${count(missing.length, 'key')} missing${missing.length > 0 ? `: ${names20(byOwner(missing))}` : ''}; ${present.length} already there`,
  )
  if (diff.userConflicts.length > 0)
    lines.push(
      `• *user conflicts:* ${names20(diff.userConflicts.map((user) => `${code(user.name)} (${plain(user.problem)})`))}`,
    )
  if (conflicts.length > 0)
    lines.push(`• *key conflicts:* ${names20(conflicts.map((key) => `${key.handle} (${plain(key.problem)})`))}`)
  if (blocked.length > 0)
    lines.push(
      `• *blocked keys:* ${names20(blocked.map((key) => `${key.handle} (needs ${key.lacks.map((name) => code(name)).join(', ')})`))}`,
    )
  const unknown = [...diff.unknown.users, ...diff.unknown.keys.map(String)]
  if (unknown.length > 0) lines.push(`• *not on the source:* ${names20(unknown.map((name) => code(name)))}`)
  if (diff.users.some((part) => part.present > 0))
    lines.push('_Users that are already there are left alone: whether their passwords are equal cannot be proved._')
  return lines.join('\n')
}

function byOwner(keys: Diff['keys']['missing']): string[] {
  const owners = new Map<string, number[]>()
  for (const key of keys) owners.set(key.owner ?? 'public', [...(owners.get(key.owner ?? 'public') ?? []), key.handle])
  return [...owners].map(([owner, handles]) => {
    const shown = handles.slice(0, 5).join(', ')
    return `${owner === 'public' ? 'public' : code(owner)} (${handles.length > 5 ? `${shown}, … ${handles.length} in all` : shown})`
  })
}

function names20(names: readonly string[]): string {
  const shown = names
    .slice(0, 20)

    .join(', ')
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown
}

const BAR = 20

/** Users and keys so far, with a bar and an estimate; `undefined` before the first write. */
export function progressText(diff: Diff, steps: readonly SeenStep[]): string | undefined {
  const writes = steps.filter(({ plan }) => isWrite(plan))
  if (writes.length === 0) return undefined
  const users = { all: diff.users.reduce((sum, part) => sum + part.missing.length, 0), done: 0 }
  const keys = { all: diff.keys.missing.length, done: 0 }
  let perKey = 0
  for (const { reading, plan, seconds } of writes) {
    if (reading?.kind === 'users-synced') users.done += copied(reading)
    if (reading?.kind === 'keys-synced') {
      keys.done += copied(reading)
      if (plan.kind === 'sync-keys' && !plan.canary) perKey = seconds / Math.max(1, reading.attempts.length)
    }
  }
  const left = (keys.all - keys.done) * perKey
  const eta = left >= 1 ? ` · about ${duration(left * 1000)} left` : ''
  const lines = [
    ...(users.all > 0 ? [`users ${bar(users)} ${users.done}/${users.all}`] : []),
    ...(keys.all > 0 ? [`keys  ${bar(keys)} ${keys.done}/${keys.all}${eta}`] : []),
  ]
  return lines.join('\n')
}

function copied({ attempts }: { readonly attempts: readonly { readonly verdict: string }[] }): number {
  return attempts.filter((attempt) => attempt.verdict === 'success').length
}

function bar({ done, all }: { readonly done: number; readonly all: number }): string {
  const full = all === 0 ? BAR : Math.min(BAR, Math.floor((done / all) * BAR))
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
}

export function ipOf(spec: Spec, server: number): string {
  return serversOf(spec)[server]?.ip ?? '?'
}
