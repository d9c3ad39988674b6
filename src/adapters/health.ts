import { createServer } from 'node:http'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Clock } from '../application/ports.ts'
import type { Store } from '../application/store.ts'

const CHECK_MS = 5_000
/** Slack is asked at most this often, however often the probe comes. */
const REMEMBER_MS = 20_000

export interface Page {
  readonly path: string
  readonly handler: () => Promise<{ readonly status: number; readonly type: string; readonly body: string }>
}

/** `/healthz`: the process is up. `/readyz`: Slack and the database answer. `/metrics`: for Prometheus. */
export function healthPages(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly askSlack: () => Promise<unknown>
}): readonly Page[] {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'hsm_sync_open_requests',
    help: 'Requests that are pending, approved or running, by state; and those this version cannot read',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const { requests, unreadable } = await deps.store.list({ states: ['pending', 'approved', 'running'], limit: 500 })
      for (const state of ['pending', 'approved', 'running'])
        this.set({ state }, requests.filter((request) => request.state === state).length)
      this.set({ state: 'unreadable' }, unreadable.length)
    },
  })
  new Gauge({
    name: 'hsm_sync_unpainted_requests',
    help: 'Requests whose picture in Slack is older than they are',
    registers: [registry],
    async collect() {
      this.set((await deps.store.unpainted(Number.MAX_SAFE_INTEGER, 500)).length)
    },
  })

  let lastGood = 0
  const slackAnswers = async () => {
    if (deps.clock.now() - lastGood < REMEMBER_MS) return
    await limited(deps.askSlack())
    lastGood = deps.clock.now()
  }
  return [
    { path: '/healthz', handler: async () => ({ status: 200, type: 'application/json', body: '{"status":"up"}' }) },
    {
      path: '/readyz',
      handler: async () => {
        const [database, slack] = await Promise.all([outcome(limited(deps.store.ready())), outcome(slackAnswers())])
        const ready = database === 'ok' && slack === 'ok'
        return {
          status: ready ? 200 : 503,
          type: 'application/json',
          body: JSON.stringify({ ready, config: 'ok', database, slack }),
        }
      },
    },
    {
      path: '/metrics',
      handler: async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
    },
  ]
}

/** The same pages on a server of their own: Socket Mode has none. */
export function servePages(
  pages: readonly Page[],
  at: { readonly port: number; readonly host: string | undefined },
): Promise<{ close(): void; port: number }> {
  const server = createServer((request, response) => {
    const page = pages.find(({ path }) => path === request.url?.split('?')[0])
    if (!page || request.method !== 'GET') {
      response.writeHead(404).end()
      return
    }
    page.handler().then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    )
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, () => {
      const address = server.address()
      resolve({ close: () => server.close(), port: typeof address === 'object' && address ? address.port : at.port })
    })
  })
}

async function outcome(check: Promise<unknown>): Promise<'ok' | 'failed'> {
  try {
    await check
    return 'ok'
  } catch {
    return 'failed'
  }
}

function limited<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too slow')), CHECK_MS)
  })
  return Promise.race([work, patience]).finally(() => clearTimeout(timer))
}
