import { z } from 'zod'

const Made = z.looseObject({ clusters: z.array(z.looseObject({})) })

/**
 * The configuration that the tool made for itself, in one order and one layout: what it lists may come in another order
 * each time, and approvers compare. The bastion checks by itself which clusters and addresses it names. `undefined` if
 * it is no such file.
 */
export function normalized(text: string): string | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  const made = Made.safeParse(parsed).data
  if (!made) return undefined
  return `${JSON.stringify({ ...made, clusters: ordered(made.clusters) }, null, 2)}\n`
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return inOrder(value.map(ordered))
  if (typeof value !== 'object' || value === null) return value
  const names = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(names.map(([name, part]) => [name, ordered(part)]))
}

function inOrder(values: readonly unknown[]): unknown[] {
  return values
    .map((value) => ({ value, text: JSON.stringify(value) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ value }) => value)
}
