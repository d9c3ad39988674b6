import { requestStore } from '../../src/adapters/store/request-store.ts'
import { freeze, liftFreeze, unfreeze } from '../../src/application/brake.ts'
import type { Calendars, Clock } from '../../src/application/ports.ts'
import { isRefusal, type Refusal, refuse } from '../../src/domain/refusal.ts'
import type { PeopleList } from '../../src/domain/route.ts'
import type { Incarnation } from './incarnation.ts'
import type { Random } from './random.ts'
import { GROUPED, LISTED, OTHERS } from './slack/people.ts'
import type { Stage } from './stage.ts'
import { MINUTE, SECOND, START, type Time } from './time.ts'
import type { Weather } from './weather.ts'

export const OPERATORS: PeopleList = { users: ['U0OPERATOR'], userGroups: [] }

interface Closure {
  readonly from: number
  readonly to: number
  readonly kind: 'closed' | 'unknown'
}

/** A change calendar, on the routes of some runs. By a stream of its own, so that runs without it stay as they are. */
export class Calendar implements Calendars {
  readonly isThere: boolean
  readonly closures: readonly Closure[]
  readonly #time: Time
  readonly #random: Random

  constructor(time: Time, random: Random, { clearFrom }: Pick<Weather, 'clearFrom'>) {
    this.#time = time
    this.#random = random
    this.isThere = random.chance(0.15)
    const count = this.isThere ? random.int(1, 3) : 0
    this.closures = Array.from({ length: count }, () => {
      const from = START + random.int(0, 5 * MINUTE)
      const to = Math.min(from + random.int(20 * SECOND, 5 * MINUTE), clearFrom)
      return { from, to, kind: random.chance(0.7) ? 'closed' : 'unknown' }
    })
  }

  async state(
    _: string,
    { region }: { readonly region: string },
  ): Promise<{ readonly isOpen: boolean; readonly changesAt?: number } | Refusal> {
    const { now } = this.#time
    await this.#time.sleep(this.#random.int(30, 250))
    const found = this.closures.find(({ from, to }) => from <= now && now < to)
    if (found?.kind === 'unknown')
      return refuse({ code: 'aws', problem: 'unreachable', service: 'Systems Manager', region, detail: 'as it is' })
    return found ? { isOpen: false, changesAt: found.to } : { isOpen: true }
  }
}

/** In some runs somebody puts the brake on, and somebody else takes it off; at the latest when all is clear. */
export function planBrake(stage: Stage, process: () => Incarnation | undefined): void {
  const { time, weather } = stage
  const random = stage.random('brake')
  if (!random.chance(0.2)) return
  const clock: Clock = { now: () => time.now, sleep: (ms) => time.sleep(ms) }
  const lift = () => liftFreeze({ store: requestStore(stage.database), clock }, 'operator root')
  const say = (who: string, what: string) => (answer: unknown) =>
    stage.tell(who, what, isRefusal(answer) ? answer.refused : answer)
  for (let n = 0; n < random.int(1, 2); n++) {
    const from = START + random.int(15 * SECOND, weather.clearFrom - START)
    const by = random.pick([...LISTED, ...GROUPED, ...OTHERS, ...OPERATORS.users])
    time.at(from, () => {
      const deps = process()?.work.deps
      if (deps) void freeze(deps, { by, reason: `freeze-${n}` }).then(say(by, 'freezes'), say(by, 'could not freeze'))
    })
    const lifter = random.pick([...OPERATORS.users, ...OPERATORS.users, ...OTHERS])
    time.at(from + random.int(10 * SECOND, 4 * MINUTE), () => {
      const deps = process()?.work.deps
      if (deps) void unfreeze(deps, { by: lifter }).then(say(lifter, 'unfreezes'), say(lifter, 'could not unfreeze'))
    })
  }
  // Once more a little later: an order to freeze may still be on its way.
  for (const moment of [weather.clearFrom, weather.clearFrom + MINUTE])
    time.at(moment, () => void lift().then(say('operator', 'lifts what is frozen')))
}
