import type { FormShown, ShownBlock } from '../slack/channel.ts'
import type { Stage } from '../stage.ts'
import { SECOND } from '../time.ts'
import type { FormVisit, Visitors } from '../visitors.ts'

/** From AWS's answer to what the form shows. */
const LAG_MS = 20 * SECOND

/**
 * What forms showed: HSMs as they were a moment before, to nobody who may not see them, in the end those of the route
 * that was chosen last; and a wrong field is named.
 */
export function judgeForms(stage: Stage, visitors: Visitors): string[] {
  return [
    ...visitors.wrong,
    ...stage.channel.forms.flatMap((form) => {
      const visit = visitors.forms.find(({ trigger }) => trigger === form.trigger)
      if (!visit) return [`nobody opened the form ${form.id}`]
      return judgeForm(stage, form, visit).map((problem) => `the form of ${visit.by} ${problem}`)
    }),
  ]
}

/** Whatever slows or loses an update, or the process that makes it. */
const DISTURBING = ['slack', 'workspace', 'directory', 'crash', 'night'] as const

function judgeForm(stage: Stage, { shown }: FormShown, visit: FormVisit): readonly string[] {
  const { weather, isPair, time } = stage
  const problems = shown.flatMap(({ at, blocks }) => {
    const rows = hsmsIn(blocks)
    if (rows.length > 0 && visit.by === 'U0GUEST') return ['shows HSMs to a guest']
    return rows.filter((row) => !wasThere(stage, row, at)).map((row) => `shows "${row.join(' ')}", which was not so`)
  })
  const last = visit.chosen.at(-1)
  const isCalm = !isPair && DISTURBING.every((fault) => !weather.faults.has(fault))
  if (!last || visit.by === 'U0GUEST' || !isCalm || time.now - last.at < LAG_MS) return problems
  const { source, destination } = last.route
  const text = JSON.stringify(shown.at(-1)?.blocks)
  const title = `HSMs of \`${source.alias}\` and \`${destination.alias}\`, as of`
  return text.includes(title) ? problems : [...problems, `does not show the HSMs of the route that was chosen last`]
}

/** Rows of cluster, its state, HSM, address, its state. */
function hsmsIn(blocks: readonly ShownBlock[]): readonly (readonly string[])[] {
  return blocks.flatMap(({ type, elements }) => {
    const text = type === 'rich_text' ? JSON.stringify(elements).replaceAll('\\n', '\n') : ''
    const rows = text.matchAll(/^(\S+) +([A-Z_]+) +(hsm-\w+) +(\(no ENI IP yet\)|[\d.]+) +([A-Z_]+)/gm)
    return [...rows].map(([, ...row]) => row)
  })
}

function wasThere({ hsms }: Stage, [alias, state, hsmId, ip, its]: readonly string[], at: number): boolean {
  const cluster = hsms.clusters.find((one) => one.alias === alias)
  return hsms.layouts.some(({ from, layout }, n) => {
    const until = hsms.layouts[n + 1]?.from ?? Number.MAX_SAFE_INTEGER
    if (until < at - LAG_MS || from > at) return false
    const { shown }: { readonly shown: readonly [string, string, readonly string[]][] } = JSON.parse(layout)
    const there = shown.find(([clusterId]) => clusterId === cluster?.clusterId)
    return there?.[1] === state && there?.[2].includes(`${hsmId} ${ip} ${its}`) === true
  })
}
