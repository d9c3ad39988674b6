import { chainHead } from './adapters/store/audit-chain.ts'
import type { Database } from './adapters/store/open-database.ts'
import type { Clock } from './application/ports.ts'
import { describeError, type Log } from './log.ts'

const DAY_MS = 24 * 3_600_000
/** Enough to find one row among more than there will ever be. */
const SHOWN = 16

/**
 * Writes the last hash of the record to the log, at the start and once a day. Whoever keeps the log elsewhere can show
 * by it (`audit verify --anchor`) whether the newest rows were cut off, which the chain alone cannot.
 */
export function logAnchors({ db }: Pick<Database, 'db'>, clock: Clock, log: Log): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const logging = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const head = await chainHead(db)
        if (head) log.info({ auditSeq: head.seq, auditHead: head.hash.slice(0, SHOWN) }, 'the end of the record')
      } catch (error) {
        log.warn({ error: describeError(error) }, 'could not look at the end of the record')
      }
      await clock.sleep(DAY_MS, stopping.signal)
    }
  })()
  return {
    stop: async () => {
      stopping.abort()
      await logging
    },
  }
}
