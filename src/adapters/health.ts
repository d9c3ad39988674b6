import { createServer } from 'node:http'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Clock } from '../application/ports.ts'
import type { Store } from '../application/store.ts'
import type { Route } from '../domain/route.ts'
import { watchKey } from '../domain/watch.ts'
import { limited } from './limited.ts'
import { slackProblem } from './slack/api/slack-problem.ts'

const CHECK_MS = 5_000
/** Slack is asked at most this often, however often the probe comes. */
const REMEMBER_MS = 20_000

export interface HealthPage {
  readonly path: string
  readonly handler: () => Promise<{ readonly status: number; readonly type: string; readonly body: string }>
}

/** `/healthz`: the process is up. `/readyz`: Slack and the database answer. `/metrics`: for Prometheus. */
export function healthPages(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly routes: readonly Pick<Route, 'source' | 'destination' | 'watch'>[]
  /** Rejects while nothing can be asked of Slack, or Slack can deliver nothing. */
  readonly askSlack: () => Promise<unknown>
  readonly isConnected: () => boolean
}): readonly HealthPage[] {
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

  const kinds = ['users', 'keys', 'others'] as const
  new Gauge({
    name: 'hsm_sync_route_behind',
    help: 'What a watched destination lacked or had otherwise at its last look that said something, by kind',
    labelNames: ['source', 'destination', 'kind'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { labels, watch } of await watches()) {
        const verdict = watch.lastKnown?.verdict
        if (!verdict || verdict.kind === 'unknown') continue
        for (const kind of kinds) this.set({ ...labels, kind }, verdict.kind === 'behind' ? verdict[kind] : 0)
      }
    },
  })
  new Gauge({
    name: 'hsm_sync_route_looked_seconds',
    help: 'How long ago a watched destination was last looked at with an answer; absent where it never was',
    labelNames: ['source', 'destination'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { labels, watch } of await watches())
        if (watch.lastKnown) this.set(labels, (deps.clock.now() - watch.lastKnown.at) / 1000)
    },
  })
  new Gauge({
    name: 'hsm_sync_route_watch_paused',
    help: '1 where the watch looks no more after a failed login, until a person says so',
    labelNames: ['source', 'destination'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { labels, watch } of await watches()) this.set(labels, watch.paused ? 1 : 0)
    },
  })
  const watches = async () => {
    const found = await Promise.all(
      deps.routes.map(async (route) => {
        const stored = route.watch && (await deps.store.watch(watchKey(route)))
        const labels = { source: route.source.alias, destination: route.destination.alias }
        return stored ? [{ labels, watch: stored.watch }] : []
      }),
    )
    return found.flat()
  }

  let lastGood = 0
  const slackAnswers = async () => {
    if (!deps.isConnected()) throw new Error('the connection to Slack (Socket Mode) is down, so nothing can arrive')
    if (Math.abs(deps.clock.now() - lastGood) < REMEMBER_MS) return
    await limited(CHECK_MS, deps.askSlack())
    lastGood = deps.clock.now()
  }
  return [
    { path: '/healthz', handler: async () => ({ status: 200, type: 'application/json', body: '{"status":"up"}' }) },
    {
      path: '/readyz',
      handler: async () => {
        const [database, slack] = await Promise.all([
          flawOf(limited(CHECK_MS, deps.store.ready()), () => 'the database does not answer'),
          flawOf(slackAnswers(), slackProblem),
        ])
        const ready = database === undefined && slack === undefined
        const word = (flaw: string | undefined) => (flaw === undefined ? 'ok' : 'failed')
        const state = { ready, config: 'ok', database: word(database), slack: word(slack) }
        const why = { ...(database ? { database } : {}), ...(slack ? { slack } : {}) }
        return {
          status: ready ? 200 : 503,
          type: 'application/json',
          body: JSON.stringify(ready ? state : { ...state, why }),
        }
      },
    },
    {
      path: '/metrics',
      handler: async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
    },
  ]
}

/** The same pages on a server of their own: in Socket Mode Bolt has none, and METRICS_PORT asks for one. */
export function servePages(
  pages: readonly HealthPage[],
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

/** Nothing where it is well; else why not. */
async function flawOf(check: Promise<unknown>, wordsFor: (error: unknown) => string): Promise<string | undefined> {
  try {
    await check
    return undefined
  } catch (error) {
    return wordsFor(error)
  }
}
