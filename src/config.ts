import { resolve } from 'node:path'
import { z } from 'zod'
import { readLandscape } from './config-file.ts'
import type { Landscape } from './domain/route.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'

/** Everything an operator can set, checked. */
export interface Config {
  readonly slack: {
    readonly botToken: string
    readonly mode:
      | { readonly kind: 'http'; readonly signingSecret: string }
      | { readonly kind: 'socket'; readonly appToken: string }
    readonly apiUrl: string | undefined
  }
  readonly host: string | undefined
  readonly port: number
  /** Where the operators' pages are served instead of on `port`. */
  readonly metricsPort: number | undefined
  readonly databaseUrl: string
  readonly logLevel: LogLevel
  /** Where each row of the record is written as it is made, besides the database. */
  readonly auditStream: 'stdout' | undefined
  readonly awsEndpoint: string | undefined
  /** The environment names a proxy for what goes out. */
  readonly isProxied: boolean
  readonly landscape: Landscape
}

/** Settings that cannot work. `problems`: one line per field. */
export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The settings cannot work:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const filled = z.string().trim().min(1, 'must not be empty')
const port = z.coerce.number({ error: 'expected a port number' }).int().min(0).max(65535)
const url = z.url({ protocol: /^https?$/, message: 'expected an http(s) URL' })

/** Exported for the README's test: the table there and this schema name the same variables. */
export const EnvironmentSchema = z.object({
  SLACK_BOT_TOKEN: z
    .string({ error: 'is missing: the bot token of the Slack app' })
    .startsWith('xoxb-', 'expected a bot token (xoxb-…)'),
  SLACK_SIGNING_SECRET: filled.optional(),
  SLACK_APP_TOKEN: z.string().startsWith('xapp-', 'expected an app-level token (xapp-…)').optional(),
  SLACK_API_URL: url.optional(),
  HOST: filled.optional(),
  PORT: port.default(3000),
  METRICS_PORT: port.optional(),
  DATABASE_URL: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'expected sqlite:<path> or postgres://…')
    .default('sqlite:data/bot.sqlite'),
  BOT_CONFIG: filled.default('config.yml'),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  AUDIT_STREAM: z.literal('stdout', { error: 'expected stdout, or nothing at all' }).optional(),
  AWS_ENDPOINT_URL: url.optional(),
  HTTPS_PROXY: url.optional(),
  HTTP_PROXY: url.optional(),
  NO_PROXY: filled.optional(),
})

/** The database alone: the auditor's commands need no Slack and no config.yml. Throws a ConfigError. */
export function databaseUrl(env: Readonly<Record<string, string | undefined>>): string {
  const parsed = EnvironmentSchema.shape.DATABASE_URL.safeParse(env.DATABASE_URL || undefined)
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => `DATABASE_URL ${issue.message}`))
  return parsed.data
}

/** How AWS is reached, for commands that need nothing of Slack. Throws a ConfigError. */
export function awsAccess(
  env: Readonly<Record<string, string | undefined>>,
): Pick<Config, 'awsEndpoint' | 'isProxied'> {
  const parsed = EnvironmentSchema.shape.AWS_ENDPOINT_URL.safeParse(env.AWS_ENDPOINT_URL || undefined)
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => `AWS_ENDPOINT_URL ${issue.message}`))
  return { awsEndpoint: parsed.data, isProxied: namesProxy(env) }
}

/** config.yml alone, for commands that need nothing of Slack. Throws a ConfigError. */
export function landscapeOf(env: Readonly<Record<string, string | undefined>>, workingDirectory: string): Landscape {
  const path = resolve(workingDirectory, env.BOT_CONFIG || 'config.yml')
  const file = readLandscape(path)
  if ('problems' in file) throw new ConfigError(file.problems.map((problem) => `${path}: ${problem}`))
  return deepFreeze(file.landscape)
}

/** Reads environment variables and config.yml. Throws one ConfigError that lists every wrong field of both. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, workingDirectory: string): Config {
  // An empty variable is an unset one: that is how people switch a line of an .env file off.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const environment = EnvironmentSchema.safeParse(set)
  const problems = environment.success
    ? []
    : environment.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  if (!set.SLACK_APP_TOKEN && !set.SLACK_SIGNING_SECRET) {
    problems.push('SLACK_SIGNING_SECRET is missing: needed for HTTP mode (or set SLACK_APP_TOKEN for Socket Mode)')
  }
  if (environment.data?.METRICS_PORT && environment.data.METRICS_PORT === environment.data.PORT) {
    problems.push('METRICS_PORT is the same as PORT: leave it out to have both on one port')
  }
  const path = resolve(workingDirectory, set.BOT_CONFIG ?? 'config.yml')
  const file = readLandscape(path)
  if ('problems' in file) problems.push(...file.problems.map((problem) => `${path}: ${problem}`))
  if (problems.length > 0 || !environment.success || 'problems' in file) throw new ConfigError(problems)

  const { data } = environment
  return deepFreeze({
    slack: {
      botToken: data.SLACK_BOT_TOKEN,
      mode: data.SLACK_APP_TOKEN
        ? { kind: 'socket' as const, appToken: data.SLACK_APP_TOKEN }
        : { kind: 'http' as const, signingSecret: data.SLACK_SIGNING_SECRET ?? '' },
      apiUrl: data.SLACK_API_URL === undefined ? undefined : data.SLACK_API_URL.replace(/\/*$/, '/'),
    },
    host: data.HOST,
    port: data.PORT,
    metricsPort: data.METRICS_PORT,
    databaseUrl: data.DATABASE_URL,
    logLevel: data.LOG_LEVEL,
    auditStream: data.AUDIT_STREAM,
    awsEndpoint: data.AWS_ENDPOINT_URL,
    isProxied: namesProxy(set),
    landscape: file.landscape,
  })
}

/** Programs disagree about the case, so both count. */
const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const

function namesProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return PROXIES.some((name) => Boolean(env[name]))
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
