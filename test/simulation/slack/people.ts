import type { ChannelFacts, Workspace } from '../../../src/application/ports.ts'
import type { Person } from '../../../src/domain/approval-policy.ts'
import type { MembershipFlaw } from '../../../src/domain/refusal.ts'
import type { Random } from '../random.ts'
import { SECOND, type Time } from '../time.ts'
import type { Weather } from '../weather.ts'

export const CHANNEL = 'C0SYNCS'
export const GROUP = 'S0CUSTODIANS'
/** Named on the route, too, and deleted long ago. */
export const DEAD_GROUP = 'S0DELETED'
export const ASKERS = ['U0ASKER', 'U0BOTH'] as const
/** Named on the route; `U0BOTH` asks too. */
export const LISTED = ['U0ALICE', 'U0BOTH'] as const
export const GROUPED = ['U0CAROL', 'U0DAVE'] as const
export const OTHERS = ['U0OUTSIDER', 'U0GUEST'] as const
export const EVERYBODY = [...new Set([...ASKERS, ...LISTED, ...GROUPED, ...OTHERS])]

/** What was true of a person at a time: for the oracle. */
interface Standing {
  readonly from: number
  readonly members: readonly string[]
  readonly flaws: ReadonlyMap<string, MembershipFlaw>
}

/** Who is who in the workspace, now and before. */
export class People implements Workspace {
  readonly history: Standing[] = []
  readonly #time: Time
  readonly #random: Random
  readonly #weather: Weather
  readonly #slow: Random

  constructor(time: Time, { random, slow }: { readonly random: Random; readonly slow: Random }, weather: Weather) {
    this.#slow = slow
    this.#time = time
    this.#random = random
    this.#weather = weather
    // In some workspaces hardly anybody is left who may approve.
    const isDeserted = random.chance(0.06)
    const left: readonly string[] = isDeserted ? LISTED : []
    const flaws = [['U0GUEST', 'guest'], ...left.map((user) => [user, 'deactivated'] as const)] as const
    this.history.push({ from: 0, members: isDeserted ? [GROUPED[0]] : [...GROUPED], flaws: new Map(flaws) })
  }

  /** Somebody leaves the group, or joins it. */
  changeMembers(user: string): void {
    const { members, flaws } = this.#last()
    const next = members.includes(user) ? members.filter((member) => member !== user) : [...members, user]
    this.history.push({ from: this.#time.now, members: next, flaws })
  }

  deactivate(user: string): void {
    const { members, flaws } = this.#last()
    this.history.push({ from: this.#time.now, members, flaws: new Map([...flaws, [user, 'deactivated']]) })
  }

  /** Whoever left or was deactivated is back. */
  returnAll(): void {
    this.history.push({ from: this.#time.now, members: [...GROUPED], flaws: new Map([['U0GUEST', 'guest']]) })
  }

  /** Was this person, at any moment between, one who may decide on this route? */
  mightDecide(user: string, from: number, to: number): boolean {
    return this.#between(from, to).some((standing) => isApprover(user, standing))
  }

  /** The same, at every moment between. */
  mayDecide(user: string, from: number, to: number): boolean {
    return this.#between(from, to).every((standing) => isApprover(user, standing))
  }

  #between(from: number, to: number): readonly Standing[] {
    return this.history.filter((standing, at) => {
      const until = this.history[at + 1]?.from ?? Number.MAX_SAFE_INTEGER
      return until > from && standing.from <= to
    })
  }

  async person(userId: string): Promise<Person> {
    await this.#answer()
    const flaw = this.#last().flaws.get(userId)
    return flaw ? { id: userId, flaw } : { id: userId }
  }

  async membersOf(group: string): Promise<readonly string[]> {
    await this.#answer()
    if (group === DEAD_GROUP) throw new Error('Slack has no such user group')
    return this.#last().members
  }

  async channel(id: string): Promise<ChannelFacts | undefined> {
    await this.#answer()
    const kinds = this.#weather.kindsOf('channel')
    return {
      id,
      name: 'hsm-syncs',
      botIsMember: !kinds.includes('left'),
      isExternal: kinds.includes('shared'),
      isArchived: kinds.includes('archived'),
    }
  }

  /** An answer reaches a person, or does not. */
  async hear(): Promise<void> {
    await this.#time.sleep(this.#random.int(50, 400))
  }

  #last(): Standing {
    const last = this.history.at(-1)
    if (!last) throw new Error('nobody is there')
    return last
  }

  async #answer(): Promise<void> {
    await this.#time.sleep(this.#random.int(50, 400))
    // Longer than a form may wait.
    if (this.#weather.faults.has('workspace') && !this.#weather.isClear() && this.#slow.chance(0.5))
      await this.#time.sleep(this.#slow.int(1, 4) * SECOND)
    if (this.#weather.spell('workspace') || this.#weather.happens('workspace', 0.1))
      throw new Error('Slack does not answer')
  }
}

function isApprover(user: string, { flaws, members }: Standing): boolean {
  return !flaws.has(user) && ((LISTED as readonly string[]).includes(user) || members.includes(user))
}
