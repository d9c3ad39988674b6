import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { EnvironmentSchema } from '../../src/config.ts'
import { pairsOf, readDockerfile } from '../harness/dockerfile.ts'
import { flawsOf } from '../harness/dockerfile-rules.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const dockerfile = read('.container/Dockerfile')
const stages = readDockerfile(dockerfile)

/** What the bot reads; what Node.js and AWS's clients read. */
const isKnown = (name: string) => name in EnvironmentSchema.shape || name === 'NODE_ENV' || name.startsWith('AWS_')

describe('the Dockerfile', () => {
  it('has no flaw', () => expect(flawsOf(dockerfile)).toEqual([]))

  it.each([
    ['no tag', (text: string) => text.replaceAll(':24-bookworm-slim', ''), 'DL3006'],
    ['the newest', (text: string) => text.replaceAll(':24-bookworm-slim', ':latest'), 'DL3007'],
    ['a relative WORKDIR', (text: string) => text.replace('WORKDIR /app', 'WORKDIR app'), 'DL3000'],
    ['ADD', (text: string) => text.replace('COPY src src/', 'ADD https://example.com/a.tgz src/'), 'DL3020'],
    ['everything', (text: string) => text.replace('COPY src src/', 'COPY . ./'), 'the whole folder'],
    ['npm install', (text: string) => text.replace('npm ci', 'npm install'), 'DL3016'],
    ['root', (text: string) => text.replace('USER 1000:1000', 'USER root'), 'DL3002'],
    ['no user', (text: string) => text.replace('USER 1000:1000', ''), 'DL3002'],
    ['a shell', (text: string) => text.replace(/ENTRYPOINT .*/, 'ENTRYPOINT node dist/main.js'), 'DL3025'],
    ['no health check', (text: string) => text.replace(/HEALTHCHECK .*\\\n.*/, ''), 'DL3012'],
    ['a secret', (text: string) => text.replace('ENV ', 'ENV SLACK_BOT_TOKEN=xoxb-1 '), 'a secret in ENV'],
  ])('would have one with %s', (_, change, words) => {
    expect(flawsOf(change(dockerfile)).join('\n')).toContain(words)
  })

  it('has one base image in all stages, of a supported Node.js', () => {
    const [base, ...others] = new Set(stages.map((stage) => stage.base))
    expect(others).toEqual([])
    const major = /^node:(\d+)-/.exec(base ?? '')?.[1]
    expect(read('.github/docs/supported-versions.md')).toMatch(new RegExp(`^\\| ${major} \\|`, 'm'))
  })

  it('sets only variables that the bot knows', () => {
    const env = stages.flatMap(({ instructions }) => instructions.filter(({ word }) => word === 'ENV').flatMap(pairsOf))
    expect(env.map(([name]) => name).filter((name) => !isKnown(name))).toEqual([])
  })

  it('is given what it copies, and nothing else', () => {
    const lines = read('.dockerignore').split('\n')
    const given = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
    const copied = stages
      .flatMap(({ instructions }) => instructions)
      .filter(({ word, flags }) => word === 'COPY' && !flags.has('from'))
      .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))
    expect(lines).toContain('*')
    expect(given.sort()).toEqual(copied.sort())
  })
})

describe('compose.yaml', () => {
  const compose = parse(read('.container/compose.yaml'), { merge: true })
  const services: Record<string, Record<string, unknown>> = compose.services
  const bots = Object.entries(services).filter(([name]) => name.startsWith('bot'))

  it('has two replicas on PostgreSQL, and one on SQLite that does not start with them', () => {
    expect(Object.keys(services)).toEqual(['postgres', 'bot-1', 'bot-2', 'bot-sqlite'])
    for (const name of ['bot-1', 'bot-2'])
      expect(services[name]).toMatchObject({ depends_on: { postgres: { condition: 'service_healthy' } } })
    expect(services['bot-sqlite']).toMatchObject({ profiles: ['sqlite'] })
    expect(services['bot-sqlite']).not.toHaveProperty('depends_on')
    expect(services.postgres).toMatchObject({ image: 'postgres:17-bookworm', healthcheck: expect.anything() })
  })

  it.each(bots)('%s may do nothing but its work', (_, bot) => {
    expect(bot).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    expect(bot.volumes).toContain('./config.yml:/config/config.yml:ro')
  })

  it.each(bots)('%s takes its secrets from files that git and the image never see', (_, bot) => {
    expect(bot).not.toHaveProperty('environment')
    expect(bot.env_file).toContain('bot.env')
    expect(read('.gitignore').split('\n')).toContain('.container/*.env')
  })

  it.each(bots)('%s publishes its port on this machine only', (_, bot) => {
    expect(bot.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+:3000$/)])
  })
})

describe('the pages that say how to run it', () => {
  it.each(['run-vm', 'run-container', 'run-replicas'])('%s names only variables that the bot knows', (page) => {
    const blocks = [...read(`.github/docs/${page}.md`).matchAll(/^```ini\n([\s\S]*?)```/gm)].map(([, text]) => text)
    const names = [...blocks.join('\n').matchAll(/^(?:Environment=)?([A-Z][A-Z_]+)=/gm)].map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !isKnown(name) && !name.startsWith('POSTGRES_'))).toEqual([])
  })
})
