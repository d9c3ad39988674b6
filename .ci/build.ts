// Makes dist/: the whole bot in a few files, so that it starts fast. What is loaded late (Slack, AWS, a database's
// client) stays in files of its own. Types are checked elsewhere (`npm run check`). tsx runs it, because the digest of
// the program is made by the program's own source.
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { programDigest } from '../src/engines/program.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'src')
const dist = join(root, 'dist')

/** Native, or found by name at run time: they stay in node_modules. */
const OUTSIDE = ['@photostructure/sqlite', 'pg', 'pg-native']

/** CommonJS inside of ESM: what it requires at run time is found from dist/. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** A module of ours that reads a file beside itself finds it at the same place under dist/. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!path.startsWith(source) || !text.includes('import.meta.url')) return undefined
      const place = JSON.stringify(relative(source, path).replace(/\.ts$/, '.js'))
      return { contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`), loader: 'ts' }
    })
  },
}

/** Stack traces lead to our source. Maps of others' code would be ten times as large, and nobody reads them. */
const onlyOwnMaps: Plugin = {
  name: 'only own maps',
  setup({ onLoad }) {
    const none = Buffer.from('{"version":3,"sources":["others"],"mappings":"AAAA"}').toString('base64')
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, 'utf8')}\n//# sourceMappingURL=data:application/json;base64,${none}`,
      loader: 'js',
    }))
  },
}

await rm(dist, { recursive: true, force: true })
await Promise.all([
  build({
    entryPoints: [join(source, 'main.ts')],
    outdir: dist,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // Modules where a package has both: of AWS's clients only the commands that are used come along.
    mainFields: ['module', 'main'],
    target: 'node20',
    external: OUTSIDE,
    chunkNames: '[name]-[hash]',
    minifyWhitespace: true,
    legalComments: 'none',
    sourcemap: true,
    sourcesContent: false,
    banner: { js: REQUIRE },
    define: { PROGRAM_DIGEST: JSON.stringify(programDigest()) },
    plugins: [ownPlaces, onlyOwnMaps],
    logLevel: 'warning',
  }),
  copyBastionScripts(),
])

/** The bastion scripts, readable, where their modules look for them. */
async function copyBastionScripts(): Promise<void> {
  const names = await readdir(source, { recursive: true })
  for (const name of names.filter((file) => /\.(sh|ps1)$/.test(file))) {
    await mkdir(dirname(join(dist, name)), { recursive: true })
    await cp(join(source, name), join(dist, name))
  }
}
