import { awsClients } from './adapters/aws/clients.ts'
import { hsmDirectory } from './adapters/aws/hsm-directory.ts'
import { ssmBastions } from './adapters/aws/ssm-bastion.ts'
import { healthPages, servePages } from './adapters/health.ts'
import { createApp } from './adapters/slack/app.ts'
import { addListeners } from './adapters/slack/listeners.ts'
import { createTasks } from './adapters/slack/tasks.ts'
import { slackWeb } from './adapters/slack/web.ts'
import { type Home, slackWorkspace } from './adapters/slack/workspace.ts'
import { openDatabase } from './adapters/store/open-database.ts'
import { requestStore } from './adapters/store/request-store.ts'
import type { Clock } from './application/ports.ts'
import type { Config } from './config.ts'
import { canonicalJson, sha256 } from './domain/digest.ts'
import type { RequestId } from './domain/ids.ts'
import { allEngines } from './engines/index.ts'
import { describeError, type Log } from './log.ts'
import { startWork } from './work.ts'

export interface Bot {
  readonly port: number
  /** Takes no new work, ends what is in flight, gives the leases back. A run goes on at the next start. */
  stop(): Promise<void>
}

export interface World {
  readonly clock: Clock
  readonly newRequestId: () => RequestId
  /** Names this process in leases. */
  readonly holder: string
  readonly log: Log
}

const DRAIN_MS = 6_000

/** Puts everything together and starts it. Throws when the database cannot be opened or Slack refuses the token. */
export async function startBot(config: Config, world: World): Promise<Bot> {
  const { clock, log } = world
  const store = requestStore(await openDatabase(config.databaseUrl))
  await store.auditChange(settingsEntry(config, clock.now()))
  const clients = awsClients({ endpoint: config.awsEndpoint })
  const pages = healthPages({ store, clock, askSlack: () => app.client.auth.test() })
  const app = createApp(config.slack, pages, log)
  const web = slackWeb(app.client)
  const ports = {
    ...world,
    landscape: config.landscape,
    engines: allEngines(),
    directory: hsmDirectory(clients),
    bastions: ssmBastions(clients),
    workspace: slackWorkspace(
      app.client,
      once(() => whoAmI(app.client)),
    ),
    store,
  }
  const work = startWork(ports, web)
  const tasks = createTasks(clock, (error) => log.error({ error: describeError(error) }, 'a task failed'))
  addListeners(app, { ...work.deps, web, tasks })

  const port = await listen(app, config, pages)
  log.info(
    { port: port.number, mode: config.slack.mode.kind, routes: config.landscape.routes.length },
    'the bot is ready',
  )
  return {
    port: port.number,
    stop: async () => {
      log.info({}, 'stopping')
      port.close()
      const stopped = app
        .stop()
        .catch((error: unknown) => log.warn({ error: describeError(error) }, 'Slack did not stop cleanly'))
      await work.stop(Promise.all([tasks.drain(DRAIN_MS), stopped]))
      await store.close()
      log.info({}, 'stopped')
    },
  }
}

/** The settings that decide who may do what, where: the auditor sees when they changed. They hold no secret. */
function settingsEntry({ landscape }: Config, at: number) {
  const text = canonicalJson(landscape)
  return { at, type: 'settings', actor: 'bot', facts: { digest: sha256(text), landscape: JSON.parse(text) } }
}

async function listen(app: ReturnType<typeof createApp>, config: Config, pages: Parameters<typeof servePages>[0]) {
  await app.init()
  if (config.slack.mode.kind === 'socket') {
    const server = await servePages(pages, { port: config.port, host: config.host })
    await app.start()
    return { number: server.port, close: server.close }
  }
  const server = await app.start({ port: config.port, ...(config.host === undefined ? {} : { host: config.host }) })
  const address = 'address' in server && typeof server.address === 'function' ? server.address() : null
  return { number: typeof address === 'object' && address ? address.port : config.port, close: () => undefined }
}

async function whoAmI(client: ReturnType<typeof createApp>['client']): Promise<Home> {
  const me = await client.auth.test()
  if (!me.team_id) throw new Error('Slack did not say which workspace this is')
  return { teamId: me.team_id, enterpriseId: me.enterprise_id }
}

/** Asks once; a failure is not remembered. */
function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let known: Value | undefined
  return async () => {
    known ??= await ask()
    return known
  }
}
