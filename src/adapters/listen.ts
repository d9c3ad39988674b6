import type { Config } from '../config.ts'
import { type HealthPage, servePages } from './health.ts'
import type { SlackApp } from './slack/api/app.ts'

/** What listens, and where. */
export interface Listening {
  /** None in Socket Mode with a METRICS_PORT: nothing is left to serve there. */
  readonly port: number | undefined
  readonly metricsPort: number | undefined
  /** Bolt's own server is stopped with Bolt. */
  close(): void
}

/**
 * Opens PORT, and METRICS_PORT where it is set. The pages that Bolt serves were given to it before. Throws an error
 * that names the setting whose port cannot be had.
 */
export async function listen(
  { app, socket }: Pick<SlackApp, 'app' | 'socket'>,
  pages: readonly HealthPage[],
  { host, port, metricsPort }: Pick<Config, 'host' | 'port' | 'metricsPort'>,
): Promise<Listening> {
  const apart =
    metricsPort === undefined
      ? undefined
      : await opened('METRICS_PORT', metricsPort, servePages(pages, { port: metricsPort, host }))
  const beside = socket && !apart ? await opened('PORT', port, servePages(pages, { port, host })) : undefined
  const slack = socket ? undefined : await opened('PORT', port, startBolt(app, { host, port }))
  return {
    port: (beside ?? slack)?.port,
    metricsPort: apart?.port,
    close: () => {
      apart?.close()
      beside?.close()
    },
  }
}

async function opened<Server>(
  setting: 'PORT' | 'METRICS_PORT',
  port: number,
  server: Promise<Server>,
): Promise<Server> {
  try {
    return await server
  } catch (error) {
    throw new Error(`cannot listen on ${port} (${setting})`, { cause: error })
  }
}

async function startBolt(app: SlackApp['app'], { host, port }: Pick<Config, 'host' | 'port'>) {
  const server = await app.start({ port, ...(host === undefined ? {} : { host }) })
  const address = 'address' in server && typeof server.address === 'function' ? server.address() : null
  return { port: typeof address === 'object' && address ? address.port : port }
}
