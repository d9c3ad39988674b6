import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { MOST_SEEDS, PLANTED, type Planted } from './planted.ts'
import { simulate } from './run.ts'
import { FOUND_AT } from './seeds.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const ALL = `1-${MOST_SEEDS}`
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
  // There, so that packages are found.
  const place = mkdtempSync(join(ROOT, 'node_modules', '.planted-'))
  try {
    const program = join(place, 'simulation.mjs')
    await plant(program, planted)
    const skipped: number[] = []
    const first = FOUND_AT[planted.name]
    for (let range = first === undefined ? ALL : `${first}-${first}`; ; ) {
      const output = await simulateWith(program, ['--seeds', range, '--first-only', '--skip', skipped.join(',')])
      const [, number, violation] = /^seed (\d+) \(.*\):\n +(.*)$/m.exec(output) ?? []
      const seed = Number(number)
      if (number === undefined && range === ALL) return { violation: output.trim().slice(-300) }
      // What fails without it too is not this fault.
      const isIts = number !== undefined && (await simulate(seed, false)).violations.length === 0
      if (isIts) return { seed, violation: (violation ?? '').slice(0, 160) }
      if (number !== undefined) skipped.push(seed)
      range = ALL
    }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** What keeps it from being planted, if anything. */
function misfit({ edits }: Planted): string | undefined {
  for (const { file, find } of edits) {
    const count = readFileSync(join(ROOT, file), 'utf8').split(find).length - 1
    if (count !== 1) return `${JSON.stringify(find)} stands ${count} times in ${file}`
  }
  return undefined
}

/** Makes the simulation of the source with these edits: one file, which starts at once. */
async function plant(program: string, { edits }: Planted): Promise<void> {
  const source: Plugin = {
    name: 'source with a fault',
    setup({ onLoad }) {
      onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        const own = edits.filter(({ file }) => file === relative(ROOT, path))
        const edited = own.reduce((before, { find, replace }) => before.replace(find, () => replace), text)
        // What a module reads beside itself it finds where its source is.
        return {
          contents: edited.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
          loader: 'ts',
        }
      })
    },
  }
  await build({
    entryPoints: [join(ROOT, 'test/simulation/main.ts')],
    outfile: program,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [source],
    logLevel: 'warning',
  })
}

function simulateWith(program: string, words: readonly string[]): Promise<string> {
  const limits = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], limits, (_error, stdout, stderr) => resolve(`${stdout}${stderr}`))
  })
}
