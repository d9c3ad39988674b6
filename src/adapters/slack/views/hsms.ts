import type { FoundHsms, FoundPair } from '../../../application/lookup-hsms.ts'
import { hsmTypeOf } from '../../../domain/cluster.ts'
import { ACTIONS } from './actions.ts'
import { type Block, button, context, type Message, pre, section } from './blocks.ts'
import { lineageText } from './lineage.ts'
import { code, columns, count, plain, when } from './text.ts'
import { unevenText } from './watch-text.ts'

/** The HSMs of a cluster. Private: with a button to share; shared: without. */
export function hsmsView({ name, cluster, uneven }: FoundHsms, audience: 'private' | 'shared'): Message {
  const title = `*${code(name)}* · ${cluster.region} · ${code(cluster.clusterId)} · ${plain(cluster.state, 40)} · ${count(cluster.hsms.length, 'HSM')}`
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
  const inside = uneven && unevenText(uneven.users, [{ alias: name, clusterId: cluster.clusterId }])
  const blocks: Block[] = [
    section(title),
    cluster.hsms.length > 0 ? pre(columns([head, ...rows]), 6000) : section('AWS lists no HSM of this cluster.'),
    ...(inside ? [section(`${inside}\nSeen by the watch ${when(uneven.at)}.`)] : []),
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
  return {
    text: `HSMs of ${name}: ${cluster.hsms.map((hsm) => hsm.eniIp ?? hsm.hsmId).join(', ') || 'AWS lists none'}`,
    blocks,
  }
}

/** Two clusters side by side, and the verdict whether they are clones. */
export function pairView({ source, destination, lineage }: FoundPair): Message {
  const columnOf = ({ name, cluster }: FoundHsms): string[] => [
    name,
    cluster.clusterId,
    cluster.region,
    cluster.state,
    cluster.hsmType ?? '-',
    ...cluster.hsms.flatMap((hsm) => [
      '',
      hsm.hsmId,
      `  ${hsm.eniIp ?? '(no ENI IP yet)'}`,
      `  ${hsm.state}, ${hsmTypeOf(cluster, hsm)}`,
    ]),
  ]
  const [left, right] = [columnOf(source), columnOf(destination)]
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, at) => [left[at] ?? '', right[at] ?? ''])
  const names = { source: source.name, destination: destination.name }
  return {
    text: `${source.name} and ${destination.name}: ${VERDICTS[lineage.verdict]}`,
    blocks: [
      section(`*${code(source.name)} and ${code(destination.name)}*`),
      pre(columns(rows), 6000),
      section(lineageText(lineage, names)),
      context('How they were born, not whether they are equal now: `/hsm-sync … mode=plan` compares them.'),
    ],
  }
}

const VERDICTS: Readonly<Record<FoundPair['lineage']['verdict'], string>> = {
  proven: 'proven clones',
  unproven: 'not proven to be clones',
  disproven: 'no clones',
}
