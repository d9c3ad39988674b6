import type { SocketModeReceiver } from '@slack/bolt'
import type { Clock } from '../../../application/ports.ts'
import { describeError, type Log } from '../../../log.ts'
import { limited } from '../../limited.ts'

export interface Connection {
  /** Is there one that Slack has greeted? */
  isUp(): boolean
  stop(): Promise<void>
}

const GREETING_MS = 30_000
const CLOSING_MS = 5_000
const FIRST_PAUSE_MS = 1_000
/** Slack keeps a connection for hours. */
const SHORTEST_MS = 10_000
const LONGEST_PAUSE_MS = 60_000

/**
 * Socket Mode: keeps one connection to Slack, and makes a new one when it ends, which Slack does every few hours. While
 * Slack cannot be reached the pauses grow.
 */
export function keepConnected(
  client: SocketModeReceiver['client'],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Connection {
  const stopping = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  let isUp = false
  let failures = 0
  client.on('connected', () => {
    isUp = true
  })
  client.on('disconnected', () => {
    isUp = false
  })

  const connectOnce = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => client.once('disconnected', resolve))
    await limited(GREETING_MS, client.start())
    log.info({}, 'connected to Slack')
    const since = clock.now()
    await Promise.race([ended, stopped])
    // One that ends at once would otherwise be made again and again, without a pause.
    failures = clock.now() - since < SHORTEST_MS ? failures + 1 : 0
  }
  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await connectOnce()
      } catch (error) {
        failures++
        log.warn({ error: describeError(error), failures }, 'no connection to Slack')
        await close(client)
      }
      const pause = failures === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
      if (pause > 0) await clock.sleep(pause, stopping.signal)
    }
  })()

  return {
    isUp: () => isUp,
    stop: async () => {
      stopping.abort()
      await close(client)
      await limited(CLOSING_MS, keeping).catch(() => undefined)
    },
  }
}

/** Slack may never answer to the end either. */
async function close(client: SocketModeReceiver['client']): Promise<void> {
  await limited(CLOSING_MS, client.disconnect()).catch(() => undefined)
}
