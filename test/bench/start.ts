import { below, type Figure, median } from './figures.ts'
import { onStage } from './stage-run.ts'

const TIMES = 3

/** From the start of the process to /readyz, with a new database each time; and how large it is then. */
export async function benchStart(): Promise<readonly Figure[]> {
  const starts: number[] = []
  const sizes: number[] = []
  for (let time = 0; time < TIMES; time++) {
    await onStage(30_000, {}, async ({ bot }) => {
      starts.push(bot.startMs)
      sizes.push((await bot.memory()).now)
    })
  }
  return [
    below(1_000, { name: `start to ready (median of ${TIMES})`, value: median(starts), unit: 'ms' }),
    below(120, { name: 'resident size when ready (median)', value: median(sizes), unit: 'MB' }),
  ]
}
