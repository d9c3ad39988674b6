import { type Json, textAt } from '../json.ts'
import type { AwsCall } from './aws-simulator.ts'

/** The account that everything here belongs to. */
export const ACCOUNT = '123456789012'

/** An IAM policy, as far as it is understood here: Allow, exact actions, `*` and `?` in resources, StringEquals. */
export interface IamPolicy {
  readonly Statement: readonly {
    readonly Effect: 'Allow'
    readonly Action: readonly string[]
    readonly Resource: readonly string[]
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  }[]
}

/** What of a call no statement allows: action and resource; `undefined` if all of it is. */
export function deniedPart(
  policy: IamPolicy,
  call: Pick<AwsCall, 'service' | 'operation' | 'region' | 'input' | 'role'>,
) {
  const action = `${call.service}:${call.operation}`
  const resource = resourcesOf(call).find(
    (name) =>
      !policy.Statement.some(
        (statement) =>
          statement.Action.includes(action) &&
          statement.Resource.some((pattern) => matches(pattern, name)) &&
          holds(statement.Condition, { 'aws:RequestedRegion': call.region }),
      ),
  )
  return resource === undefined ? undefined : `${action} on ${resource}`
}

/** SendCommand needs its document and each instance, a calendar is one; the other calls take no resource. */
function resourcesOf({
  operation,
  region,
  input,
  role,
}: Pick<AwsCall, 'operation' | 'region' | 'input' | 'role'>): string[] {
  const account = role?.split(':')[4] ?? ACCOUNT
  if (operation === 'AssumeRole') return [textAt(input, 'RoleArn') ?? '']
  if (operation === 'GetCalendarState') {
    const names = (input as { readonly CalendarNames?: readonly Json[] }).CalendarNames ?? []
    return names
      .map(String)
      .map((name) => (name.startsWith('arn:') ? name : `arn:aws:ssm:${region}:${account}:document/${name}`))
  }
  const own = (name: string) => `arn:aws:ssm:${region}:${account}:document/${name}`
  if (operation === 'DescribeDocument' || operation === 'GetDocument') return [own(textAt(input, 'Name') ?? '')]
  if (operation !== 'SendCommand') return ['*']
  const documentName = textAt(input, 'DocumentName') ?? ''
  const instances = (input as { readonly InstanceIds?: readonly Json[] }).InstanceIds ?? []
  return [
    documentName.startsWith('AWS-') ? `arn:aws:ssm:${region}::document/${documentName}` : own(documentName),
    ...instances.map((id) => `arn:aws:ec2:${region}:${account}:instance/${String(id)}`),
  ]
}

function matches(pattern: string, name: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${escaped}$`).test(name)
}

function holds(
  condition: IamPolicy['Statement'][number]['Condition'],
  context: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(condition ?? {}).every(
    ([operator, keys]) =>
      operator === 'StringEquals' &&
      Object.entries(keys).every(([key, values]) => context[key] !== undefined && values.includes(context[key])),
  )
}
