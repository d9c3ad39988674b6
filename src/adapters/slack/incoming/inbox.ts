import type { Clock } from '../../../application/ports.ts'
import type { Store } from '../../../application/store.ts'
import { describeError, type Log } from '../../../log.ts'
import { BROKEN, RESTARTING, TOO_OLD } from '../views/unfinished.ts'
import { type Delivery, parseDelivery, type Received } from './deliveries.ts'
import type { Tasks } from './tasks.ts'

/** How one delivery is worked on: for the first time, or again, because a process ended in the middle. */
export interface Work {
  readonly key: string
  readonly receivedAt: number
  readonly isAgain: boolean
}

export interface Handling {
  /** Does what was asked, and answers. */
  readonly work: (delivery: Delivery, work: Work) => Promise<void>
  readonly say: (delivery: Delivery, text: string) => Promise<void>
}

export interface InboxDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly tasks: Tasks
}

export interface Inbox {
  /**
   * Keeps a delivery, lets it be acknowledged, then works on it. One that came before is acknowledged, and that is all.
   */
  receive(received: Received, acknowledge: () => Promise<void>): Promise<void>
  /**
   * Takes nothing up any more, and gives what is worked on so many milliseconds. Whoever has no answer then is told
   * that it comes later.
   */
  stop(ms: number): Promise<void>
}

/** Slack waits three seconds for the acknowledgement: it is given in time, whatever the database does. */
const ACCEPT_MS = 1_500
const LEASE_MS = 60_000
const RENEW_MS = 20_000
const LOOK_MS = 5_000
const FAREWELL_MS = 2_000
/** Slack takes answers for 30 minutes, and what somebody wanted then they may not want now. */
const OLDEST_MS = 30 * 60_000
const MOST_TRIES = 3

/** Nothing that was acknowledged is lost: what is accepted is stored first, and worked off by whoever is there. */
export function openInbox(deps: InboxDeps, { work, say }: Handling): Inbox {
  const { store, clock, log, tasks } = deps
  const stopping = new AbortController()
  const active = new Map<string, { readonly delivery: Delivery; readonly holder: string }>()
  let received = 0
  let hasLeft = false

  const finish = async (key: string) => {
    active.delete(key)
    await store.finishDelivery(key).catch((error: unknown) => {
      // It is worked on again, and that shows that it was done.
      log.error({ key, error: describeError(error) }, 'a delivery could not be marked as done')
    })
  }

  const workOn = async (delivery: Delivery, holder: string, how: Work) => {
    const { key } = how
    const ended = new AbortController()
    const renewing = (async () => {
      while (!ended.signal.aborted) {
        await clock.sleep(RENEW_MS, ended.signal)
        if (!ended.signal.aborted) await store.renewDelivery(key, holder, clock.now() + LEASE_MS).catch(() => false)
      }
    })()
    try {
      await work(delivery, how)
    } catch (error) {
      log.error({ key, error: describeError(error) }, 'could not finish what somebody asked for')
      // What breaks at the very end is taken up by the next process.
      if (hasLeft) return
      await say(delivery, BROKEN)
    } finally {
      ended.abort()
      await renewing
    }
    await finish(key)
  }

  const takeUp = async (): Promise<boolean> => {
    const holder = `${deps.holder}#again${++received}`
    const now = clock.now()
    const claimed = await store.claimDelivery(holder, now, now + LEASE_MS)
    if (!claimed) return false
    const { key, doc, at, tries } = claimed
    // It waits here for its turn.
    if (active.has(key)) return true
    const delivery = parseDelivery(doc)
    log.warn({ key, tries }, 'taking up what somebody asked a process that is gone')
    if (!delivery) await finish(key)
    else if (now - at > OLDEST_MS || tries > MOST_TRIES) {
      await say(delivery, now - at > OLDEST_MS ? TOO_OLD : BROKEN)
      await finish(key)
    } else {
      active.set(key, { delivery, holder })
      tasks.run(() => workOn(delivery, holder, { key, receivedAt: at, isAgain: true }))
    }
    return true
  }

  const looking = (async () => {
    while (!stopping.signal.aborted) {
      const found = await takeUp().catch((error: unknown) => {
        log.error({ error: describeError(error) }, 'could not look for deliveries to take up')
        return false
      })
      if (!found) await clock.sleep(LOOK_MS, stopping.signal)
    }
  })()

  return {
    receive: async ({ key, delivery }, acknowledge) => {
      const holder = `${deps.holder}#${++received}`
      const now = clock.now()
      const accept = () =>
        store.acceptDelivery({ key, doc: JSON.stringify(delivery) }, holder, now, clock.now() + LEASE_MS)
      const accepted = await Promise.race([accept().catch(() => undefined), clock.sleep(ACCEPT_MS)])
      try {
        await acknowledge()
      } catch (error) {
        // Slack tells the person that it did not work, so it must not happen later either.
        if (accepted !== false) await store.forgetDelivery(key, holder).catch(() => undefined)
        throw error
      }
      if (accepted === false) {
        log.warn({ key }, 'the same delivery came again: ignored')
        return
      }
      if (accepted) active.set(key, { delivery, holder })
      tasks.run(async () => {
        // Where the database did not answer in time it may do so now; whether it came before must be known.
        const isFirst = accepted ?? (await accept().catch(() => undefined))
        if (isFirst === false) return
        if (isFirst === undefined) {
          log.error({ key }, 'a delivery could not be stored')
          await say(delivery, BROKEN)
          return
        }
        active.set(key, { delivery, holder })
        await workOn(delivery, holder, { key, receivedAt: now, isAgain: false })
      })
    },
    stop: async (ms) => {
      stopping.abort()
      await looking
      await tasks.drain(ms)
      hasLeft = true
      const left = [...active]
      const farewells = left.map(async ([key, { delivery, holder }]) => {
        await say(delivery, RESTARTING)
        await store.releaseDelivery(key, holder)
      })
      await Promise.race([Promise.allSettled(farewells), clock.sleep(FAREWELL_MS)])
    },
  }
}
