import { changeCalendars } from './adapters/aws/change-calendars.ts'
import { awsClients } from './adapters/aws/clients.ts'
import { hsmDirectory } from './adapters/aws/hsm-directory.ts'
import { ssmBastions } from './adapters/aws/ssm-bastion.ts'
import { healthPages } from './adapters/health.ts'
import { listen } from './adapters/listen.ts'
import { direct } from './adapters/network.ts'
import { createApp } from './adapters/slack/api/app.ts'
import { identityOf, type WhoAmI } from './adapters/slack/api/identity.ts'
import { isTokenRefused, slackAnswer, slackProblem } from './adapters/slack/api/slack-problem.ts'
import { keepConnected } from './adapters/slack/api/socket.ts'
import { slackWeb } from './adapters/slack/api/web.ts'
import { slackWorkspace } from './adapters/slack/api/workspace.ts'
import { addListeners } from './adapters/slack/incoming/listeners.ts'
import { createTasks } from './adapters/slack/incoming/tasks.ts'
import { openDatabase } from './adapters/store/open-database.ts'
import { requestStore } from './adapters/store/request-store.ts'
import { logAnchors } from './anchors.ts'
import type { Clock } from './application/ports.ts'
import { auditStream } from './audit-stream.ts'
import type { Config } from './config.ts'
import { canonicalJson, sha256 } from './domain/digest.ts'
import type { RequestId } from './domain/ids.ts'
import { allEngines } from './engines/index.ts'
import { describeError, type Log } from './log.ts'
import { startWork } from './work.ts'

export interface Bot {
  /** Takes no new work, ends what is in flight, gives the leases back. A run goes on at the next start. */
  stop(): Promise<void>
}

export interface World {
  readonly clock: Clock
  readonly newRequestId: () => RequestId
  /** Names this process in leases. */
  readonly holder: string
  readonly log: Log
  /** Writes a line on standard output. */
  readonly print: (line: string) => void
}

const DRAIN_MS = 6_000

/** Puts everything together and starts it. Throws when the database cannot be opened or Slack refuses the token. */
export async function startBot(config: Config, world: World): Promise<Bot> {
  const { clock, log } = world
  const database = await openDatabase(config.databaseUrl)
  const store = requestStore(database, config.auditStream && auditStream(world.print, log))
  await store.auditChange(settingsEntry(config, clock.now()))
  const network = config.isProxied ? (await import('./adapters/proxied.ts')).proxied() : direct
  if (config.isProxied) log.info({}, 'Slack and AWS are reached through the proxy that the environment names')
  const clients = awsClients({ endpoint: config.awsEndpoint }, network)
  const pages = healthPages({
    store,
    clock,
    routes: config.landscape.routes,
    askSlack: () => client.auth.test(),
    isConnected: () => connection?.isUp() ?? true,
  })
  const besideSlack = config.metricsPort === undefined ? pages : []
  const { app, client, socket } = createApp(config.slack, besideSlack, { log, network })
  const whoAmI = identityOf(client)
  const web = slackWeb(client, whoAmI, network)
  const ports = {
    ...world,
    landscape: config.landscape,
    engines: allEngines(),
    directory: hsmDirectory(clients, config.landscape),
    bastions: ssmBastions(clients, config.landscape.access),
    calendars: changeCalendars(clients, config.landscape.access),
    workspace: slackWorkspace(client, whoAmI, config.landscape.workspaces),
    store,
  }
  const work = startWork(ports, web)
  const anchors = logAnchors(database, clock, log)
  const tasks = createTasks(clock, (error) => log.error({ error: describeError(error) }, 'a task failed'))
  const inbox = addListeners(app, { ...work.deps, web, tasks, network, homes: work.homes })

  // Slack's absence holds up nothing else: the pages are served, runs go on, and what could not be shown is shown
  // later.
  const server = await listen({ app, ...(socket ? { socket } : {}) }, pages, config)
  const connection = socket && keepConnected(socket, { clock, log })
  const stop = async () => {
    server.close()
    const stopped = Promise.all([
      connection?.stop(),
      app.stop().catch((error: unknown) => log.warn({ error: describeError(error) }, 'Slack did not stop cleanly')),
    ])
    await Promise.all([work.stop(Promise.all([inbox.stop(DRAIN_MS), stopped])), anchors.stop()])
    await store.close()
  }
  const problem = await refusedToken(whoAmI, log)
  if (problem) {
    await stop()
    throw problem
  }
  log.info(
    {
      port: server.port,
      metricsPort: server.metricsPort,
      mode: config.slack.mode.kind,
      routes: config.landscape.routes.length,
    },
    'the bot is ready',
  )
  return {
    stop: async () => {
      log.info({}, 'stopping')
      await stop()
      log.info({}, 'stopped')
    },
  }
}

/**
 * A token that Slack refuses in so many words is a wrong setting. Anything else may pass: it is tried again whenever
 * something is needed from Slack.
 */
async function refusedToken(whoAmI: WhoAmI, log: Log): Promise<Error | undefined> {
  try {
    await whoAmI()
    return undefined
  } catch (error) {
    if (isTokenRefused(error)) return new Error(`Slack refuses SLACK_BOT_TOKEN (${slackAnswer(error)})`)
    log.warn(
      { error: describeError(error), why: slackProblem(error) },
      'Slack does not answer yet: going on without it',
    )
    return undefined
  }
}

/** The settings that decide who may do what, where: the auditor sees when they changed. They hold no secret. */
function settingsEntry({ landscape }: Config, at: number) {
  const text = canonicalJson(landscape)
  return { at, type: 'settings' as const, actor: 'bot', facts: { digest: sha256(text), landscape: JSON.parse(text) } }
}
