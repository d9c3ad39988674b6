import { App, HTTPReceiver, type Logger, LogLevel, SocketModeReceiver, webApi } from '@slack/bolt'
import type { Config } from '../../../config.ts'
import { describeError, type Log } from '../../../log.ts'
import type { Network } from '../../network.ts'

const CALL_MS = 10_000
const FAILED = { status: 503, type: 'text/plain', body: 'not now\n' }

export interface HttpRoute {
  readonly path: string
  readonly handler: () => Promise<{ readonly status: number; readonly type: string; readonly body: string }>
}

export interface SlackApp {
  readonly app: App
  readonly client: webApi.WebClient
  /**
   * In Socket Mode: the connection to Slack, which somebody must keep (Bolt's own way back ends the process when Slack
   * cannot be reached: node-slack-sdk#2656).
   */
  readonly socket?: SocketModeReceiver['client']
}

interface Around {
  readonly log: Log
  readonly network: Network
}

/** Slack's Web API, as the bot. Nothing is contacted before the first call. */
export function createClient(settings: Pick<Config['slack'], 'botToken' | 'apiUrl'>, around: Around): webApi.WebClient {
  return new webApi.WebClient(settings.botToken, optionsOf(settings, around))
}

function optionsOf({ apiUrl }: Pick<Config['slack'], 'apiUrl'>, { log, network }: Around) {
  return {
    logger: boltLogger(log),
    fetch: network.fetch,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    timeout: CALL_MS,
    // A repeated chat.postMessage posts twice: Slack has no idempotency key. What failed is painted again, after
    // looking.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  }
}

/** Bolt, in the mode the settings say. Nothing is contacted before it starts. */
export function createApp(settings: Config['slack'], routes: readonly HttpRoute[], around: Around): SlackApp {
  const { network } = around
  const clientOptions = optionsOf(settings, around)
  const { logger } = clientOptions
  const client = createClient(settings, around)
  const make = (receiver: HTTPReceiver | SocketModeReceiver) =>
    new App({
      receiver,
      clientOptions,
      logger,
      convoStore: false,
      // One workspace: with `token` Bolt would ask Slack who it is before it takes a delivery.
      authorize: async () => ({ botToken: settings.botToken }),
    })
  if (settings.mode.kind === 'http') {
    const receiver = new HTTPReceiver({
      signingSecret: settings.mode.signingSecret,
      // Bolt refuses old requests, not those from the future: the listeners do.
      customPropertiesExtractor: (request) => ({
        sentAt: Number(request.headers['x-slack-request-timestamp']) * 1000,
      }),
      logger,
      customRoutes: routes.map(({ path, handler }) => ({
        path,
        method: 'GET',
        handler: async (_, response) => {
          const { status, type, body } = await handler().catch(() => FAILED)
          response.writeHead(status, { 'content-type': type }).end(body)
        },
      })),
    })
    return { app: make(receiver), client }
  }
  const receiver = new SocketModeReceiver({
    appToken: settings.mode.appToken,
    logger,
    installerOptions: { clientOptions },
    autoReconnectEnabled: false,
    ...(network.dispatcher ? { dispatcher: network.dispatcher } : {}),
  })
  return { app: make(receiver), client, socket: receiver.client }
}

/** Bolt's own words go to our log; its debug level would print whole requests, so it is never on. */
function boltLogger(log: Log): Logger {
  const sentence = (words: unknown[]) =>
    words.map((word) => (word instanceof Error ? word.message : String(word))).join(' ')
  const fields = (words: unknown[]) => {
    const error = words.find((word) => word instanceof Error)
    return error ? { from: 'bolt', error: describeError(error) } : { from: 'bolt' }
  }
  return {
    debug: () => undefined,
    info: (...words) => log.debug(fields(words), sentence(words)),
    warn: (...words) => log.warn(fields(words), sentence(words)),
    error: (...words) => log.error(fields(words), sentence(words)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  }
}
