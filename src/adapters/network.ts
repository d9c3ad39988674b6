import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { Dispatcher } from 'undici'

export type Agents = { readonly httpAgent?: never } | { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent }

/** How this process reaches Slack and AWS: directly, or through the proxy that the environment names. */
export interface Network {
  readonly fetch: typeof globalThis.fetch
  /** For Socket Mode's connection. */
  readonly dispatcher?: Dispatcher
  /** For AWS's clients; empty where there is no proxy. */
  readonly agents: (options: { readonly keepAlive: boolean }) => Agents
}

export const direct: Network = {
  fetch: (input, init) => globalThis.fetch(input, init),
  agents: () => ({}),
}
