import { listedBefore, type SeenStep } from '../../../application/run-view.ts'
import type { Instant } from '../../../domain/brand.ts'
import type { ServerNumber } from '../../../domain/ids.ts'
import { isWhole } from '../../../domain/inventory.ts'
import type { Request } from '../../../domain/request.ts'
import { stopAfter, wasNeverSent } from '../../../domain/run-facts.ts'
import { keyName, type Spec, serversOf, targetName, targetsOf } from '../../../domain/spec.ts'
import type { Reading } from '../../../domain/step.ts'
import { placeText } from './spec-text.ts'
import { stopText } from './stop-text.ts'
import { code, count, cut, duration, plain } from './text.ts'

/** A run, as far as its steps are told. */
export interface ShownRun {
  readonly request: Pick<Request, 'state' | 'spec'> & { readonly stopAskedAt?: Instant }
  readonly steps: readonly SeenStep[]
}

/**
 * `stopped`: nothing more is written after it. `lost`: the run is over, and how this step ended never became known.
 */
export type StepMood = 'going' | 'good' | 'bad' | 'stopped' | 'again' | 'lost'

const ICONS: Readonly<Record<StepMood, string>> = {
  going: '⏳',
  good: '✔️',
  bad: '⚠️',
  stopped: '⚠️',
  again: '⚠️',
  lost: '⚠️',
}

/** One line about a step: what it does, with which command, what came of it. */
export function stepLine(run: ShownRun, step: SeenStep): string {
  const { mood, text } = stepText(run, step)
  return `${ICONS[mood]} ${text}`
}

/** The same without a sign. `again`: it proved never to have run, and is sent once more unless the run ends here. */
export function stepText(
  { request: { spec, state }, steps }: ShownRun,
  step: SeenStep,
): { readonly mood: StepMood; readonly text: string } {
  const command = step.commandId ? ` · SSM command ${code(step.commandId)}` : ''
  const took = step.seconds === undefined ? '' : ` (${duration(step.seconds * 1000)})`
  const say = (mood: StepMood, text: string) => ({ mood, text: cut(`${text}${took}${command}`, 2900) })
  if (!step.reading)
    return state === 'running'
      ? say('going', `${doing(spec, step)}…`)
      : say('lost', `${doing(spec, step)}: how it ended is not known`)
  const { plan, reading, evidence, seconds } = step
  const stop = stopAfter(spec, { plan, reading }, listedBefore(steps))
  // It is sent again; only when that ends in vain too is it why the run stopped.
  if (stop && evidence && wasNeverSent({ plan, reading, evidence, seconds }))
    return say('again', `Not done, and no login was tried: ${plain(stop.detail, 300)}`)
  if (stop) return say('stopped', stopText(stop).what)
  return say(hasFailures(step.reading) ? 'bad' : 'good', done(spec, step))
}

function hasFailures(reading: Reading): boolean {
  if (reading.kind !== 'users-synced' && reading.kind !== 'keys-synced') return false
  return reading.attempts.some((attempt) => attempt.verdict !== 'success')
}

function doing(spec: Spec, { plan }: SeenStep): string {
  switch (plan.kind) {
    case 'inspect':
      return 'Connecting, without login, to see who is there'
    case 'inventory':
      return plan.purpose === 'before'
        ? 'Listing users and keys on every HSM'
        : 'Verifying: listing users and keys on every HSM again'
    case 'sync-users':
      return `Copying ${count(plan.users.length, 'user')} to ${placeText(spec, plan.server)}`
    case 'sync-keys':
      return plan.canary
        ? `Copying key ${keyName(spec, plan.handles[0] ?? 0)} alone, to see its effect`
        : `Copying ${count(plan.handles.length, 'key')}`
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
