import type { Cluster, Hsm, WorldState } from '../simulator/world/world-state.ts'
import { beside, padded } from './layout.ts'
import { type Line, line, type Span, span } from './span.ts'

export interface Side {
  readonly alias: string
  readonly clusterId: string
}

const LONGEST = 40

/** Users and keys of the clusters side by side, one mark per HSM; what was not there in `before` is marked as new. */
export function worldLines(state: WorldState, before: WorldState, sides: readonly Side[], width: number): Line[] {
  const columns = sides.map(({ alias, clusterId }) => ({
    alias,
    hsms: hsmsOf(state, clusterId),
    before: hsmsOf(before, clusterId),
  }))
  const users = rowsOf(columns, (hsm) =>
    hsm.users.filter((user) => user.type !== 'AU').map((user) => [user.name, user.type === 'CU' ? 'CU' : 'CO']),
  )
  const keys = rowsOf(columns, (hsm) =>
    hsm.keys.map((key) => [String(key.handle), key.owner, key.sharedWith.length > 0 ? key.sharedWith.join(', ') : '-']),
  )
  const aliases = sides.map((side) => side.alias)
  return [
    ...beside(table(['user', 'role'], aliases, users), table(['key', 'owner', 'shared with'], aliases, keys), width),
    line(''),
    line(
      span('one mark per HSM:  '),
      ...MARKS.there.map((part) => part),
      span(' there   '),
      ...MARKS.fresh,
      span(' new   '),
      ...MARKS.missing,
      span(' missing'),
    ),
  ]
}

interface Column {
  readonly alias: string
  readonly hsms: readonly Hsm[]
  readonly before: readonly Hsm[]
}

interface Row {
  readonly cells: readonly string[]
  readonly marks: readonly (readonly Mark[])[]
}

type Mark = 'there' | 'fresh' | 'missing'

const MARKS: Readonly<Record<Mark, readonly Span[]>> = {
  there: [span('●', 'dim')],
  fresh: [span('+', 'good', 'bold')],
  missing: [span('·', 'bad')],
}

/** Everything that stands on any HSM, by its first cell, with a mark for each HSM of each cluster. */
function rowsOf(columns: readonly Column[], list: (hsm: Hsm) => string[][]): Row[] {
  const found = new Map<string, string[]>()
  for (const { hsms } of columns)
    for (const hsm of hsms) for (const cells of list(hsm)) found.set(cells[0] ?? '', cells)
  const rows = [...found].map(([name, cells]) => ({
    cells,
    marks: columns.map(({ hsms, before }) =>
      hsms.map((hsm): Mark => {
        const holds = (one: Hsm | undefined) => one !== undefined && list(one).some((item) => item[0] === name)
        if (!holds(hsm)) return 'missing'
        return holds(before.find((one) => one.hsmId === hsm.hsmId)) ? 'there' : 'fresh'
      }),
    ),
  }))
  return rows.sort((a, b) => (a.cells[0] ?? '').localeCompare(b.cells[0] ?? '', 'en', { numeric: true }))
}

function table(heads: readonly string[], aliases: readonly string[], rows: readonly Row[]): Line[] {
  const shown = rows.slice(0, LONGEST)
  const widths = heads.map((head, at) => Math.max(head.length, ...shown.map((row) => (row.cells[at] ?? '').length)) + 2)
  const head = line(
    span(heads.map((text, at) => text.padEnd(widths[at] ?? 0)).join(''), 'bold'),
    span(aliases.map((alias) => alias.padEnd(alias.length + 2)).join(''), 'bold'),
  )
  const body = shown.map(({ cells, marks }): Line => {
    const isNew = marks.flat().includes('fresh')
    const text = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('')
    const signs = marks.map((column, at) =>
      padded(
        column.flatMap((mark) => [...MARKS[mark], span(' ')]),
        (aliases[at] ?? '').length + 2,
      ),
    )
    return [span(text, ...(isNew ? (['bold'] as const) : [])), ...signs.flat()]
  })
  const more = rows.length > LONGEST ? [line(span(`… and ${rows.length - LONGEST} more`, 'dim'))] : []
  return [head, ...body, ...more]
}

function hsmsOf(state: WorldState, clusterId: string): readonly Hsm[] {
  const cluster = state.clusters.find((one: Cluster) => one.clusterId === clusterId)
  return cluster?.hsms ?? []
}
