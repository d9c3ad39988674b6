import { type Ancestor, type Ancestry, chainOf, type Lineage } from '../../../domain/lineage.ts'
import { code, plain } from '../text.ts'

/** Whether two clusters are clones, in words: the verdict, the chain that proves it or what keeps it from being proved, and the certificates. */
export function lineageText(
  lineage: Lineage,
  names: { readonly source: string; readonly destination: string },
): string {
  return `${verdictText(lineage, names)} ${certificateText(lineage)}`
}

function verdictText(lineage: Lineage, names: { readonly source: string; readonly destination: string }): string {
  switch (lineage.verdict) {
    case 'proven':
      return `✅ *Proven clones:* ${chainText(lineage)}.`
    case 'unproven': {
      const ends = [
        endText(names.destination, lineage.destination),
        ...(lineage.source.end.kind === 'origin' ? [] : [endText(names.source, lineage.source)]),
      ]
      return `⚠️ *Not proven that they are clones.* Approvers: agree only if you know from elsewhere that one was made from the other's backup. ${ends.join('; ')}.`
    }
    case 'disproven':
      return `⛔ *No clones:* ${originText(names.destination, lineage.destination)}; ${originText(names.source, lineage.source)}.`
    default:
      return lineage.verdict satisfies never
  }
}

/** Destination first, over the common ancestor, to the source. */
function chainText(lineage: Lineage): string {
  const { down, up } = chainOf(lineage)
  const older = down.map((ancestor) => ancestorText(ancestor)).join(' ← ')
  return up.length === 0 ? older : `${older}${up.map((ancestor) => ` → ${ancestorText(ancestor)}`).join('')}`
}

function ancestorText({ id, region }: Ancestor): string {
  return `${code(id)} (${plain(region, 40)})`
}

/** How far a line is known, and why no further. */
function endText(name: string, ancestry: Ancestry): string {
  const { line, end } = ancestry
  const older = line.slice(1).map(ancestorText).join(' ← ')
  const known = older === '' ? code(name) : `${code(name)} comes from ${older}`
  switch (end.kind) {
    case 'origin':
      return originText(name, ancestry)
    case 'met':
      return `${known}, which the other comes from too`
    case 'gone':
      return `${known}, and that ${end.what.kind} is gone (deleted or expired)`
    case 'unreadable':
      return `${known}, and AWS did not let me look at that ${end.what.kind} (${end.problem})`
    case 'too-long':
      return `${known}, and further back than I follow`
    default:
      return end satisfies never
  }
}

function originText(name: string, { line }: Ancestry): string {
  const [, ...older] = line
  const origin = older.at(-1)
  if (!origin) return `${code(name)} was not made from a backup`
  return `${code(name)} comes from ${older.map(ancestorText).join(' ← ')}, which was not made from a backup`
}

function certificateText({ certificates }: Lineage): string {
  switch (certificates) {
    case 'equal':
      return 'Their cluster certificates are equal.'
    case 'different':
      return 'Their cluster certificates *differ*; those of clones are equal: find out why.'
    case 'unknown':
      return 'AWS shows no certificates to compare.'
    default:
      return certificates satisfies never
  }
}
