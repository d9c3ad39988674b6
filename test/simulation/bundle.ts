import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Edit } from './planted.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Native. */
const OUTSIDE = ['@photostructure/sqlite']

/** CommonJS inside of ESM: what it requires at run time is found from there. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/**
 * Makes the simulation's worker, of the source with these edits, one file, which starts at once. It is there while it
 * is used.
 */
export async function withBundle<Answer>(
  edits: readonly Edit[],
  use: (program: string) => Promise<Answer>,
): Promise<Answer> {
  // There, so that packages are found.
  const place = mkdtempSync(join(ROOT, 'node_modules', '.simulation-'))
  try {
    const program = join(place, 'simulation.mjs')
    await build({
      entryPoints: [join(ROOT, 'test/simulation/worker.ts')],
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      mainFields: ['module', 'main'],
      external: OUTSIDE,
      banner: { js: REQUIRE },
      plugins: [sourceWith(edits)],
      logLevel: 'warning',
    })
    return await use(program)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

function sourceWith(edits: readonly Edit[]): Plugin {
  return {
    name: 'source with edits',
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
}
