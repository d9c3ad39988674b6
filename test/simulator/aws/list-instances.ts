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
    .filter((bastion) => filters.every((filter) => passes(bastion.instanceId, filter)))
    .map((bastion) => ({
      InstanceId: bastion.instanceId,
      PingStatus: bastion.ping ?? 'Online',
      LastPingDateTime: Math.floor(Date.now() / 1000),
      AgentVersion: '3.3.0.0',
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

function passes(instanceId: string, filter: Json): boolean {
  if (filter.Key !== 'InstanceIds' || !Array.isArray(filter.Values)) {
    throw new AwsError('InvalidInstanceInformationFilterValue', 'only the filter InstanceIds is modelled')
  }
  return filter.Values.includes(instanceId)
}
