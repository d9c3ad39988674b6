import { PLATFORMS } from './domain/platform.ts'
import type { Bastion, Landscape } from './domain/route.ts'
import type { CredentialReference } from './domain/spec.ts'

export interface Statement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

export interface Policy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly Statement[]
}

/** What one role may do, and who may take it on. */
export interface Role {
  /** `bot`; the bastion's name; or the ARN of a role that the bot takes on. */
  readonly of: string
  readonly policy: Policy
  /** Policies of AWS's own that it needs beside. */
  readonly managed: readonly string[]
  readonly trust: object
}

/**
 * The least that the bot's role, each role that it takes on and each bastion's role need for these settings. `account`:
 * twelve digits, or a word that stands for them. Actions that take no resource stand on `*` (service authorization
 * reference of Systems Manager and CloudHSM).
 */
export function iamRoles(landscape: Settings, account: string): Role[] {
  const { clusters, routes, access = {} } = landscape
  const bastions = [...new Map(routes.map(({ bastion }) => [bastion.name, bastion])).values()]
  const reached = [...new Map(Object.values(access).map((one) => [one.roleArn, one])).values()]
  const within = (roleArn: string | undefined) => ({
    routes: routes.filter(({ bastion }) => access[bastion.instanceId]?.roleArn === roleArn),
    bastions: bastions.filter(({ instanceId }) => access[instanceId]?.roleArn === roleArn),
    hasClusters: clusters.some(({ clusterId }) => access[clusterId]?.roleArn === roleArn),
  })
  const takenOn = statement('TakeOnRoles', ['sts:AssumeRole'], reached.map(({ roleArn }) => roleArn).sort())
  return [
    {
      of: 'bot',
      managed: [],
      trust: TRUST,
      policy: policyOf([...statementsFor(within(undefined), account), ...takenOn]),
    },
    ...reached.map(({ roleArn, externalId }) => ({
      of: roleArn,
      managed: [],
      trust: trustOfBot(roleArn, account, externalId),
      policy: policyOf(statementsFor(within(roleArn), accountOf(roleArn))),
    })),
    ...bastions.map((bastion) => {
      const roleArn = access[bastion.instanceId]?.roleArn
      return bastionRole(bastion, landscape, roleArn === undefined ? account : accountOf(roleArn))
    }),
  ]
}

type Settings = Pick<Landscape, 'clusters' | 'routes' | 'access'>

/** What is reached in one way, and what that needs. */
function statementsFor(
  {
    routes,
    bastions,
    hasClusters,
  }: Pick<Landscape, 'routes'> & { readonly bastions: readonly Bastion[]; readonly hasClusters: boolean },
  account: string,
): Statement[] {
  const regions = [...new Set(bastions.map(({ region }) => region))].sort()
  const instances = bastions
    .map(({ region, instanceId }) => `arn:${partitionOf(region)}:ec2:${region}:${account}:instance/${instanceId}`)
    .sort()
  return [
    ...statement('SendTheScript', ['ssm:SendCommand'], [...documentArns(bastions, account), ...instances]),
    ...(bastions.length > 0
      ? statement(
          'LookAtCommands',
          ['ssm:DescribeInstanceInformation', 'ssm:GetCommandInvocation', 'ssm:ListCommands'],
          ['*'],
          { StringEquals: { 'aws:RequestedRegion': regions } },
        )
      : []),
    ...statement('LookAtDocuments', ['ssm:DescribeDocument', 'ssm:GetDocument'], lockedArns(bastions, account)),
    ...statement('AskChangeCalendars', ['ssm:GetCalendarState'], calendarArns(routes, account)),
    // Not bound to Regions: a cluster's backup may have been copied from any.
    ...(hasClusters
      ? statement('LookAtClusters', ['cloudhsm:DescribeBackups', 'cloudhsm:DescribeClusters'], ['*'])
      : []),
  ]
}

function accountOf(roleArn: string): string {
  return roleArn.split(':')[4] ?? ''
}

/** The bot's role alone takes this one on; with the external id, where the settings name one. */
function trustOfBot(roleArn: string, account: string, externalId: string | undefined): object {
  const partition = roleArn.split(':')[1]
  const condition = externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }
  const principal = { AWS: `arn:${partition}:iam::${account}:role/hsm-sync-bot` }
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...condition }],
  }
}

function bastionRole(bastion: Bastion, { routes }: Settings, account: string): Role {
  const own = routes.filter((route) => route.bastion.name === bastion.name)
  const references = [bastion.credentials, ...bastion.cryptoUsers]
  const parameters = arnsOf(references, 'ssm-parameter', (id) => parameterArn(id, bastion.region, account))
  const secrets = arnsOf(references, 'secretsmanager', (id) => secretArn(id, bastion.region, account))
  const regions = [...new Set(own.flatMap(({ source, destination }) => [source.region, destination.region]))].sort()
  const isCli = bastion.platform === 'linux' && own.some(({ engine }) => engine !== 'cmu')
  return {
    of: bastion.name,
    managed: [`arn:${partitionOf(bastion.region)}:iam::aws:policy/AmazonSSMManagedInstanceCore`],
    trust: TRUST,
    policy: policyOf([
      ...statement('ReadSecrets', ['secretsmanager:GetSecretValue'], secrets),
      ...statement('ReadParameters', ['ssm:GetParameter'], parameters),
      // For a key of your own name it here; with AWS's own key for the service nothing more is needed.
      {
        Sid: 'DecryptThem',
        Effect: 'Allow',
        Action: ['kms:Decrypt'],
        Resource: [`arn:${partitionOf(bastion.region)}:kms:${bastion.region}:${account}:key/*`],
        Condition: {
          StringEquals: {
            'kms:ViaService': [
              ...(secrets.length > 0 ? [`secretsmanager.${bastion.region}.amazonaws.com`] : []),
              ...(parameters.length > 0 ? [`ssm.${bastion.region}.amazonaws.com`] : []),
            ],
          },
        },
      },
      ...(isCli
        ? statement('ConfigureCloudHsmCli', ['cloudhsm:DescribeClusters'], ['*'], {
            StringEquals: { 'aws:RequestedRegion': regions },
          })
        : []),
    ]),
  }
}

/** AWS keeps GovCloud apart: ARNs name it (AWS fault isolation boundaries, partitions). */
function partitionOf(region: string): string {
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

function policyOf(statements: readonly Statement[]): Policy {
  return { Version: '2012-10-17', Statement: statements }
}

function statement(
  Sid: string,
  Action: readonly string[],
  Resource: readonly string[],
  Condition?: Statement['Condition'],
): Statement[] {
  return Resource.length === 0 ? [] : [{ Sid, Effect: 'Allow', Action, Resource, ...(Condition ? { Condition } : {}) }]
}

function arnsOf(
  references: readonly CredentialReference[],
  source: CredentialReference['source'],
  arn: (id: string) => string,
): string[] {
  return [...new Set(references.filter((one) => one.source === source).map(({ id }) => arn(id)))].sort()
}

/** What may be sent: the locked documents; AWS's own, which runs anything, only where a bastion has none. */
function documentArns(bastions: readonly Bastion[], account: string): string[] {
  const open = bastions.filter(({ document }) => document === undefined)
  const anything = open.map(
    ({ region, platform }) => `arn:${partitionOf(region)}:ssm:${region}::document/${PLATFORMS[platform].document}`,
  )
  return [...new Set([...anything, ...lockedArns(bastions, account)])].sort()
}

function lockedArns(bastions: readonly Bastion[], account: string): string[] {
  return bastions.flatMap(({ document, region }) =>
    document === undefined ? [] : [`arn:${partitionOf(region)}:ssm:${region}:${account}:document/${document}`],
  )
}

function calendarArns(routes: Landscape['routes'], account: string): string[] {
  const named = routes.flatMap(({ calendar, bastion: { region } }) =>
    calendar === undefined
      ? []
      : [
          calendar.startsWith('arn:')
            ? calendar
            : `arn:${partitionOf(region)}:ssm:${region}:${account}:document/${calendar}`,
        ],
  )
  return [...new Set(named)].sort()
}

/** Secrets Manager puts a hyphen and six characters behind a secret's name (user guide, "Secret ARN"). */
function secretArn(id: string, region: string, account: string): string {
  return id.startsWith('arn:')
    ? id
    : `arn:${partitionOf(region)}:secretsmanager:${region}:${account}:secret:${id}-??????`
}

function parameterArn(id: string, region: string, account: string): string {
  return id.startsWith('arn:')
    ? id
    : `arn:${partitionOf(region)}:ssm:${region}:${account}:parameter/${id.replace(/^\//, '')}`
}

/** Who may take the role on: an EC2 instance. For a container change it to `ecs-tasks.amazonaws.com`. */
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
} as const
