import { resolve } from 'node:path'
import { parse } from 'yaml'
import { awsClients } from '../adapters/aws/clients.ts'
import { direct } from '../adapters/network.ts'
import type { Clock } from '../application/ports.ts'
import { awsAccess } from '../config.ts'
import { parseLandscape } from '../config-file.ts'
import { configText, exampleConfig, type FileValues } from '../config-text.ts'
import { chooseEngine } from '../domain/engine-choice.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { PeopleList } from '../domain/route.ts'
import { environmentText } from '../environment-text.ts'
import { type Answers, settleRegions, settleRest } from './init/answers.ts'
import { shown } from './init/candidates.ts'
import { type Flags, readFlags } from './init/flags.ts'
import { type Found, look } from './init/look.ts'
import type { Talk } from './init/settle.ts'
import { InputEnded, type Terminal } from './init/terminal.ts'
import { existingFiles, writeFiles } from './init/write-files.ts'
import { plainly } from './plainly.ts'

const USAGE = `usage: node dist/main.js init [--region <Region>]… [--source <cluster>] [--destination <cluster>] [--bastion <instance id>]
         [--secret <name or ARN> | --parameter <name or ARN>] [--channel <C…>] [--approver <U…>]… [--approver-group <S…>]…
         [--required <number>] [--out <folder>]
       node dist/main.js init --example
It looks at your clusters and bastions, asks for what is left open, and writes config.yml and .env.example.`

/** What the command finds around it. */
export interface InitWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  readonly clock: Clock
  /** Undefined: standard input is no terminal. */
  readonly openTerminal: (() => Terminal) | undefined
}

/**
 * `init`: writes config.yml and .env.example for the clusters that AWS shows, never over what is there. Answers the
 * exit code: 1 where it could not, 2 for wrong or missing words.
 */
export async function initCommand(
  words: readonly string[],
  world: InitWorld,
  print: (line: string) => void,
): Promise<number> {
  const flags = readFlags(words)
  if ('problem' in flags) {
    print(`${flags.problem}\n${USAGE}`)
    return 2
  }
  if (flags.example) {
    print(exampleConfig().trimEnd())
    return 0
  }
  const folder = resolve(world.workingDirectory, flags.out ?? '.')
  const existing = existingFiles(folder)
  if (existing.length > 0) {
    print(`${existing.join(' and ')}: already there, and never overwritten. Nothing was written.`)
    return 1
  }
  const terminal = world.openTerminal?.()
  try {
    return await talked({ terminal, print, lacking: [] }, { flags, folder, world })
  } catch (error) {
    if (!(error instanceof InputEnded)) throw error
    print('\nThe input ended. Nothing was written.')
    return 1
  } finally {
    terminal?.close()
  }
}

interface Task {
  readonly flags: Flags
  readonly folder: string
  readonly world: InitWorld
}

async function talked(talk: Talk, { flags, folder, world }: Task): Promise<number> {
  const { env, clock } = world
  const regions = await settleRegions(talk, flags, env.AWS_REGION)
  const found = regions && (await look(await clientsOf(env), clock, { regions, bastion: flags.bastion }))
  if (isRefusal(found)) {
    talk.print(`${awsWords(found)} Nothing was written.`)
    return 1
  }
  if (found) talk.print(shown(found.candidates, found.bastions, found.pairs))
  const answers = await settleRest(talk, flags, found)
  if (!answers || !found) {
    talk.print([...talk.lacking, 'Nothing was written.'].join('\n'))
    return 2
  }
  const config = await configFor(answers, found, talk.print)
  const parsed = parseLandscape(parse(config))
  if ('problems' in parsed) throw new Error(`made a config.yml that cannot work: ${parsed.problems.join('; ')}`)
  try {
    const written = await writeFiles(folder, { 'config.yml': config, '.env.example': environmentText() })
    talk.print(nextSteps(written, folder === world.workingDirectory))
    return 0
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    talk.print(`The files cannot be written: ${problem}. Nothing was written.`)
    return 1
  }
}

async function clientsOf(env: InitWorld['env']) {
  const { awsEndpoint: endpoint, isProxied } = awsAccess(env)
  return awsClients({ endpoint }, isProxied ? (await import('../adapters/proxied.ts')).proxied() : direct)
}

/** The text; and tells what would keep the bot from working with these clusters today. */
async function configFor(answers: Answers, found: Found, print: (line: string) => void): Promise<string> {
  const { source, destination, bastion, credentials, channel, approvers, required } = answers
  const { verdict } = await found.lineage(source.cluster, destination.cluster)
  if (verdict !== 'proven')
    print(
      verdict === 'disproven'
        ? `Note: by their backups ${source.alias} and ${destination.alias} are no clones. The bot will refuse to copy.`
        : `Note: whether ${source.alias} and ${destination.alias} are clones is not proven: AWS does not tell all of it.`,
    )
  const choice = chooseEngine('auto', source.cluster, destination.cluster)
  if (isRefusal(choice)) print(`Note: today the bot would refuse. ${plainly(choice)}`)
  else if (choice.engine === 'cloudhsm-cli' && bastion.platform === 'windows')
    print(`Note: ${plainly(refuse({ code: 'engine-platform', bastion: bastionName(bastion.region) }))}`)
  const engine = isRefusal(choice)
    ? `chooses by the HSM types; today it refuses: ${choice.refused.code}`
    : `chooses by the HSM types: today ${choice.engine} (${choice.sourceType} to ${choice.destinationType})`
  const values: FileValues = {
    clusters: [source, destination].map(({ alias, cluster: { clusterId, region } }) => ({ alias, clusterId, region })),
    bastions: [
      {
        name: bastionName(bastion.region),
        instanceId: bastion.instanceId,
        region: bastion.region,
        platform: bastion.platform,
        credentials,
      },
    ],
    routes: [
      {
        source: source.alias,
        destination: destination.alias,
        bastion: bastionName(bastion.region),
        channel,
        engine: 'auto',
        approval: { approvers: named(approvers), required },
      },
    ],
  }
  return configText(values, { 'routes[].engine': engine })
}

/** The empty one of both lists is left out, so that it stands there as an example. */
function named({ users, userGroups }: PeopleList) {
  return {
    ...(users.length > 0 ? { users: [...users] } : {}),
    ...(userGroups.length > 0 ? { userGroups: [...userGroups] } : {}),
  }
}

function bastionName(region: string): string {
  return `${region}-bastion`
}

const ACTIONS = 'cloudhsm:DescribeClusters, cloudhsm:DescribeBackups and ssm:DescribeInstanceInformation'

function awsWords(refusal: Refusal): string {
  const { refused } = refusal
  if (refused.code !== 'aws') return plainly(refusal)
  const { problem, service, region, detail } = refused
  switch (problem) {
    case 'access-denied':
      return `AWS refuses access to ${service} in ${region} with the credentials found here (${detail}). Needed: ${ACTIONS}.`
    case 'throttled':
      return `AWS throttles ${service} in ${region}. Wait a minute and try again.`
    case 'unreachable':
      return `${service} in ${region} cannot be reached (${detail}). Is it the right Region, and is there a way to it?`
    case 'failed':
      return `${service} in ${region} failed: ${detail}.`
    default:
      return problem satisfies never
  }
}

function nextSteps(written: readonly string[], isHere: boolean): string {
  return `Written: ${written.join(' and ')}. Read config.yml, then:
  1. node dist/main.js manifest --mode socket (or --url https://<your address>): the Slack app
  2. node dist/main.js iam --account <twelve digits>: the least that the two roles need
  3. copy .env.example to .env, fill it in${isHere ? '' : ' (BOT_CONFIG too)'}, and load it: set -a; . ./.env; set +a
  4. node dist/main.js doctor: looks whether everything is in place
  5. node dist/main.js: starts the bot`
}
