import type { Ancestor, Ancestry } from '../../../domain/ancestry.ts'
import type { AwsProblem } from '../../../domain/aws-problem.ts'
import { chainOf, type Lineage } from '../../../domain/lineage.ts'
import { code, plain } from './text.ts'

/**
 * Whether two clusters are clones, in words: the verdict, the chain that proves it or what keeps it from being proved,
 * and the certificates.
 */
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
      return `⚠️ *Not proven that they are clones:* ${ends.join('; ')}.`
    }
    case 'disproven':
      return `⛔ *No clones:* ${originText(names.destination, lineage.destination)}; ${originText(names.source, lineage.source)}.`
    default:
      return lineage.verdict satisfies never
  }
}

/** What approvers are told where nothing proves it. */
export const UNPROVEN_WARNING =
  'Agree only if you know from elsewhere that they are: one made from a backup of the other, or both from a common one.'

/** Destination first, over the common ancestor, to the source. An arrow points to what was made. */
function chainText(lineage: Lineage): string {
  const { down, up } = chainOf(lineage)
  return [lineText(down), ...(up.length === 0 ? [] : [shortened(up).join(' → ')])].join(' → ')
}

function lineText(line: readonly Ancestor[]): string {
  return shortened(line).join(' ← ')
}

const SHOWN = 8

/** The middle of a long line says least. */
function shortened(line: readonly Ancestor[]): string[] {
  const texts = line.map(ancestorText)
  if (texts.length <= SHOWN) return texts
  return [...texts.slice(0, SHOWN / 2), `… ${texts.length - SHOWN} more …`, ...texts.slice(-SHOWN / 2)]
}

function ancestorText({ id, region }: Ancestor): string {
  return `${code(id, 40)} (${plain(region, 40)})`
}

/** How far a line is known, and why no further. */
function endText(name: string, ancestry: Ancestry): string {
  const { line, end } = ancestry
  const older = lineText(line.slice(1))
  const known = older === '' ? code(name) : `${code(name)} comes from ${older}`
  switch (end.kind) {
    case 'origin':
      return originText(name, ancestry)
    case 'met':
      return `${known}, which the other comes from too`
    case 'gone':
      return `${known}, and AWS shows me no such ${end.what.kind} there (deleted, expired, or another account's)`
    case 'silent':
      return `${known}, and AWS does not say whose backup that is`
    case 'unreadable':
      return `${known}, and I could not look at that ${end.what.kind} (${PROBLEMS[end.problem]})`
    case 'too-long':
      return `${known}, and further back than I follow`
    default:
      return end satisfies never
  }
}

const PROBLEMS: Readonly<Record<AwsProblem, string>> = {
  'access-denied': 'AWS does not let me',
  throttled: 'AWS throttles me',
  unreachable: 'no answer from there in time',
  failed: 'AWS answers with an error',
}

function originText(name: string, { line }: Ancestry): string {
  const [, ...older] = line
  const origin = older.at(-1)
  if (!origin) return `${code(name)} was not made from a backup`
  return `${code(name)} comes from ${lineText(older)}, which was not made from a backup`
}

function certificateText({ certificates, verdict }: Lineage): string {
  switch (certificates) {
    case 'equal':
      return verdict === 'disproven'
        ? 'Yet their cluster certificates are equal: find out why.'
        : 'Their cluster certificates are equal.'
    case 'different':
      if (verdict === 'disproven') return 'Their cluster certificates differ too.'
      return 'Their cluster certificates *differ*; those of clones are equal: find out why.'
    case 'unknown':
      return 'AWS shows no certificates to compare.'
    default:
      return certificates satisfies never
  }
}
