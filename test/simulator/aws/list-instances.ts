import { isJsonList, type Json } from '../json.ts'
import type { WorldState } from '../world/world-state.ts'
import { AwsError } from './aws-error.ts'
import { page } from './page.ts'

/** DescribeInstanceInformation; an instance that SSM does not manage is simply absent. */
export function listInstances(state: WorldState, input: Json, region: string): Json {
  const filters = input.Filters ?? []
  if (!isJsonList(filters)) throw new AwsError('InvalidInstanceInformationFilterValue')
  const found = state.bastions
    .filter((bastion) => bastion.region === region && bastion.ping !== 'unmanaged')
    .filter((bastion) => filters.every((filter) => passes(bastion, filter)))
    .map((bastion) => ({
      InstanceId: bastion.instanceId,
      PingStatus: bastion.ping ?? 'Online',
      LastPingDateTime: Math.floor(Date.now() / 1000),
      AgentVersion: bastion.agentVersion ?? '3.3.3572.0',
      IsLatestVersion: true,
      PlatformType: bastion.platform ?? 'Linux',
      PlatformName: bastion.platform === 'Windows' ? 'Microsoft Windows Server 2022' : 'Amazon Linux',
      PlatformVersion: '2023',
      ResourceType: 'EC2Instance',
      IPAddress: '10.0.9.9',
      ComputerName: bastion.name,
    }))
  const { items, nextToken } = page(found, input, { smallest: 5, largest: 50 })
  return { InstanceInformationList: items, ...nextToken }
}

// Of the keys and values that the SSM API names for InstanceInformationStringFilter, those that are modelled.
const PINGS: readonly unknown[] = ['Online', 'ConnectionLost', 'Inactive']

function passes(bastion: WorldState['bastions'][number], { Key, Values }: Json): boolean {
  if (!Array.isArray(Values) || Values.length === 0) throw new AwsError('InvalidInstanceInformationFilterValue')
  if (Key === 'InstanceIds') return Values.includes(bastion.instanceId)
  if (Key === 'PingStatus' && Values.every((value) => PINGS.includes(value)))
    return Values.includes(bastion.ping ?? 'Online')
  throw new AwsError(
    'InvalidInstanceInformationFilterValue',
    'only the filters InstanceIds and PingStatus are modelled',
  )
}
