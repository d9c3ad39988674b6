import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Source {
  readonly path: string
  readonly text: string
  /** What it imports: paths from the repository's root, or package names. */
  readonly imports: readonly string[]
}

function sourcesBelow(folder: string): Source[] {
  const place = join(ROOT, folder)
  if (!existsSync(place)) throw new Error(`there is no ${folder}`)
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.m?[tj]s$/.test(entry.name))
    .map((entry) => {
      const path = relative(ROOT, join(entry.parentPath, entry.name))
      const text = readFileSync(join(ROOT, path), 'utf8')
      return { path, text, imports: importsOf(text).map((name) => resolved(path, name)) }
    })
}

/** Static imports, re-exports and dynamic imports. */
function importsOf(text: string): string[] {
  const statements =
    /^(?:import|export)\b[^'"=;]*?\bfrom ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]/gm
  return [...text.matchAll(statements)].flatMap(([, from, effect, dynamic]) => from ?? effect ?? dynamic ?? [])
}

function resolved(from: string, name: string): string {
  return name.startsWith('.') ? join(dirname(from), name) : name
}

/** Files that import each other in a circle, each circle once, from where it was entered. */
function circlesIn(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map((source) => [source.path, source.imports]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) circles.push([...trail.slice(at), path].join(' → '))
    if (at >= 0 || done.has(path)) return
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  return circles
}

/** Each wall, and everything that may be imported behind it. */
const WALLS: readonly [string, RegExp][] = [
  // SHA-256 is a function of its input.
  ['src/domain', /^src\/domain\/|^node:crypto$/],
  // An engine reads its own script, once, and what its tool printed.
  ['src/engines', /^src\/(domain|engines)\/|^node:(zlib|fs)$|^zod$/],
  [
    'src/application',
    /^src\/(domain|application)\/|^src\/engines\/(engine|locked-document|printed|slices)\.ts$|^src\/log\.ts$/,
  ],
  ['src/adapters', /^(?!src\/(main|bot)\.ts$)(?!test\/)/],
  ['test/simulator', /^(?!src\/)/],
]

describe('the arrows of the design (section 8)', () => {
  for (const [folder, allowed] of WALLS) {
    it(`${folder} imports only what it may`, () => {
      const wrong = sourcesBelow(folder).flatMap(({ path, imports }) =>
        imports.filter((name) => !allowed.test(name)).map((name) => `${path} imports ${name}`),
      )
      expect(wrong).toEqual([])
    })
  }

  it('no file imports itself by way of others', () => {
    expect(circlesIn(sourcesBelow('src'))).toEqual([])
  })

  it('src imports nothing from test', () => {
    const wrong = sourcesBelow('src').filter(({ imports }) => imports.some((name) => name.startsWith('test/')))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('only main.ts imports the composition root', () => {
    const users = sourcesBelow('src').filter(({ imports }) => imports.includes('src/bot.ts'))
    expect(users.map(({ path }) => path)).toEqual(['src/main.ts'])
  })

  it('Slack and AWS packages are known to adapters and the composition root only', () => {
    const users = sourcesBelow('src').filter(({ imports }) => imports.some((name) => /^@(slack|aws-sdk)\//.test(name)))
    expect(users.map(({ path }) => path).filter((path) => !path.startsWith('src/adapters/'))).toEqual([])
  })
})

it('comments keep to 120 columns', () => {
  const scripts = readdirSync(join(ROOT, 'src/engines'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sh'))
    .map((name) => ({ path: name, text: readFileSync(join(ROOT, 'src/engines', name), 'utf8') }))
  const long = [...sourcesBelow('src'), ...scripts].flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, at) => (/^\s*(\/\/|\/?\*|# )/.test(line) && line.length > 120 ? `${path}:${at + 1}` : [])),
  )
  expect(long).toEqual([])
})

const AMBIENT =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bprocess\.|\bset(?:Timeout|Interval|Immediate)\b|\bglobalThis\b|\brandomUUID\b|\brandomBytes\b/

describe('no ambient time, randomness or environment', () => {
  it.each(['src/domain', 'src/engines', 'src/application'])('in %s', (folder) => {
    const users = sourcesBelow(folder).filter(({ text }) => AMBIENT.test(text))
    expect(users.map(({ path }) => path)).toEqual([])
  })

  it('process is used by main.ts only', () => {
    const users = sourcesBelow('src').filter(({ text }) => /\bprocess\.\w/.test(text))
    expect(users.map(({ path }) => path)).toEqual(['src/main.ts'])
  })
})

describe('this test itself', () => {
  it('sees imports in every form', () => {
    const text = `import type { A } from './a.ts'\nimport b, {\n  c,\n} from "./b.ts"\nexport { d } from './d.ts'\nimport './e.ts'\nawait import('./f.ts')\nexport * from './g.ts'\nconst x = 'from ./h.ts'\n`
    expect(importsOf(text).sort()).toEqual(['./a.ts', './b.ts', './d.ts', './e.ts', './f.ts', './g.ts'])
  })
  it('finds files behind every wall', () => {
    for (const [folder] of WALLS) expect(sourcesBelow(folder).length).toBeGreaterThan(5)
  })
})
