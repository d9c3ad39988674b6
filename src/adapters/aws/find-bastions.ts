import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm'
import type { Refusal } from '../../domain/refusal.ts'
import { refuseAws } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'
import { allPages, within } from './pages.ts'

const PER_PAGE = 50

/** An instance that could be a bastion: Systems Manager says that it is online and runs Linux. */
export interface FoundBastion {
  readonly instanceId: string
  readonly region: string
  /** What the machine calls itself. */
  readonly computer?: string
}

export interface Wanted {
  readonly region: string
  /** Only this one. */
  readonly instanceId?: string | undefined
}

/** SSM DescribeInstanceInformation: all that are online in a Region, or the one that is named. */
export async function findBastions(
  clients: Pick<AwsClients, 'ssm'>,
  { region, instanceId }: Wanted,
  signal?: AbortSignal,
): Promise<readonly FoundBastion[] | Refusal> {
  const Filters = [
    instanceId === undefined ? { Key: 'PingStatus', Values: ['Online'] } : { Key: 'InstanceIds', Values: [instanceId] },
  ]
  try {
    const instances = await allPages(async (token) => {
      const query = new DescribeInstanceInformationCommand({ Filters, MaxResults: PER_PAGE, ...token })
      const answer = await clients.ssm(region).send(query, { abortSignal: within(signal) })
      return { found: answer.InstanceInformationList ?? [], next: answer.NextToken }
    })
    return instances.flatMap(({ InstanceId, PingStatus, PlatformType, ComputerName }) =>
      InstanceId && PingStatus === 'Online' && PlatformType === 'Linux'
        ? [{ instanceId: InstanceId, region, ...(ComputerName ? { computer: ComputerName } : {}) }]
        : [],
    )
  } catch (error) {
    return refuseAws(error, 'Systems Manager', region)
  }
}
