import { describe, expect, it } from 'vitest'
import type { Block } from '../../../src/adapters/slack/views/blocks.ts'
import { hsmsView, pairView } from '../../../src/adapters/slack/views/hsms.ts'
import type { FoundPair } from '../../../src/application/lookup-hsms.ts'
import type { Cluster } from '../../../src/domain/cluster.ts'
import { judgeLineage } from '../../../src/domain/lineage.ts'
import { markupOf, slackProblems } from '../../fixtures/slack-rules.ts'
import { cluster, clusterHsm, DESTINATION_ID, SOURCE_ID } from '../../fixtures/whole-clusters.ts'

function pair(
  from: Partial<Cluster> = {},
  to: Partial<Cluster> = {},
  made: 'apart' | 'from source' = 'apart',
): FoundPair {
  const source = cluster(SOURCE_ID, from)
  const destination = cluster(DESTINATION_ID, { region: 'eu-west-1', ...to })
  const ancestor = ({ clusterId: id, region }: Cluster) => ({ kind: 'cluster' as const, id, region })
  const older = made === 'apart' ? [] : [ancestor(source)]
  const lineage = judgeLineage(
    { line: [ancestor(source)], end: { kind: 'origin' } },
    { line: [ancestor(destination), ...older], end: { kind: 'origin' } },
    [source, destination],
  )
  return {
    source: { name: 'prod-us', cluster: source },
    destination: { name: 'prod-eu', cluster: destination },
    lineage,
  }
}

/** The fixed-width text of a message. */
function table(blocks: readonly Block[]): string {
  return blocks
    .flatMap((block) => (block.type === 'rich_text' ? block.elements : []))
    .flatMap((part) => (part.type === 'rich_text_preformatted' ? part.elements : []))
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('\n')
}

describe('two clusters side by side', () => {
  it('shows every HSM of both with state and type, and a place that is empty as empty', () => {
    const one = { hsmType: 'hsm2m.medium', hsms: [clusterHsm(1)] }
    const { eniIp: _, ...young } = clusterHsm(2, { state: 'CREATE_IN_PROGRESS' })
    const view = pairView(pair(one, { hsms: [clusterHsm(1, { hsmType: 'hsm2m.medium' }), young] }))
    expect(table(view.blocks)).toMatchInlineSnapshot(`
      "prod-us                 prod-eu
      cluster-2abcdefghij     cluster-7kkmnopqrst
      us-east-1               eu-west-1
      ACTIVE                  ACTIVE
      hsm2m.medium            hsm1.medium

      hsm-1                   hsm-1
        10.0.1.7                10.0.1.7
        ACTIVE, hsm2m.medium    ACTIVE, hsm2m.medium

                              hsm-2
                                (no ENI IP yet)
                                CREATE_IN_PROGRESS, hsm1.medium"
    `)
  })

  it('shows a cluster without HSMs and without a type', () => {
    const { hsmType: _, ...untyped } = cluster(SOURCE_ID, { hsms: [] })
    const { lineage, destination } = pair()
    const view = pairView({ source: { name: 'prod-us', cluster: untyped }, destination, lineage })
    expect(
      table(view.blocks)
        .split('\n')
        .map((row) => row.slice(0, 19).trim()),
    ).toEqual(['prod-us', SOURCE_ID, 'us-east-1', 'ACTIVE', '-', ...Array(8).fill('')])
  })

  it.each([
    ['apart', 'prod-us and prod-eu: no clones'],
    ['from source', 'prod-us and prod-eu: proven clones'],
  ] as const)('tells the verdict to who only hears it: %s', (made, text) => {
    expect(pairView(pair({}, {}, made)).text).toBe(text)
  })

  it('says that being clones is not being equal', () => {
    expect(markupOf(pairView(pair()).blocks).join('\n')).toContain('not whether they are equal now')
  })

  it('takes no markup out of what AWS says, and stays within Slack’s limits with 28 HSMs each', () => {
    const evil = '<!channel>'
    const hsms = Array.from({ length: 28 }, (_, at) => clusterHsm(at, { state: evil, hsmType: evil, eniIp: evil }))
    const view = pairView(pair({ state: evil, hsmType: evil, hsms }, { state: evil, hsmType: evil, hsms }))
    expect(markupOf(view.blocks).join('\n')).not.toContain('<!')
    expect(slackProblems(view)).toEqual([])
  })
})

it('one cluster: takes no markup out of its state', () => {
  const found = { name: 'prod-us', cluster: cluster(SOURCE_ID, { state: '<!channel>' }) }
  expect(markupOf(hsmsView(found, 'private').blocks).join('\n')).not.toContain('<!')
})
