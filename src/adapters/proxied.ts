import type { Agent } from 'node:https'
import { ProxyAgent } from 'proxy-agent'
import { EnvHttpProxyAgent, fetch } from 'undici'
import type { Network } from './network.ts'

/**
 * Through HTTPS_PROXY or HTTP_PROXY, but for what NO_PROXY names: neither Slack's client nor AWS's reads these by
 * itself.
 */
export function proxied(): Network {
  const dispatcher = new EnvHttpProxyAgent()
  const through = (input: Parameters<typeof fetch>[0], init?: Parameters<typeof fetch>[1]) =>
    fetch(input, { ...init, dispatcher })
  return {
    // The same standard twice: undici's own fetch, and the one in Node that was made of it.
    fetch: through as unknown as typeof globalThis.fetch,
    dispatcher,
    agents: ({ keepAlive }) => ({
      // Without a tunnel each request names its whole address, which only a new connection does (proxy-agent 8).
      httpAgent: new ProxyAgent({ keepAlive: false }),
      httpsAgent: new ProxyAgent({ keepAlive }) as unknown as Agent,
    }),
  }
}
