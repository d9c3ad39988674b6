/** One measured figure; `target`: what the project wants of it. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly digits?: number
  readonly target?: { readonly text: string; readonly holds: boolean }
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** A figure that should stay below a limit. */
export function below(limit: number, figure: Omit<Figure, 'target'>): Figure {
  return { ...figure, target: { text: `< ${limit} ${figure.unit}`.trim(), holds: figure.value < limit } }
}

/** A figure that may reach its limit. */
export function atMost(limit: number, figure: Omit<Figure, 'target'>): Figure {
  return { ...figure, target: { text: `≤ ${limit} ${figure.unit}`.trim(), holds: figure.value <= limit } }
}

/** `name   12.3 ms   target < 50 ms   ok`. */
export function figureLine({ name, value, unit, digits = 0, target }: Figure): string {
  const number = value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  const measured = `${number.padStart(9)} ${unit.padEnd(5)}`
  if (!target) return `  ${name.padEnd(58)}${measured}`.trimEnd()
  return `  ${name.padEnd(58)}${measured}  target ${target.text.padEnd(15)}${target.holds ? 'ok' : 'MISSED'}`
}
