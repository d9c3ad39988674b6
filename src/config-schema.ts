import { z } from 'zod'
import { isRegion, parseClusterId } from './domain/ids.ts'

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
      binary: absolute.optional(),
      config: absolute.optional(),
    })
    .prefault({}),
  cli: z
    .strictObject({
      binary: absolute.optional(),
      configure: absolute.optional(),
      config: absolute.optional(),
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
  stateDir: absolute.optional(),
  workDir: absolute.optional(),
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

const watched = z
  .string()
  .regex(/^\d{1,4}[hd]$/, 'expected a duration such as 24h or 7d')
  .transform((text) => Number(text.slice(0, -1)) * HOURS[text.slice(-1) as keyof typeof HOURS])
  .refine((ms) => ms >= HOURS.h && ms <= 30 * HOURS.d, 'expected between 1h and 30d')

const RouteSchema = z.strictObject({
  source: alias,
  destination: alias,
  bastion: alias,
  channel: z.string().regex(/^[CG][A-Z0-9]{2,}$/, 'expected a channel id such as C0123456789'),
  engine: z.enum(['auto', 'cmu', 'cloudhsm-cli']).default('auto'),
  requesters: z.strictObject(people).optional(),
  ticket: ticket.optional(),
  calendar: calendar.optional(),
  watch: z.strictObject({ every: watched }).optional(),
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

/** config.yml, each field checked by itself. */
export type File = z.infer<typeof FileSchema>
