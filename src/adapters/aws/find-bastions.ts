import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm'
import { PLATFORMS, type Platform } from '../../domain/platform.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { refuseAws } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'
import { allPages, within } from './pages.ts'

const PER_PAGE = 50
const platforms: readonly Platform[] = ['linux', 'windows']

/** An instance that could be a bastion: Systems Manager says that it is online, and runs what a bastion may run. */
export interface FoundBastion {
  readonly instanceId: string
  readonly region: string
  readonly platform: Platform
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
    return instances.flatMap(({ InstanceId, PingStatus, PlatformType, ComputerName }) => {
      const platform = platforms.find((one) => PLATFORMS[one].type === PlatformType)
      return InstanceId && PingStatus === 'Online' && platform
        ? [{ instanceId: InstanceId, region, platform, ...(ComputerName ? { computer: ComputerName } : {}) }]
        : []
    })
  } catch (error) {
    return refuseAws(error, 'Systems Manager', region)
  }
}
