import { parseArgs } from 'node:util'
import { simulate } from './run.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, seed: { type: 'string' }, trace: { type: 'boolean', default: false } },
})

const [from = 1, to = 100] = values.seed
  ? [Number(values.seed), Number(values.seed)]
  : (values.seeds ?? '1-100').split('-').map(Number)
const began = performance.now()
let bad = 0
const states: Record<string, number> = {}
let minutes = 0
for (let seed = from; seed <= to; seed++) {
  const verdict = await simulate(seed, values.trace)
  minutes += verdict.figures.minutes
  for (const [state, count] of Object.entries(verdict.figures.states)) states[state] = (states[state] ?? 0) + count
  if (values.trace) console.log(verdict.story.join('\n'))
  if (verdict.violations.length > 0) {
    bad++
    console.log(`seed ${seed}: ${verdict.violations.join('\n  ')}`)
  }
}
console.log({
  bad,
  states,
  minutes: minutes / (to - from + 1),
  msPerRun: (performance.now() - began) / (to - from + 1),
})
