import type { FoundHsms } from '../../../application/lookup-hsms.ts'
import { hsmTypeOf } from '../../../domain/cluster.ts'
import { code, columns, count } from '../text.ts'
import { ACTIONS } from './actions.ts'
import { type Block, button, type Message, pre, section } from './blocks.ts'

/** The HSMs of a cluster. Private: with a button to share; shared: without. */
export function hsmsView({ name, cluster }: FoundHsms, audience: 'private' | 'shared'): Message {
  const title = `*${code(name)}* · ${cluster.region} · ${code(cluster.clusterId)} · ${cluster.state} · ${count(cluster.hsms.length, 'HSM')}`
  const hasV6 = cluster.hsms.some((hsm) => hsm.eniIpV6)
  const head = ['ENI IP', ...(hasV6 ? ['IPv6'] : []), 'HSM', 'AZ', 'subnet', 'state', 'type']
  const rows = cluster.hsms.map((hsm) => [
    hsm.eniIp ?? '(none yet)',
    ...(hasV6 ? [hsm.eniIpV6 ?? '-'] : []),
    hsm.hsmId,
    hsm.availabilityZone ?? '-',
    hsm.subnetId ?? '-',
    hsm.state,
    hsmTypeOf(cluster, hsm),
  ])
  const blocks: Block[] = [
    section(title),
    cluster.hsms.length > 0 ? pre(columns([head, ...rows]), 6000) : section('This cluster has no HSMs.'),
    ...(audience === 'private' && cluster.hsms.length > 0
      ? [
          {
            type: 'actions' as const,
            block_id: 'hsms',
            elements: [
              button({
                action: ACTIONS.shareHsms,
                label: 'Share in this channel',
                value: `${cluster.clusterId}@${cluster.region}`,
              }),
            ],
          },
        ]
      : []),
  ]
  return { text: `HSMs of ${name}: ${cluster.hsms.map((hsm) => hsm.eniIp ?? hsm.hsmId).join(', ') || 'none'}`, blocks }
}
