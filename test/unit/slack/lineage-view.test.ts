import { describe, expect, it } from 'vitest'
import { lineageText } from '../../../src/adapters/slack/views/lineage.ts'
import type { Ancestor, Ancestry, LineEnd } from '../../../src/domain/ancestry.ts'
import { sha256 } from '../../../src/domain/digest.ts'
import { judgeLineage, type Lineage } from '../../../src/domain/lineage.ts'
import { cluster, DESTINATION_ID, SOURCE_ID } from '../../fixtures/whole-clusters.ts'

const NAMES = { source: 'prod-us', destination: 'prod-eu' }
const SOURCE: Ancestor = { kind: 'cluster', id: SOURCE_ID, region: 'us-east-1' }
const DESTINATION: Ancestor = { kind: 'cluster', id: DESTINATION_ID, region: 'eu-west-1' }
const COPY: Ancestor = { kind: 'backup', id: 'backup-2eucopy2222', region: 'eu-west-1' }
const ORIGINAL: Ancestor = { kind: 'backup', id: 'backup-2usorig2222', region: 'us-east-1' }
const THIRD: Ancestor = { kind: 'cluster', id: 'cluster-4thirdthird', region: 'ap-south-1' }

const ORIGIN: LineEnd = { kind: 'origin' }
function line(end: LineEnd, ...some: readonly Ancestor[]): Ancestry {
  return { line: some, end }
}

function judged(source: Ancestry, destination: Ancestry, certificates: Lineage['certificates'] = 'unknown'): Lineage {
  const [one, other] = [sha256('one'), sha256('other')]
  const [a, b] = { equal: [one, one], different: [one, other], unknown: [undefined, undefined] }[certificates]
  const clusters = [
    cluster(SOURCE_ID, a ? { certificate: a } : {}),
    cluster(DESTINATION_ID, b ? { certificate: b } : {}),
  ] as const
  return judgeLineage(source, destination, clusters)
}
const said = (...given: Parameters<typeof judged>) => lineageText(judged(...given), NAMES)

describe('proven clones', () => {
  it('shows the chain from the destination to the source', () => {
    const down = line({ kind: 'met' }, DESTINATION, COPY, ORIGINAL, SOURCE)
    expect(said(line({ kind: 'met' }, SOURCE), down, 'equal')).toMatchInlineSnapshot(
      `"✅ *Proven clones:* \`cluster-7kkmnopqrst\` (eu-west-1) ← \`backup-2eucopy2222\` (eu-west-1) ← \`backup-2usorig2222\` (us-east-1) ← \`cluster-2abcdefghij\` (us-east-1). Their cluster certificates are equal."`,
    )
  })
  it('shows the chain up to a source that was made from the destination', () => {
    const up = line({ kind: 'met' }, SOURCE, ORIGINAL, DESTINATION)
    expect(said(up, line(ORIGIN, DESTINATION), 'equal')).toMatchInlineSnapshot(
      `"✅ *Proven clones:* \`cluster-7kkmnopqrst\` (eu-west-1) → \`backup-2usorig2222\` (us-east-1) → \`cluster-2abcdefghij\` (us-east-1). Their cluster certificates are equal."`,
    )
  })
  it('shows both lines to a common ancestor', () => {
    const [one, other] = [line({ kind: 'met' }, SOURCE, ORIGINAL, THIRD), line(ORIGIN, DESTINATION, COPY, THIRD)]
    expect(said(one, other, 'equal')).toMatchInlineSnapshot(
      `"✅ *Proven clones:* \`cluster-7kkmnopqrst\` (eu-west-1) ← \`backup-2eucopy2222\` (eu-west-1) ← \`cluster-4thirdthird\` (ap-south-1) → \`backup-2usorig2222\` (us-east-1) → \`cluster-2abcdefghij\` (us-east-1). Their cluster certificates are equal."`,
    )
  })
  it('says where the certificates speak against it', () => {
    const down = line({ kind: 'met' }, DESTINATION, COPY, SOURCE)
    expect(said(line({ kind: 'met' }, SOURCE), down, 'different')).toMatchInlineSnapshot(
      `"✅ *Proven clones:* \`cluster-7kkmnopqrst\` (eu-west-1) ← \`backup-2eucopy2222\` (eu-west-1) ← \`cluster-2abcdefghij\` (us-east-1). Their cluster certificates *differ*; those of clones are equal: find out why."`,
    )
  })
})

describe('not proven: what is missing, and that approvers must know it from elsewhere', () => {
  it('a backup is gone', () => {
    const gone = line({ kind: 'gone', what: COPY }, DESTINATION, COPY)
    expect(said(line(ORIGIN, SOURCE), gone, 'equal')).toMatchInlineSnapshot(
      `"⚠️ *Not proven that they are clones:* \`prod-eu\` comes from \`backup-2eucopy2222\` (eu-west-1), and AWS shows me no such backup there (deleted, expired, or another account's). Their cluster certificates are equal."`,
    )
  })
  it('a cluster in between is gone', () => {
    const gone = line({ kind: 'gone', what: THIRD }, DESTINATION, COPY, THIRD)
    expect(said(line(ORIGIN, SOURCE), gone)).toMatchInlineSnapshot(
      `"⚠️ *Not proven that they are clones:* \`prod-eu\` comes from \`backup-2eucopy2222\` (eu-west-1) ← \`cluster-4thirdthird\` (ap-south-1), and AWS shows me no such cluster there (deleted, expired, or another account's). AWS shows no certificates to compare."`,
    )
  })
  it('AWS refuses to tell', () => {
    const end: LineEnd = { kind: 'unreadable', what: COPY, problem: 'access-denied' }
    expect(said(line(ORIGIN, SOURCE), line(end, DESTINATION, COPY))).toMatchInlineSnapshot(
      `"⚠️ *Not proven that they are clones:* \`prod-eu\` comes from \`backup-2eucopy2222\` (eu-west-1), and I could not look at that backup (AWS does not let me). AWS shows no certificates to compare."`,
    )
  })
  it('AWS throttles', () => {
    const end: LineEnd = { kind: 'unreadable', what: COPY, problem: 'throttled' }
    expect(said(line(ORIGIN, SOURCE), line(end, DESTINATION, COPY))).toContain('(AWS throttles me)')
  })
  it('the line is too long', () => {
    expect(said(line(ORIGIN, SOURCE), line({ kind: 'too-long' }, DESTINATION, COPY))).toMatchInlineSnapshot(
      `"⚠️ *Not proven that they are clones:* \`prod-eu\` comes from \`backup-2eucopy2222\` (eu-west-1), and further back than I follow. AWS shows no certificates to compare."`,
    )
  })
  it('only the source’s line breaks off', () => {
    const gone = line({ kind: 'gone', what: ORIGINAL }, SOURCE, ORIGINAL)
    expect(said(gone, line(ORIGIN, DESTINATION))).toMatchInlineSnapshot(
      `"⚠️ *Not proven that they are clones:* \`prod-eu\` was not made from a backup; \`prod-us\` comes from \`backup-2usorig2222\` (us-east-1), and AWS shows me no such backup there (deleted, expired, or another account's). AWS shows no certificates to compare."`,
    )
  })
})

describe('no clones', () => {
  it('neither was made from a backup', () => {
    expect(said(line(ORIGIN, SOURCE), line(ORIGIN, DESTINATION), 'different')).toMatchInlineSnapshot(
      `"⛔ *No clones:* \`prod-eu\` was not made from a backup; \`prod-us\` was not made from a backup. Their cluster certificates differ too."`,
    )
  })
  it('the destination comes from another cluster', () => {
    const other = line(ORIGIN, DESTINATION, COPY, THIRD)
    expect(said(line(ORIGIN, SOURCE), other, 'different')).toMatchInlineSnapshot(
      `"⛔ *No clones:* \`prod-eu\` comes from \`backup-2eucopy2222\` (eu-west-1) ← \`cluster-4thirdthird\` (ap-south-1), which was not made from a backup; \`prod-us\` was not made from a backup. Their cluster certificates differ too."`,
    )
  })
})

describe('what AWS answers is never markup', () => {
  const evil: Ancestor = { kind: 'cluster', id: '<!channel>`*x*', region: '<!here> <https://evil.example|us-east-1>' }
  it.each([
    ['gone', judged(line(ORIGIN, SOURCE), line({ kind: 'gone', what: evil }, DESTINATION, COPY, evil))],
    ['disproven', judged(line(ORIGIN, SOURCE), line(ORIGIN, DESTINATION, COPY, evil))],
    ['proven', judged(line(ORIGIN, SOURCE, evil), line(ORIGIN, DESTINATION, COPY, evil))],
    [
      'unreadable',
      judged(
        line(ORIGIN, SOURCE),
        line({ kind: 'unreadable', what: evil, problem: 'failed' }, DESTINATION, COPY, evil),
      ),
    ],
  ])('%s', (_, lineage) => {
    expect(lineageText(lineage, NAMES)).not.toMatch(/<[!@#h]/)
  })

  it('whatever the clusters are called', () => {
    const names = { source: '<!channel>', destination: '`<!here>' }
    expect(lineageText(judged(line(ORIGIN, SOURCE), line(ORIGIN, DESTINATION)), names)).not.toMatch(/<[!@#h]/)
  })
})
