import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, withBundle } from './bundle.ts'
import { MOST_SEEDS, PLANTED, type Planted } from './planted.ts'
import { simulate } from './run.ts'
import { FOUND_AT } from './seeds.ts'
import { drive, type ShortVerdict } from './workers.ts'

const ALL = Array.from({ length: MOST_SEEDS }, (_, at) => at + 1)
/** As many at once as there are cores for. */
const AT_ONCE = 2

/**
 * Puts each planted fault whose name holds `only` into a copy of the source, and looks for it there: first at the seed
 * that found it last, then at all. Answers the exit code.
 */
export async function seekPlanted(only: string): Promise<number> {
  const left = PLANTED.filter(({ name }) => name.includes(only))
  let missed = 0
  const seekNext = async (): Promise<void> => {
    for (let planted = left.shift(); planted; planted = left.shift()) {
      const began = performance.now()
      const { seed, violation } = await seek(planted)
      if (seed === undefined) missed++
      const found = seed === undefined ? 'NOT FOUND' : `seed ${seed}`
      console.log(
        `${found.padEnd(10)} ${planted.name} (${Math.round((performance.now() - began) / 1000)} s): ${violation}`,
      )
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, seekNext))
  console.log(missed === 0 ? 'every planted fault was found' : `${missed} planted faults were not found`)
  return missed === 0 ? 0 : 1
}

interface Found {
  readonly seed?: number
  readonly violation: string
}

async function seek(planted: Planted): Promise<Found> {
  const problem = misfit(planted)
  if (problem) return { violation: problem }
  const first = FOUND_AT[planted.name]
  const left = [...(first === undefined ? [] : [first]), ...ALL]
  let found: ShortVerdict | undefined
  const work = {
    take: () => (found ? undefined : left.shift()),
    done: async (verdict: ShortVerdict) => {
      const { seed, violations } = verdict
      // What fails without it too is not this fault.
      if (violations.length > 0 && (await simulate(seed, false)).violations.length === 0) found = verdict
    },
  }
  try {
    await withBundle(planted.edits, (program) => drive(program, work))
  } catch (error) {
    return { violation: String(error).slice(0, 300) }
  }
  if (!found) return { violation: `nothing failed in ${MOST_SEEDS} seeds` }
  return { seed: found.seed, violation: String(found.violations[0]).slice(0, 160) }
}

/** What keeps it from being planted, if anything. */
function misfit({ edits }: Planted): string | undefined {
  for (const { file, find } of edits) {
    const count = readFileSync(join(ROOT, file), 'utf8').split(find).length - 1
    if (count !== 1) return `${JSON.stringify(find)} stands ${count} times in ${file}`
  }
  return undefined
}
