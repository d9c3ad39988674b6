import type { Web } from '../../src/adapters/slack/api/web.ts'
import type { Delivery } from '../../src/adapters/slack/incoming/deliveries.ts'
import { type Work as How, type Inbox, openInbox } from '../../src/adapters/slack/incoming/inbox.ts'
import { createTasks, type Tasks } from '../../src/adapters/slack/incoming/tasks.ts'
import { dropLeases } from '../../src/adapters/store/open-database.ts'
import { requestStore } from '../../src/adapters/store/request-store.ts'
import type { Deps } from '../../src/application/ports.ts'
import type { RequestId } from '../../src/domain/ids.ts'
import type { Log } from '../../src/log.ts'
import { startWork, type Work } from '../../src/work.ts'
import { withoutRepeats } from './polls.ts'
import type { Random } from './random.ts'
import type { Stage } from './stage.ts'

/** Calls after or before which a crash is worth most: everything that leaves something behind. */
const WEIGHTY: ReadonlySet<string> = new Set([
  'create',
  'change',
  'saveStep',
  'planStep',
  'savePosted',
  'forgetPosted',
  'markPainted',
  'releaseRun',
  'audit',
  'send',
  'look',
  'find',
  'post',
  'update',
  'upload',
])

/** What people do with the bot: set by them. */
export interface OnDelivery {
  work(process: Incarnation, delivery: Delivery, how: How): Promise<void>
  say(delivery: Delivery, text: string): void
}

interface Called {
  readonly name: string
  readonly port: string
  readonly method: string
}

/** What a run does while it writes: nobody may be there for a night just then. */
function isRunning(method: string, args: readonly unknown[]): boolean {
  if (method !== 'send' && method !== 'saveStep' && method !== 'planStep') return false
  return JSON.stringify(args[1] ?? '').includes(method === 'send' ? ' sync-' : '"kind":"sync-')
}

/** One process of the bot, from its start to its crash. A dead one's promises never settle. */
export class Incarnation {
  isAlive = true
  readonly work: Work
  readonly inbox: Inbox
  readonly web: Web
  readonly tasks: Tasks
  readonly #stage: Stage
  readonly #random: Random
  readonly #later: Random
  /** Of some runs: when somebody comes between. */
  readonly #between: Random | undefined
  readonly #died: (isNight: boolean) => void
  #isNight = false

  private constructor(stage: Stage, holder: string, died: (isNight: boolean) => void) {
    this.#stage = stage
    this.#random = stage.random(`crashes of ${holder}`)
    this.#later = stage.random(`later calls of ${holder}`)
    this.#died = died
    const between = stage.random(`between the calls of ${holder}`)
    this.#between = between.chance(0.15) ? between : undefined
    const ports = this.#ports(holder)
    this.web = this.#guarded(stage.channel, 'slack')
    this.work = startWork(ports, this.web)
    this.tasks = createTasks(ports.clock, (error) => stage.tell(holder, 'a task failed', error))
    const { people } = stage
    this.inbox = openInbox(
      { ...ports, tasks: this.tasks },
      {
        work: (delivery, how) => stage.onDelivery.work(this, delivery, how),
        say: async (delivery, text) => {
          await people.hear()
          if (this.isAlive) stage.onDelivery.say(delivery, text)
        },
      },
    )
  }

  /** Starts a process. Alone over a SQLite file, it drops the leases of its predecessor, as `openDatabase` does. */
  static async start(stage: Stage, holder: string, died: (isNight: boolean) => void): Promise<Incarnation> {
    if (!stage.isPair) await dropLeases(stage.database.db)
    return new Incarnation(stage, holder, died)
  }

  crash(): void {
    if (!this.isAlive) return
    this.isAlive = false
    this.#died(this.#isNight)
  }

  #ports(holder: string): Omit<Deps, 'changed' | 'warnOnce'> {
    const stage = this.#stage
    const ids = stage.random(`ids of ${holder}`)
    return {
      clock: { now: () => stage.time.now, sleep: (ms, signal) => this.#sleep(ms, signal) },
      newRequestId: () => newId(ids),
      landscape: stage.landscape,
      engines: stage.program(),
      directory: this.#guarded(stage.directory, 'aws'),
      bastions: this.#guarded(stage.ssm, 'ssm'),
      calendars: this.#guarded(stage.calendar, 'aws'),
      workspace: this.#guarded(stage.people, 'slack'),
      store: this.#guarded(withoutRepeats(requestStore(stage.database), stage.database, stage.time), 'store'),
      holder,
      log: this.#log(holder),
    }
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = () => {
        off()
        signal?.removeEventListener('abort', wake)
        if (this.isAlive) resolve()
      }
      const off = this.#stage.time.after(ms, wake)
      signal?.addEventListener('abort', wake)
    })
  }

  /** Every call from the product to the outside goes through here: it is counted, takes time, and may be the last. */
  #guarded<Port extends object>(port: Port, name: string): Port {
    const guarded = new Map<PropertyKey, (...args: unknown[]) => Promise<unknown>>()
    return new Proxy(port, {
      get: (target, key) => {
        const known = guarded.get(key)
        if (known) return known
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        const called = { name: `${name}.${String(key)}`, port: name, method: String(key) }
        const call = (...args: unknown[]) => this.#call(called, args, () => Reflect.apply(member, target, args))
        guarded.set(key, call)
        return call
      },
    })
  }

  async #call({ name, port, method }: Called, args: readonly unknown[], call: () => unknown): Promise<unknown> {
    if (!this.isAlive) return never()
    const { time, weather, calls } = this.#stage
    calls.count(name, port)
    if (calls.runaway !== undefined) return never()
    const isNight = weather.faults.has('night') && isRunning(method, args) && weather.happens('night', 0.08)
    const isLast = isNight || (WEIGHTY.has(method) && weather.happens('crash', 0.015))
    this.#isNight = isNight
    if (isLast && this.#random.chance(0.5)) return this.#dies(name, 'before')
    // The last that a run asks before it plans a step.
    if (method === 'frozen' && this.#between?.chance(0.1)) {
      this.#stage.whenPlanning()
      await time.sleep(this.#between.int(200, 900))
    }
    // Rarely: another process, or another task of this one, comes between.
    // Calls that came later draw from a stream of their own, so that older seeds stay what they were.
    const isLater = LATER.has(method)
    if (port === 'store' && (isLater ? this.#later : this.#random).chance(0.02))
      await time.sleep((isLater ? this.#later : this.#random).int(1, 300))
    if (!this.isAlive) return never()
    let end: { readonly answer: unknown } | { readonly error: unknown }
    const failure = port === 'store' && !isLater ? this.#stage.storeFault.next() : undefined
    try {
      if (failure === 'before') throw new Error('the database does not answer')
      end = { answer: await call() }
      if (failure === 'after') throw new Error('the database did its work, and its answer was lost')
    } catch (error) {
      end = { error }
    }
    if (!this.isAlive) return never()
    if (isLast) return this.#dies(name, 'after')
    if (this.#stage.isTraced && !QUIET.has(method))
      this.#stage.tell('bot', name, 'error' in end ? end.error : end.answer)
    if ('error' in end) throw end.error
    return end.answer
  }

  #dies(name: string, when: string): Promise<never> {
    this.#stage.tell('bot', `crashes ${when} ${name}`)
    this.crash()
    return never()
  }

  #log(holder: string): Log {
    const write = (level: string) => (fields: object, sentence: string) => {
      if (this.isAlive) this.#stage.tell(holder, `(${level}) ${sentence}`, fields)
    }
    return { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') }
  }
}

const LATER: ReadonlySet<string> = new Set([
  'frozen',
  'setFrozen',
  'history',
  'watch',
  'saveWatch',
  'watchMessages',
  'saveWatchMessage',
  'claimWatch',
])

/** Not worth a line of the story. */
const QUIET: ReadonlySet<string> = new Set([
  'claimRun',
  'unpainted',
  'pastExpiry',
  'list',
  'load',
  'steps',
  'posted',
  'claimPaint',
  'releasePaint',
  'renewLease',
  'look',
  'frozen',
  'watch',
  'watchMessages',
])

function never(): Promise<never> {
  return new Promise(() => undefined)
}

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function newId(random: Random): RequestId {
  return Array.from({ length: 6 }, () => random.pick([...LETTERS])).join('') as RequestId
}
