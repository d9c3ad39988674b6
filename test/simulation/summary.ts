import type { ShortVerdict } from './workers.ts'

/** What came of many runs, for people. */
export function summary(verdicts: readonly ShortVerdict[], ms: number): string {
  if (verdicts.length === 0) return 'nothing failed'
  const bad = verdicts.filter(({ violations }) => violations.length > 0)
  const states = new Map<string, number>()
  const calls = new Map<string, number>()
  let minutes = 0
  for (const { figures } of verdicts) {
    minutes += figures.minutes
    for (const [state, count] of Object.entries(figures.states)) states.set(state, (states.get(state) ?? 0) + count)
    for (const [name, count] of Object.entries(figures.calls)) calls.set(name, Math.max(calls.get(name) ?? 0, count))
  }
  const perMinute = Math.round((verdicts.length / ms) * 60_000)
  return [
    ...bad.map(
      ({ seed, violations }) =>
        `seed ${seed} (npm run simulate -- --seed ${seed} --trace):\n  ${violations.join('\n  ')}`,
    ),
    `ended as: ${told(states)}`,
    `most calls in a minute: ${told(calls)}`,
    `${verdicts.length} runs of ${Math.round(minutes / verdicts.length)} virtual minutes in ${Math.round(ms / 1000)} s (${perMinute} a minute): ${bad.length} failed`,
  ].join('\n')
}

function told(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
