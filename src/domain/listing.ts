import type { Reach } from './cluster.ts'
import type { ServerNumber } from './ids.ts'
import { type Inventory, inventoryOf, type KeyMarks } from './inventory.ts'
import { type DoneStep, type ListingPart, type ServerUsers, type StepPlan, stopOf } from './step.ts'

type Purpose = 'before' | 'after'
type Listing = StepPlan & { kind: 'inventory' }

/** One listing of everything: one step, or several where all of it would take too long. */
export interface Round {
  readonly plan: Listing
  /** Parts that are done. */
  readonly parts: number
  /** What stands there; `undefined` while parts are missing, or where one of them could not be read. */
  readonly inventories: readonly Inventory[] | undefined
  /** Are there parts left to list? Not after one that failed. */
  readonly isOpen: boolean
}

/** A tool that lists user by user may take a second for each; a step has nine minutes. */
const MOST_LISTINGS = 450

/**
 * Every listing of one purpose, oldest first. Takes steps that came to nothing for what they are: call it without them.
 */
export function roundsOf(steps: readonly DoneStep[], purpose: Purpose): readonly Round[] {
  const rounds: DoneStep[][] = []
  for (const step of steps) {
    if (step.plan.kind !== 'inventory' || step.plan.purpose !== purpose) continue
    const last = rounds.at(-1)
    if (last && step.plan.part && step.plan.part.n > 1) last.push(step)
    else rounds.push([step])
  }
  return rounds.flatMap(toRound)
}

function toRound(steps: readonly DoneStep[]): Round[] {
  const last = steps.at(-1)
  if (last?.plan.kind !== 'inventory') return []
  const { plan } = last
  const isFailed = steps.some(({ reading }) => stopOf(reading) !== undefined)
  const isOpen = !isFailed && plan.part !== undefined && plan.part.n < plan.part.of
  return [{ plan, parts: steps.length, isOpen, inventories: isFailed || isOpen ? undefined : inventories(steps) }]
}

function inventories(steps: readonly DoneStep[]): readonly Inventory[] | undefined {
  const parts: KeyMarks[] = []
  for (const { reading } of steps) {
    if (reading.kind === 'listed') return reading.inventories
    if (reading.kind !== 'marked') return undefined
    parts.push(...reading.servers)
  }
  const servers = [...new Set(parts.map(({ server }) => server))]
  const whole = servers.flatMap((server) => inventoryOf(parts.filter((part) => part.server === server)) ?? [])
  return whole.length === servers.length ? whole : undefined
}

/** The step that lists everything, or its first part. */
export function listAll(purpose: Purpose, users: readonly ServerUsers[], reach: Reach = 'hsm'): StepPlan {
  const plain = users.map(({ server, users: listed }) => ({ server, users: listed }))
  return withPart({ kind: 'inventory', purpose, users: plain }, 1, reach)
}

/** The next part of a listing that is not whole yet. */
export function listOn(round: Round, reach: Reach = 'hsm'): StepPlan {
  const { part: _, ...plan } = round.plan
  return withPart(plan, round.parts + 1, reach)
}

function withPart(plan: Listing, n: number, reach: Reach): StepPlan {
  const owners = plan.users.flatMap(({ server, users }) =>
    users.flatMap(({ name, role }) => (role === 'CU' ? [{ server, name }] : [])),
  )
  if (reach === 'cluster' || owners.length <= MOST_LISTINGS) return plan
  const of = Math.ceil(owners.length / MOST_LISTINGS)
  const mine = owners.slice((n - 1) * MOST_LISTINGS, n * MOST_LISTINGS)
  return { ...plan, part: { n, of, owners: byServer(mine) } }
}

function byServer(owners: readonly { readonly server: ServerNumber; readonly name: string }[]): ListingPart['owners'] {
  return [...new Set(owners.map(({ server }) => server))].map((server) => ({
    server,
    names: owners.filter((owner) => owner.server === server).map(({ name }) => name),
  }))
}
