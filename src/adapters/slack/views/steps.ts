import { listedBefore, type SeenStep } from '../../../application/run-view.ts'
import type { Diff } from '../../../domain/diff.ts'
import type { ServerNumber } from '../../../domain/ids.ts'
import { isWhole } from '../../../domain/inventory.ts'
import type { Request } from '../../../domain/request.ts'
import { stopAfter } from '../../../domain/run-facts.ts'
import { keyName, type Spec, serversOf, targetName, targetsOf } from '../../../domain/spec.ts'
import { isWrite, type Reading } from '../../../domain/step.ts'
import { stopText } from './stop-text.ts'
import { code, count, cut, duration, plain } from './text.ts'

/** One line about a step: what it does, with which command, what came of it. */
export function stepLine(spec: Spec, step: SeenStep, steps: readonly SeenStep[]): string {
  const command = step.commandId ? ` · SSM command ${code(step.commandId)}` : ''
  if (!step.reading) return `⏳ ${doing(spec, step)}${command}`
  const stop = stopAfter(spec, { plan: step.plan, reading: step.reading }, listedBefore(steps))
  const icon = stop || hasFailures(step.reading) ? '⚠️' : '✔️'
  // It is sent again; only when that ends in vain too is it why the run stopped.
  const isResent = stop?.code === 'not-executed'
  const result = isResent
    ? `Not done, and no login was tried: ${plain(stop.detail, 300)}`
    : stop
      ? stopText(stop).what
      : done(spec, step)
  const took = step.seconds === undefined ? '' : ` (${duration(step.seconds * 1000)})`
  return cut(`${icon} ${result}${took}${command}`, 2900)
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
      return `Copying ${count(plan.users.length, 'user')} to ${placeText(spec, plan.server)}…`
    case 'sync-keys':
      return plan.canary
        ? `Copying key ${keyName(spec, plan.handles[0] ?? 0)} alone, to see its effect…`
        : `Copying ${count(plan.handles.length, 'key')}…`
    default:
      return plan satisfies never
  }
}

function done(spec: Spec, { plan, reading }: SeenStep): string {
  switch (reading?.kind) {
    case 'inspected': {
      if (spec.reach === 'cluster') {
        const clusters = targetsOf(spec).map(
          ({ alias, hsms }, number) =>
            `${code(alias)} (${count(hsms.length, 'HSM')}, ${count(reading.servers[number]?.users.length ?? 0, 'user')})`,
        )
        const isWide = reading.servers.every(({ users }) => users.every(isWhole))
        const parts = [
          'Configured for exactly the approved ENI IPs',
          ...(reading.isCounted ? ['connected to as many HSMs'] : []),
          ...(isWide ? ['every user is on all of them'] : []),
        ]
        return `${parts.join(', ')}: ${clusters.join(', ')}`
      }
      const servers = serversOf(spec).map(({ hsmId, ip }, number) => `server ${number} = ${code(hsmId)} (${ip})`)
      return `Connected and encrypted, every HSM the expected one: ${servers.slice(0, 10).join(', ')}`
    }
    case 'listed': {
      const parts = reading.inventories.map(({ server, users, keys }) =>
        placeCount(spec, { server, users, keys: keys.length }),
      )
      return `${isAgain(plan) ? 'Listed again' : 'Inventory'}: ${parts.slice(0, 10).join(' · ')}`
    }
    case 'marked': {
      const part = plan.kind === 'inventory' ? plan.part : undefined
      const parts = reading.servers.map(({ server, users, listed }) => {
        const keys = new Set(listed.flatMap((list) => list.keys.map(({ handle }) => handle)))
        return placeCount(spec, { server, users, keys: keys.size })
      })
      const name = isAgain(plan) ? 'Listed again' : 'Inventory'
      return `${name}${part ? `, part ${part.n} of ${part.of}` : ''}: ${parts.slice(0, 10).join(' · ')}`
    }
    case 'users-synced': {
      const copied = reading.attempts.filter((attempt) => attempt.verdict === 'success').length
      const place = plan.kind === 'sync-users' ? placeText(spec, plan.server) : ''
      return `Users to ${place}: ${copied} of ${reading.attempts.length} copied, by the tool's own word`
    }
    case 'keys-synced': {
      const copied = reading.attempts.filter((attempt) => attempt.verdict === 'success').length
      if (plan.kind === 'sync-keys' && plan.canary) {
        const first = `Key ${keyName(spec, plan.handles[0] ?? 0)} went first and alone`
        const [attempt] = reading.attempts
        if (attempt?.verdict === 'failure') return `${first}, and was refused: ${plain(attempt.said, 300)}`
        return `${first}, and exactly it arrived, ${spec.reach === 'cluster' ? 'under the right label' : 'with the right owner'}`
      }
      return `Keys: ${copied} of ${reading.attempts.length} copied in this batch, by the tool's own word`
    }
    default:
      return ''
  }
}

function isAgain(plan: SeenStep['plan']): boolean {
  return plan.kind === 'inventory' && plan.purpose === 'after'
}

function placeCount(
  spec: Spec,
  { server, users, keys }: { readonly server: ServerNumber; readonly users: readonly unknown[]; readonly keys: number },
): string {
  return `${targetName(spec, server)}: ${count(users.length, 'user')}, ${count(keys, 'key')}`
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
      `• ${placeText(spec, server)}: ${count(missing.length, 'user')} missing${names}; ${present} already there`,
    )
  }
  const { missing, present, conflicts, blocked } = diff.keys
  lines.push(
    `• ${count(missing.length, 'key')} missing${missing.length > 0 ? `: ${names20(byOwner(spec, missing))}` : ''}; ${present.length} already there`,
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

const BAR = 20

/**
 * Users and keys so far, with a bar and, while keys are copied, an estimate for those not tried yet; `undefined` before
 * the first write.
 */
export function progressText(
  diff: Diff,
  { request, steps }: { readonly request: Pick<Request, 'state'>; readonly steps: readonly SeenStep[] },
): string | undefined {
  const writes = steps.filter(({ plan }) => isWrite(plan))
  if (writes.length === 0) return undefined
  const users = { all: diff.users.reduce((sum, part) => sum + part.missing.length, 0), done: 0 }
  const keys = { all: diff.keys.missing.length, done: 0, tried: 0 }
  let perKey = 0
  for (const { reading, plan, seconds } of writes) {
    if (reading?.kind === 'users-synced') users.done += copied(reading)
    if (reading?.kind === 'keys-synced') {
      keys.done += copied(reading)
      const tried = reading.attempts.filter((attempt) => attempt.verdict !== 'untried').length
      keys.tried += tried
      if (plan.kind === 'sync-keys' && !plan.canary) perKey = (seconds ?? 0) / Math.max(1, tried)
    }
  }
  const isCopying = request.state === 'running' && writes.at(-1) === steps.at(-1)
  const left = isCopying ? (keys.all - keys.tried) * perKey : 0
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

/** `server 1 (10.8.1.4)`, or `prod-eu`. */
function placeText(spec: Spec, server: ServerNumber): string {
  const name = targetName(spec, server)
  return spec.reach === 'cluster' ? code(name) : `${name} (${serversOf(spec)[server]?.ip ?? '?'})`
}
