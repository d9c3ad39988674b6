import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programDigest } from '../../src/engines/program.ts'
import { type BotProcess, freePort, startBotProcess } from '../harness/bot-process.ts'
import { readDockerfile } from '../harness/dockerfile.ts'
import { buildInFolders, onThisMachine, type ScratchImage } from '../harness/scratch-image.ts'
import { configFor, until } from '../harness/stage.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'

// No container engine is needed: the Dockerfile's own steps are taken in folders, and what its last stage holds is
// started from there, as its user. What only an engine can tell: the base image, and the read-only root itself.

const ROOT = new URL('../..', import.meta.url).pathname
const place = mkdtempSync(join(tmpdir(), 'hsm-sync-image-'))
let image: ScratchImage
let simulator: Simulator

beforeAll(async () => {
  // The image's user is another: it must get through to what it may read.
  chmodSync(place, 0o755)
  simulator = await startSimulator({
    seed: 1,
    manifest: join(ROOT, 'manifest.yml'),
    world: twoClusters(),
    bastions: 'in memory',
  })
  const stages = readDockerfile(readFileSync(join(ROOT, '.container/Dockerfile'), 'utf8'))
  image = await buildInFolders(stages, { context: contextOf(), place })
  mkdirSync(join(image.root, 'config'))
  writeFileSync(join(image.root, 'config/config.yml'), configFor(simulator, {}))
  chmodSync(app(), 0o555)
}, 180_000)

afterAll(async () => {
  await simulator?.stop()
  if (image) chmodSync(app(), 0o755)
  rmSync(place, { recursive: true, force: true })
})

/** What the .dockerignore lets into the build, and nothing else. */
function contextOf(): string {
  const context = join(place, 'context')
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n')
  for (const path of lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))) {
    mkdirSync(dirname(join(context, path)), { recursive: true })
    cpSync(join(ROOT, path), join(context, path), { recursive: true })
  }
  return context
}

const app = () => join(image.root, image.workdir)

/** Root can be the image's user; anybody else is as good a user without rights. */
function user() {
  const [uid = 0, gid = 0] = (image.user ?? '').split(':').map(Number)
  return process.getuid?.() === 0 ? { uid, gid } : undefined
}

/** The variables of the image, and nothing that it could not have. */
function environment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(image.env).map(([name, value]) => [name, onThisMachine(value, image.root)])
  return { ...Object.fromEntries(own), HOME: '/nonexistent', TMPDIR: '/nonexistent', HOST: '127.0.0.1', ...settings }
}

/** Runs `node …` to its end, as the container would. */
function inContainer(words: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const options = { cwd: app(), env: environment(settings), encoding: 'utf8', timeout: 60_000, ...user() } as const
  return spawnSync(process.execPath, words.slice(1), options)
}

const files = () =>
  readdirSync(image.root, { recursive: true })
    .map(String)
    .filter((path) => !path.startsWith('data/'))
    .sort()

describe('the image', () => {
  it('holds the bot, what it needs at run time, and nothing else', () => {
    expect(readdirSync(app()).sort()).toEqual(['dist', 'node_modules', 'package.json'])
    expect(readdirSync(image.root).sort()).toEqual(['app', 'config', 'data'])
    const modules = readdirSync(join(app(), 'node_modules'))
    expect(modules).toEqual(expect.arrayContaining(['pg', '@photostructure']))
    for (const name of ['esbuild', 'tsx', 'vitest', 'typescript']) expect(modules).not.toContain(name)
  })

  it('was built from this source', () => {
    const dist = join(app(), 'dist')
    const files = readdirSync(dist).filter((name) => name.endsWith('.js'))
    const digest = programDigest()
    expect(files.some((name) => readFileSync(join(dist, name), 'utf8').includes(digest))).toBe(true)
  })

  it('says what is missing when it is started without settings', () => {
    const { status, stderr } = inContainer(image.entrypoint)
    expect(status).toBe(1)
    expect(stderr).toContain('SLACK_BOT_TOKEN is missing')
    expect(stderr).not.toContain('config.yml')
  })
})

describe('a container of it', () => {
  let bot: BotProcess
  let ports: { readonly PORT: string; readonly METRICS_PORT: string }
  let before: readonly string[]
  const health = (settings: Readonly<Record<string, string>>) => inContainer(image.healthcheck, settings).status

  beforeAll(async () => {
    before = files()
    ports = { PORT: String(await freePort()), METRICS_PORT: String(await freePort()) }
    const [node, main = ''] = image.entrypoint
    expect(node).toBe('node')
    const as = user()
    bot = await startBotProcess(environment({ ...simulator.environment({}), ...ports }), app(), {
      main,
      ...(as ? { as } : {}),
    })
    simulator.slack.connectTo(`${bot.url}/slack/events`)
  })
  afterAll(() => bot?.stop())

  it('is healthy and ready', async () => {
    expect(health(ports)).toBe(0)
    await expect(fetch(`${bot.pagesUrl}/readyz`)).resolves.toHaveProperty('status', 200)
  })

  it('is asked for its health where it serves the pages', () => {
    expect(health({ PORT: ports.METRICS_PORT })).toBe(0)
    expect(health({ PORT: ports.PORT })).toBe(1)
  })

  it('answers people from Slack with what AWS says', async () => {
    await simulator.slack.command(people.requester, channels.route, '/hsm-ips', 'prod-us')
    const told = () => simulator.slack.ephemerals(people.requester).map(({ blocks }) => JSON.stringify(blocks))
    await until(() => told().find((text) => text.includes('10.0.1.7')), 'the HSMs')
  })

  it('ends at SIGTERM, is unhealthy then, and has written to /data only', async () => {
    await expect(bot.stop('SIGTERM')).resolves.toBe(0)
    expect(health(ports)).toBe(1)
    expect(readdirSync(join(image.root, 'data'))).toContain('bot.sqlite')
    expect(files()).toEqual(before)
  })

  it('checks its record', () => {
    const { status, stdout } = inContainer([...image.entrypoint, 'audit', 'verify'])
    expect(stdout).toMatch(/^whole: \d+ rows/)
    expect(status).toBe(0)
  })
})
