import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { Ground, type RunOptions } from '../../harness/engine-run.ts'
import type { Cluster, WorldState } from '../../simulator/world/world-state.ts'
import type { Tool } from './tools.ts'
import { type Arrivals, arrived, contents, sourceOf, told } from './truth.ts'

export interface Expected {
  readonly state: string
  readonly proof: string
  readonly stop?: string
  readonly wrote: boolean
  /** The tally of every destination; empty where there is no destination to speak of. */
  readonly users: string
  readonly keys: string
  /** Everything that is not where it should be. */
  readonly named?: readonly string[]
  /** What came to every HSM of the destination in truth. */
  readonly arrived?: Partial<Arrivals>
}

export interface Scenario {
  readonly when: string
  /** Before anybody asks. */
  readonly given?: (state: WorldState, tool: Tool) => void
  /** Between the request and the run. */
  readonly meanwhile?: (ground: Ground) => void
  readonly options?: RunOptions
  /** Where a shell or a program is the matter: default in memory. */
  readonly bastion?: 'real'
  /** The script is killed as soon as this key was sent. */
  readonly killedAt?: number
}

export const USERS = ['crypto_user5', 'crypto_user6']
/** The keys that prod-eu lacks; 262160 is crypto_user5's, 262161 crypto_user6's. */
export const KEYS = [262159, 262160, 262161, 262162, 262163]
export const ALL_ARRIVED = { users: USERS, keys: KEYS }
export const keysBut = (...handles: readonly number[]) => KEYS.filter((key) => !handles.includes(key))

export const usersOnly = { users: { kind: 'all' }, keys: { kind: 'none' } } as const
export const keysOnly = { users: { kind: 'none' }, keys: { kind: 'all' } } as const
export const theKeys = (...items: readonly number[]) => ({ kind: 'listed', items }) as const

/** What was asked for was written, and listed again. */
export const changed = { proof: 'after', wrote: true }

/**
 * Lets it happen and checks what it came to, in the outcome's words and in truth. What no run may do is checked too.
 */
export async function expectEnd(tool: Tool, scenario: Scenario, ends: Expected, isLocked = false): Promise<void> {
  const { given, meanwhile, options, killedAt, bastion = 'in memory' } = scenario
  const ground = new Ground({ engine: tool.engine, world: tool.world(), bastion, isLocked })
  try {
    ground.world.update((state) => given?.(state, tool))
    const before = ground.world.read()
    const spec = await ground.approved(options)
    meanwhile?.(ground)
    const during = killedAt === undefined ? {} : { during: killWhenTyped(ground, tool.typed(killedAt)) }
    const { outcome } = await ground.runApproved(spec, { ...options, ...during })
    const after = ground.world.read()

    const { arrived: there = {}, ...expected } = ends
    const withdrawn = options?.stopAsked !== undefined
    expect(told(outcome)).toEqual({ named: [], stop: undefined, withdrawn, ...expected })
    expect(arrived(before, after)).toEqual({ users: [], keys: [], ...there })
    expect(contents(sourceOf(after))).toEqual(contents(sourceOf(before)))
    expect(ground.violations()).toBe('')
    const refused = ground.logins().flatMap(({ ok, target }) => (ok ? [] : [target]))
    expect(refused, 'a wrong password is tried once at each place').toEqual([...new Set(refused)])
  } finally {
    ground.remove()
  }
}

export function changePassword({ hsms }: Cluster): void {
  for (const { users } of hsms) for (const user of users) if (user.type === 'PCO') user.password = 'Changed-by-hand-1'
}

function killWhenTyped(ground: Ground, command: string): NonNullable<RunOptions['during']> {
  return async (plan, script) => {
    if (plan.kind !== 'sync-keys' || plan.canary) return
    const isTyped = () => ground.sessions().some(({ commands }) => commands.some((line) => line.startsWith(command)))
    for (let wait = 0; wait < 800 && !isTyped(); wait++) await sleep(25)
    script.kill('cancel')
  }
}
