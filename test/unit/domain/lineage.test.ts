import { describe, expect, it } from 'vitest'
import type { Ancestor, Ancestry, LineEnd } from '../../../src/domain/ancestry.ts'
import { sha256 } from '../../../src/domain/digest.ts'
import { chainOf, judgeLineage } from '../../../src/domain/lineage.ts'
import { cluster, DESTINATION_ID, SOURCE_ID } from '../../fixtures/whole-clusters.ts'

const CLUSTERS = [cluster(SOURCE_ID), cluster(DESTINATION_ID)] as const
const ORIGIN: LineEnd = { kind: 'origin' }
const GONE: LineEnd = { kind: 'gone', what: { kind: 'backup', id: 'backup-x', region: 'eu-west-1' } }

function line(end: LineEnd, ...ids: readonly string[]): Ancestry {
  const ancestor = (id: string): Ancestor => ({
    kind: id.startsWith('backup-') ? 'backup' : 'cluster',
    id,
    region: 'eu-west-1',
  })
  return { line: ids.map(ancestor), end }
}

describe('the verdict', () => {
  it.each([
    ['the lines meet', line(ORIGIN, 's'), line(ORIGIN, 'd', 'backup-b', 's'), 'proven', 's'],
    ['the lines meet further back', line(ORIGIN, 's', 'backup-1', 'x'), line(ORIGIN, 'd', 'x'), 'proven', 'x'],
    [
      'they meet, and what lies behind that is gone',
      line({ kind: 'met' }, 's', 'x'),
      line(GONE, 'd', 'x'),
      'proven',
      'x',
    ],
    ['both are known to their origin and differ', line(ORIGIN, 's'), line(ORIGIN, 'd', 'x'), 'disproven', undefined],
    ['the destination’s line breaks off', line(ORIGIN, 's'), line(GONE, 'd'), 'unproven', undefined],
    ['the source’s line breaks off', line(GONE, 's'), line(ORIGIN, 'd'), 'unproven', undefined],
    ['both lines break off', line(GONE, 's'), line(GONE, 'd'), 'unproven', undefined],
    ['a line is too long', line({ kind: 'too-long' }, 's'), line(ORIGIN, 'd'), 'unproven', undefined],
  ] as const)('%s', (_, source, destination, verdict, common) => {
    const lineage = judgeLineage(source, destination, CLUSTERS)
    expect([lineage.verdict, lineage.common?.id]).toEqual([verdict, common])
  })

  it('takes the youngest ancestor that both have', () => {
    const lineage = judgeLineage(line(ORIGIN, 's', 'backup-1', 'x'), line(ORIGIN, 'd', 'backup-1', 'x'), CLUSTERS)
    expect(lineage.common?.id).toBe('backup-1')
  })
})

describe('certificates', () => {
  const [one, other] = [sha256('one'), sha256('other')]
  it.each([
    ['equal', { certificate: one }, { certificate: one }],
    ['different', { certificate: one }, { certificate: other }],
    ['unknown', { certificate: one }, {}],
    ['unknown', {}, { certificate: one }],
    ['unknown', {}, {}],
  ] as const)('are %s', (certificates, a, b) => {
    const clusters = [cluster(SOURCE_ID, a), cluster(DESTINATION_ID, b)] as const
    expect(judgeLineage(line(ORIGIN, 's'), line(ORIGIN, 'd'), clusters).certificates).toBe(certificates)
  })

  it.each(['proven', 'disproven'] as const)('are evidence beside the verdict, and never change it: %s', (verdict) => {
    const destination = verdict === 'proven' ? line(ORIGIN, 'd', 's') : line(ORIGIN, 'd')
    for (const certificate of [one, other]) {
      const clusters = [cluster(SOURCE_ID, { certificate: one }), cluster(DESTINATION_ID, { certificate })] as const
      expect(judgeLineage(line(ORIGIN, 's'), destination, clusters).verdict).toBe(verdict)
    }
  })
})

describe('the chain from one cluster to the other', () => {
  const chain = (source: Ancestry, destination: Ancestry) => {
    const { down, up } = chainOf(judgeLineage(source, destination, CLUSTERS))
    return [down.map(({ id }) => id), up.map(({ id }) => id)]
  }
  it('leads down to the source where the destination was made from it', () => {
    expect(chain(line(ORIGIN, 's', 'older'), line({ kind: 'met' }, 'd', 'backup-b', 's'))).toEqual([
      ['d', 'backup-b', 's'],
      [],
    ])
  })
  it('leads up to the source where the source was made from the destination', () => {
    expect(chain(line({ kind: 'met' }, 's', 'backup-b', 'd'), line(ORIGIN, 'd'))).toEqual([['d'], ['backup-b', 's']])
  })
  it('leads over the common ancestor, which stands there once', () => {
    expect(chain(line(ORIGIN, 's', 'backup-1', 'x', 'old'), line(ORIGIN, 'd', 'backup-2', 'x', 'old'))).toEqual([
      ['d', 'backup-2', 'x'],
      ['backup-1', 's'],
    ])
  })
  it('is empty where nothing was proven', () => {
    expect(chain(line(GONE, 's', 'x'), line(ORIGIN, 'd', 'y'))).toEqual([[], []])
  })
})
