import { changeCalendars } from '../../adapters/aws/change-calendars.ts'
import { awsClients } from '../../adapters/aws/clients.ts'
import { hsmDirectory } from '../../adapters/aws/hsm-directory.ts'
import { ssmBastions } from '../../adapters/aws/ssm-bastion.ts'
import { direct } from '../../adapters/network.ts'
import { createClient } from '../../adapters/slack/api/app.ts'
import { identityOf } from '../../adapters/slack/api/identity.ts'
import { slackInstallation } from '../../adapters/slack/api/installation.ts'
import { slackWorkspace } from '../../adapters/slack/api/workspace.ts'
import type { Clock } from '../../application/ports.ts'
import type { Config } from '../../config.ts'
import { allEngines } from '../../engines/index.ts'
import type { Log } from '../../log.ts'
import { awsChecks, clustersOf } from './aws.ts'
import { bastionCheck } from './bastion.ts'
import { databaseChecks } from './database.ts'
import type { Check } from './finding.ts'
import { bastionsOf } from './settings.ts'
import { slackChecks } from './slack.ts'

/** What is found is told in the findings. */
const SILENT: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Every check of this installation, in the order in which people read them. Nothing is asked yet. */
export async function allChecks(config: Config, clock: Clock): Promise<readonly Check[]> {
  const { landscape } = config
  const network = config.isProxied ? (await import('../../adapters/proxied.ts')).proxied() : direct
  const client = createClient(config.slack, { log: SILENT, network })
  const workspace = slackWorkspace(client, identityOf(client), landscape.workspaces)
  const clients = awsClients({ endpoint: config.awsEndpoint }, network)
  const directory = hsmDirectory(clients, landscape)
  const clusters = clustersOf(directory)
  const engines = allEngines()
  const calendars = changeCalendars(clients, landscape.access)
  const deps = { bastions: ssmBastions(clients, landscape.access), clock, log: SILENT, landscape, clusters }
  return [
    ...slackChecks(config, { installation: slackInstallation(client), workspace }, clock.now()),
    ...awsChecks(landscape, { clusters, directory, calendars, clock, engines }),
    ...bastionsOf(landscape.routes).map((bastion) => bastionCheck(deps, bastion)),
    ...databaseChecks(config.databaseUrl),
  ]
}
