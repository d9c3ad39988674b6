import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { isRegion, parseClusterId } from './domain/ids.ts'
import type { Access, Bastion, Landscape, Route } from './domain/route.ts'
import type { Side } from './domain/spec.ts'

const region = z.string().refine(isRegion, 'expected a Region such as eu-west-1')
const absolute = z
  .string()
  .regex(/^(\/|[A-Za-z]:\\)[A-Za-z0-9_./:@=+,\\ -]*$/, 'expected an absolute path of letters, digits and ._/:@=+,-')
// cloudhsmv2 addresses an alias nowhere: it is ours, and typed on phones.
const alias = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'expected 1 to 40 letters, digits, dots, dashes or underscores')

const HOURS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const duration = z
  .string()
  .regex(/^\d{1,4}[mhd]$/, 'expected a duration such as 30m, 8h or 2d')
  .transform((text) => Number(text.slice(0, -1)) * HOURS[text.slice(-1) as keyof typeof HOURS])
  .refine((ms) => ms >= 60_000 && ms <= 30 * HOURS.d, 'expected between 1m and 30d')

const keeping = z
  .string()
  .regex(/^\d{1,4}d$/, 'expected a number of days such as 90d')
  .transform((text) => Number(text.slice(0, -1)) * HOURS.d)
  .refine((ms) => ms >= HOURS.d && ms <= 3650 * HOURS.d, 'expected between 1d and 3650d')

/** In another account: the role that the bot takes on there. */
const access = {
  roleArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[A-Za-z0-9_+=,.@/-]{1,512}$/, 'expected the ARN of an IAM role')
    .optional(),
  externalId: z
    .string()
    .regex(/^[A-Za-z0-9_+=,.@:/-]{2,1224}$/, 'expected 2 to 1224 letters, digits and _+=,.@:/-')
    .optional(),
}

const ClusterSchema = z.strictObject({
  alias,
  clusterId: z.string().transform((text, context) => {
    const id = parseClusterId(text)
    if (!id) context.addIssue('expected cluster- and 11 to 16 letters or digits 2-7')
    return id ?? z.NEVER
  }),
  region,
  ...access,
})

const credentials = {
  source: z.enum(['secretsmanager', 'ssm-parameter']),
  id: z
    .string()
    // Secrets Manager's own names hold an exclamation mark: rds!….
    .regex(/^[A-Za-z0-9/_+=.@:!-]{1,512}$/, 'expected the name or ARN of the secret or parameter, never its value'),
}

const BastionSchema = z.strictObject({
  name: alias,
  instanceId: z.string().regex(/^(i|mi)-[0-9a-f]{8,17}$/, 'expected an instance id such as i-0123456789abcdef0'),
  region,
  platform: z.enum(['linux', 'windows']).default('linux'),
  ...access,
  credentials: z.strictObject(credentials),
  cmu: z
    .strictObject({
      binary: absolute.default('/opt/cloudhsm/bin/cloudhsm_mgmt_util'),
      config: absolute.default('/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg'),
    })
    .prefault({}),
  cli: z
    .strictObject({
      binary: absolute.default('/opt/cloudhsm/bin/cloudhsm-cli'),
      configure: absolute.default('/opt/cloudhsm/bin/configure-cli'),
      config: absolute.default('/opt/cloudhsm/etc/cloudhsm-cli.cfg'),
    })
    .prefault({}),
  cryptoUsers: z
    .array(
      z.strictObject({
        user: z
          .string()
          .regex(/^[A-Za-z0-9_]{1,31}$/, 'expected the name of a crypto user: letters, digits, underscores')
          .transform((name) => name.toLowerCase()),
        ...credentials,
      }),
    )
    .max(50)
    .default([]),
  document: z
    .string()
    .regex(/^(?!aws|amazon|amzn)[A-Za-z0-9_.-]{3,128}$/i, 'expected the name of an SSM document of your own')
    .optional(),
  stateDir: absolute.default('/var/lib/cloudhsm-sync'),
  workDir: absolute.default('/dev/shm'),
})

const people = {
  users: z
    .array(z.string().regex(/^[UW][A-Z0-9]{2,}$/, 'expected a user id such as U0AAAAAAA'))
    .max(100)
    .default([]),
  userGroups: z
    .array(z.string().regex(/^S[A-Z0-9]{2,}$/, 'expected a user group id such as S0BBBBBBB'))
    .max(20)
    .default([]),
}

const ticket = z.string().min(1).max(200).refine(isPattern, "expected a regular expression such as 'CHG[0-9]{7}'")

function isPattern(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`, 'u')
    return true
  } catch {
    return false
  }
}

const calendar = z
  .string()
  .regex(
    /^([A-Za-z0-9_.-]{3,128}|arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:document\/[A-Za-z0-9_.-]{3,128})$/,
    'expected the name or ARN of an SSM Change Calendar',
  )

const RouteSchema = z.strictObject({
  source: alias,
  destination: alias,
  bastion: alias,
  channel: z.string().regex(/^[CG][A-Z0-9]{2,}$/, 'expected a channel id such as C0123456789'),
  engine: z.enum(['auto', 'cmu', 'cloudhsm-cli']).default('auto'),
  requesters: z.strictObject(people).optional(),
  ticket: ticket.optional(),
  calendar: calendar.optional(),
  approval: z.strictObject({
    approvers: z.strictObject(people),
    required: z.number().int().min(1).max(20).default(1),
    expiresAfter: duration.default(8 * HOURS.h),
    reminders: z
      .array(
        z
          .string()
          .regex(/^[1-9][0-9]?%$/, 'expected a part of the time to expiry such as 50%')
          .transform((text) => Number(text.slice(0, -1)) / 100),
      )
      .max(5)
      .default([0.5, 0.9]),
  }),
})

export const FileSchema = z.strictObject({
  clusters: z.array(ClusterSchema).min(2).max(200),
  bastions: z.array(BastionSchema).min(1).max(100),
  routes: z.array(RouteSchema).min(1).max(200),
  operators: z.strictObject(people).optional(),
  workspaces: z
    .array(z.string().regex(/^T[A-Z0-9]{2,}$/, 'expected a workspace id such as T0123ABCD'))
    .max(100)
    .default([]),
  keep: z.strictObject({ steps: keeping.default(90 * HOURS.d) }).prefault({}),
})

type File = z.infer<typeof FileSchema>
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
  const problems = [
    ...duplicates(parsed.data),
    ...unreachable(parsed.data),
    ...nobody(parsed.data),
    ...roleless(parsed.data),
  ]
  if (problems.length > 0) return { problems }
  const clusters = parsed.data.clusters.map(sideOf)
  const routes = parsed.data.routes.flatMap((route) => toRoute(parsed.data, route))
  const { operators, workspaces, keep } = parsed.data
  const found = accessOf(parsed.data)
  const optional = { ...(operators ? { operators } : {}), ...(Object.keys(found).length > 0 ? { access: found } : {}) }
  return { landscape: { clusters, routes, ...optional, workspaces, keepStepsMs: keep.steps } }
}

function toRoute(file: File, route: File['routes'][number]): Route[] {
  const source = byAlias(file, route.source)
  const destination = byAlias(file, route.destination)
  const bastion = file.bastions.find(({ name }) => name === route.bastion)
  if (!source || !destination || !bastion) return []
  return [
    {
      source,
      destination,
      bastion: bastionOf(bastion),
      channel: route.channel,
      engine: route.engine,
      ...(route.requesters ? { requesters: route.requesters } : {}),
      ...(route.ticket === undefined ? {} : { ticket: route.ticket }),
      ...(route.calendar === undefined ? {} : { calendar: route.calendar }),
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

/** An external id goes with a role, and a role has one at the most. */
function roleless(file: File): string[] {
  const all = [...file.clusters, ...file.bastions]
  const torn = all.find((one) =>
    all.some(({ roleArn, externalId }) => roleArn === one.roleArn && externalId !== one.externalId),
  )
  if (torn?.roleArn !== undefined) return [`externalId: ${torn.roleArn} stands with several; a role has one`]
  return (['clusters', 'bastions'] as const).flatMap((list) =>
    file[list].flatMap(({ roleArn, externalId }, at) =>
      externalId !== undefined && roleArn === undefined ? [`${list}[${at}].externalId: needs a roleArn`] : [],
    ),
  )
}

function bastionOf({ document, roleArn: _, externalId: _id, ...bastion }: File['bastions'][number]): Bastion {
  return { ...bastion, ...(document === undefined ? {} : { document }) }
}

function duplicates(file: File): string[] {
  const lists: readonly [string, readonly string[]][] = [
    ['clusters', file.clusters.map(({ alias: name }) => name.toLowerCase())],
    ['clusters', file.clusters.map(({ clusterId }) => clusterId.toLowerCase())],
    ['bastions', file.bastions.map(({ name }) => name.toLowerCase())],
    ...file.bastions.map(({ cryptoUsers }, at): [string, string[]] => [
      `bastions[${at}].cryptoUsers`,
      cryptoUsers.map(({ user }) => user),
    ]),
    ['routes', file.routes.map(({ source, destination }) => `${source} → ${destination}`.toLowerCase())],
  ]
  const twice = lists.flatMap(([list, names]) =>
    names.flatMap((name, at) => (names.indexOf(name) < at ? [`${list}[${at}]: ${name} stands there twice`] : [])),
  )
  return [...twice, ...misleading(file)]
}

/** An alias that is another cluster's id: whoever types the id would get the other one. */
function misleading({ clusters }: File): string[] {
  return clusters.flatMap(({ alias: name }, at) => {
    const other = clusters.findIndex(({ clusterId }) => clusterId.toLowerCase() === name.toLowerCase())
    return other < 0 || other === at ? [] : [`clusters[${at}].alias: ${name} is the id of clusters[${other}]`]
  })
}

function unreachable(file: File): string[] {
  return file.routes.flatMap((route, at) => {
    const { users, userGroups } = route.approval.approvers
    const here = `routes[${at}]`
    const problems: string[] = []
    for (const side of ['source', 'destination'] as const) {
      if (!byAlias(file, route[side])) problems.push(`${here}.${side}: no cluster has the alias ${route[side]}`)
    }
    if (route.source.toLowerCase() === route.destination.toLowerCase())
      problems.push(`${here}: source and destination are the same cluster`)
    if (!file.bastions.some(({ name }) => name === route.bastion))
      problems.push(`${here}.bastion: no bastion has the name ${route.bastion}`)
    const { requesters } = route
    if (requesters && requesters.users.length + requesters.userGroups.length === 0)
      problems.push(`${here}.requesters: nobody may ask; name users or userGroups, or leave it out for any full member`)
    const people = new Set(users).size
    if (people === 0 && userGroups.length === 0)
      problems.push(`${here}.approval.approvers: nobody may approve; name users or userGroups`)
    else if (userGroups.length === 0 && route.approval.required > people) {
      problems.push(
        `${here}.approval.required: ${route.approval.required} approvals are required, but only ${people} can approve`,
      )
    }
    return problems
  })
}

function nobody({ operators }: File): string[] {
  if (!operators || operators.users.length + operators.userGroups.length > 0) return []
  return ['operators: nobody may; name users or userGroups, or leave it out']
}

function byAlias(file: File, name: string): Side | undefined {
  const found = file.clusters.find((cluster) => cluster.alias.toLowerCase() === name.toLowerCase())
  return found && sideOf(found)
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.replace(/^\./, '') || 'the file'
}
