import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { programDigest } from '../../src/engines/program.ts'
import { configFor } from '../harness/stage.ts'
import { startSimulator } from '../simulator/index.ts'
import { twoClusters } from '../simulator/worlds.ts'

// What `npm run build` makes. Process tests run it; here is what they would not notice.

const root = new URL('../..', import.meta.url).pathname
const dist = join(root, 'dist')
const folder = mkdtempSync(join(tmpdir(), 'hsm-sync-build-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A built file and all that is read with it before its first line runs. */
function readWith(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(join(dist, file), 'utf8')
  for (const [, next = ''] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) readWith(next, seen)
  return seen
}

function built(start: string): string {
  const file = readdirSync(dist).find((name) => name.startsWith(start) && name.endsWith('.js'))
  if (!file) throw new Error(`no ${start} in dist`)
  return file
}

describe('the built bot', () => {
  it('has the bastion scripts byte for byte', () => {
    const scripts = (place: string) => readdirSync(place, { recursive: true }).map(String).filter(isScript).sort()
    expect(scripts(dist)).toEqual(scripts(join(root, 'src')))
    for (const name of scripts(dist))
      expect(readFileSync(join(dist, name))).toEqual(readFileSync(join(root, 'src', name)))
  })

  it('holds the digest of the program that it was made of', () => {
    const bot = [...readWith(built('bot-'))].map((file) => readFileSync(join(dist, file), 'utf8'))
    expect(bot.some((text) => text.includes(programDigest()))).toBe(true)
  })

  it('reads neither Slack nor AWS for the record, nor to say that a setting is wrong', () => {
    const allOf = (start: string) =>
      [...readWith(start)].map((file) => readFileSync(join(dist, file), 'utf8')).join('\n')
    for (const start of ['main.js', built('audit-')]) {
      const text = allOf(start)
      expect(text).not.toMatch(/node_modules\/@slack\/|SendCommandCommand|DescribeClustersCommand/)
      expect(text.length).toBeLessThan(2_000_000)
    }
    const bot = allOf(built('bot-'))
    for (const library of [/node_modules\/@slack\//, /SendCommandCommand/, /DescribeClustersCommand/])
      expect(library.test(bot)).toBe(true)
  })

  it('needs nothing of the repository but dist, node_modules and package.json', async () => {
    cpSync(dist, join(folder, 'dist'), { recursive: true })
    cpSync(join(root, 'package.json'), join(folder, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const simulator = await startSimulator({ seed: 1, manifest: join(root, 'manifest.yml'), world: twoClusters() })
    writeFileSync(join(folder, 'config.yml'), configFor(simulator, {}))
    const { stderr, status } = inNode([join(folder, 'dist', 'main.js')], {
      ...simulator.environment({}),
      HOST: '127.0.0.1',
      PORT: new URL(simulator.slack.apiUrl).port,
      DATABASE_URL: 'sqlite::memory:',
    })
    await simulator.stop()
    // It listens last, after the database was opened and the bastion scripts were read: here somebody else has the
    // port.
    expect(stderr).toMatch(/could not start: .*EADDRINUSE/)
    expect(status).toBe(1)
  })

  it('has stack traces that name the source', () => {
    const program = `process.setSourceMapsEnabled(true)
      const { startBot } = await import(${JSON.stringify(join(dist, built('bot-')))})
      await startBot({}, {})`
    expect(inNode(['--input-type=module', '--eval', program]).stderr).toMatch(/at .*startBot .*src\/bot\.ts:\d+/)
  })
})

function isScript(name: string): boolean {
  return name.endsWith('.sh')
}

function inNode(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, words, { cwd: folder, env, encoding: 'utf8', timeout: 60_000 })
}
