import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { brokenRules, byAlias } from './config-rules.ts'
import { type File, FileSchema } from './config-schema.ts'
import type { Platform } from './domain/platform.ts'
import type { Access, Bastion, Landscape, Route } from './domain/route.ts'
import type { Side } from './domain/spec.ts'

type Parsed = { readonly landscape: Landscape } | { readonly problems: readonly string[] }

/** config.yml, read and checked; or everything that is wrong with it. */
export function readLandscape(path: string): Parsed {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { problems: [`cannot be read (${code}); BOT_CONFIG names the file`] }
  }
  let raw: unknown
  try {
    raw = parseYaml(text)
  } catch (error) {
    return { problems: [`is not YAML: ${error instanceof Error ? error.message : String(error)}`] }
  }
  return parseLandscape(raw)
}

/**
 * The clusters, bastions and routes of config.yml; or every field that is wrong, and every rule that could never be
 * met.
 */
export function parseLandscape(raw: unknown): Parsed {
  const parsed = FileSchema.safeParse(raw)
  if (!parsed.success)
    return { problems: parsed.error.issues.map((issue) => `${pathText(issue.path)}: ${issue.message}`) }
  const problems = brokenRules(parsed.data)
  if (problems.length > 0) return { problems }
  const clusters = parsed.data.clusters.map(sideOf)
  const routes = parsed.data.routes.flatMap((route) => toRoute(parsed.data, route))
  const { operators, workspaces, keep } = parsed.data
  const found = accessOf(parsed.data)
  const optional = { ...(operators ? { operators } : {}), ...(Object.keys(found).length > 0 ? { access: found } : {}) }
  return { landscape: { clusters, routes, ...optional, workspaces, keepStepsMs: keep.steps } }
}

function toRoute(file: File, route: File['routes'][number]): Route[] {
  const [source, destination] = [route.source, route.destination].map((name) => byAlias(file, name))
  const bastion = file.bastions.find(({ name }) => name === route.bastion)
  if (!source || !destination || !bastion) return []
  return [
    {
      source: sideOf(source),
      destination: sideOf(destination),
      bastion: bastionOf(bastion),
      channel: route.channel,
      engine: route.engine,
      ...(route.requesters ? { requesters: route.requesters } : {}),
      ...(route.ticket === undefined ? {} : { ticket: route.ticket }),
      ...(route.calendar === undefined ? {} : { calendar: route.calendar }),
      ...(route.watch ? { watch: { everyMs: route.watch.every } } : {}),
      approvers: route.approval.approvers,
      required: route.approval.required,
      expiresAfterMs: route.approval.expiresAfter,
      reminders: route.approval.reminders,
    },
  ]
}

function sideOf({ alias: name, clusterId, region: place }: File['clusters'][number]): Side {
  return { alias: name, clusterId, region: place }
}

function accessOf({ clusters, bastions }: File): Record<string, Access> {
  const all = [
    ...clusters.map((one) => [one.clusterId, one] as const),
    ...bastions.map((one) => [one.instanceId, one] as const),
  ]
  return Object.fromEntries(
    all.flatMap(([id, { roleArn, externalId }]) =>
      roleArn === undefined ? [] : [[id, { roleArn, ...(externalId === undefined ? {} : { externalId }) }] as const],
    ),
  )
}

function bastionOf(settings: File['bastions'][number]): Bastion {
  const { name, instanceId, region, platform, credentials, cryptoUsers, document } = settings
  const places = PLACES[platform]
  return {
    ...{ name, instanceId, region, platform, credentials, cryptoUsers },
    ...(document === undefined ? {} : { document }),
    stateDir: settings.stateDir ?? places.stateDir,
    workDir: settings.workDir ?? places.workDir,
    cmu: { binary: settings.cmu.binary ?? places.cmu.binary, config: settings.cmu.config ?? places.cmu.config },
    cli: {
      binary: settings.cli.binary ?? places.cli.binary,
      configure: settings.cli.configure ?? places.cli.configure,
      config: settings.cli.config ?? places.cli.config,
    },
  }
}

/**
 * Where AWS's packages put their tools (user guides: cloned-clusters of 2023 for CMU, the configure tool's pages), and
 * where the bot keeps what it must.
 */
const PLACES: Readonly<Record<Platform, Pick<Bastion, 'stateDir' | 'workDir' | 'cmu' | 'cli'>>> = {
  linux: {
    cmu: {
      binary: '/opt/cloudhsm/bin/cloudhsm_mgmt_util',
      config: '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg',
    },
    cli: {
      binary: '/opt/cloudhsm/bin/cloudhsm-cli',
      configure: '/opt/cloudhsm/bin/configure-cli',
      config: '/opt/cloudhsm/etc/cloudhsm-cli.cfg',
    },
    stateDir: '/var/lib/cloudhsm-sync',
    workDir: '/dev/shm',
  },
  windows: {
    cmu: {
      binary: String.raw`C:\Program Files\Amazon\CloudHSM\cloudhsm_mgmt_util.exe`,
      config: String.raw`C:\ProgramData\Amazon\CloudHSM\data\cloudhsm_mgmt_util.cfg`,
    },
    cli: {
      binary: String.raw`C:\Program Files\Amazon\CloudHSM\bin\cloudhsm-cli.exe`,
      configure: String.raw`C:\Program Files\Amazon\CloudHSM\bin\configure-cli.exe`,
      config: String.raw`C:\ProgramData\Amazon\CloudHSM\data\cloudhsm-cli.cfg`,
    },
    stateDir: String.raw`C:\ProgramData\hsm-sync`,
    workDir: String.raw`C:\ProgramData\hsm-sync\work`,
  },
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.replace(/^\./, '') || 'the file'
}
