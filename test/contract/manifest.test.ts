import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { commandHandlers } from '../../src/adapters/slack/incoming/commands.ts'
import { SYNC_USAGE } from '../../src/adapters/slack/incoming/grammar.ts'
import { manifestRules, scopesOf } from './manifest-rules.ts'

// Is manifest.yml what Slack takes, and exactly what the code uses?

const root = new URL('../../', import.meta.url).pathname
const source = readFileSync(join(root, 'manifest.yml'), 'utf8')

const Manifest = z.object({
  features: z.object({
    slash_commands: z.array(
      z.object({
        command: z.string(),
        description: z.string(),
        url: z.string().optional(),
        usage_hint: z.string().optional(),
      }),
    ),
  }),
  oauth_config: z.object({ scopes: z.record(z.string(), z.array(z.string())) }),
  settings: z.object({
    interactivity: z.object({ is_enabled: z.boolean(), request_url: z.string().optional() }),
    event_subscriptions: z
      .object({ request_url: z.string().optional(), bot_events: z.array(z.string()).default([]) })
      .optional(),
    socket_mode_enabled: z.boolean(),
  }),
})
const manifest = Manifest.parse(parse(source))
const commands = manifest.features.slash_commands
const botScopes = manifest.oauth_config.scopes.bot ?? []

/** All TypeScript below src that talks to Slack. */
const code = [
  join(root, 'src/bot.ts'),
  ...readdirSync(join(root, 'src/adapters/slack'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, 'src/adapters/slack', name)),
]
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')
const methods = [
  ...new Set([...code.matchAll(/\bclient\.((?:[a-z][A-Za-z]*\.)+[a-zA-Z]+)\(/g)].map((found) => found[1] ?? '')),
]

/** What Slack's schema has against a manifest, as `path: words`. */
function wrongIn(text: string): string[] {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(manifestRules)
  if (validate(parse(text))) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`)
}

describe('manifest.yml and Slack', () => {
  it('is what the schema takes', () => {
    expect(wrongIn(source)).toEqual([])
  })

  it.each([
    ['a key that Slack does not know', source.replace('always_online', 'always_onlien')],
    ['a command without its slash', source.replace('command: /hsm-ips', 'command: hsm-ips')],
    ['a name of 36 characters', source.replace('name: HSM Sync', `name: ${'x'.repeat(36)}`)],
    ['a description of 141 characters', source.replace(/description: Keeps.*/, `description: ${'x'.repeat(141)}`)],
    ['an address without TLS', source.replace('url: https:', 'url: http:')],
    ['a scope twice', source.replace('- commands', '- commands\n      - commands')],
  ])('would be refused with %s (so this test can fail)', (_, text) => {
    expect(text).not.toBe(source)
    expect(wrongIn(text)).not.toEqual([])
  })
})

describe('manifest.yml and the code', () => {
  it('has every slash command that is handled, and no other', () => {
    const handled = Object.keys(commandHandlers(Object.create(null)))
    expect(commands.map(({ command }) => command).sort()).toEqual(handled.sort())
  })

  it('asks for the scopes of the methods that are called, and no other', () => {
    const unknown = methods.filter((method) => scopesOf[method] === undefined)
    expect(unknown, 'add these to scopesOf').toEqual([])
    expect(methods.length).toBeGreaterThan(8)
    const needed = new Set(['commands', ...methods.flatMap((method) => scopesOf[method] ?? [])])
    expect([...botScopes].sort()).toEqual([...needed].sort())
    expect(Object.keys(manifest.oauth_config.scopes)).toEqual(['bot'])
  })

  it('subscribes to the events that are listened to, and no other', () => {
    const listened = [...code.matchAll(/\bapp\.event(?:<[^>]*>)?\(\s*'([a-z_.]+)'/g)].map((found) => found[1] ?? '')
    expect([...(manifest.settings.event_subscriptions?.bot_events ?? [])].sort()).toEqual([...new Set(listened)].sort())
  })

  it('has interactivity on: the card is made of buttons', () => {
    expect(manifest.settings.interactivity.is_enabled).toBe(true)
  })
})

describe('manifest.yml and the people who type', () => {
  it.each(commands.map((entry) => [entry.command, entry] as const))('%s says what it does', (_, entry) => {
    expect(entry.description.length).toBeGreaterThan(15)
    expect(entry.url).toBeDefined()
  })

  it('hints at the arguments of every command that takes some', () => {
    const hints = Object.fromEntries(commands.map(({ command, usage_hint }) => [command, usage_hint]))
    expect(hints).toEqual({
      '/hsm-status': '[<cluster>]',
      '/hsm-freeze': '<reason>',
      '/hsm-unfreeze': undefined,
      '/hsm-ips': '<cluster> [<cluster>]',
      '/hsm-sync': SYNC_USAGE.replace('/hsm-sync ', ''),
      '/hsm-requests': '[open|mine|<id> [approve <digest>|reject <reason>|withdraw]]',
      '/hsm-help': undefined,
    })
  })
})

describe('manifest.yml in both modes', () => {
  it('sends everything to the one address the bot listens on', () => {
    const { interactivity, event_subscriptions: events } = manifest.settings
    const urls = [...commands.map(({ url }) => url), interactivity.request_url, ...(events ? [events.request_url] : [])]
    expect(new Set(urls).size).toBe(1)
    expect(urls[0]).toMatch(/^https:\/\/[a-z.-]+\.example\.com\/slack\/events$/)
    expect(manifest.settings.socket_mode_enabled).toBe(false)
  })

  it('is a Socket Mode manifest after the three things its comment says', () => {
    expect(source).toContain(
      'Socket Mode: set socket_mode_enabled to true, delete the url and request_url lines, and make an app-level token with connections:write.',
    )
    const changed = source
      .split('\n')
      .filter((line) => !/^\s*(url|request_url):/.test(line))
      .join('\n')
      .replace('socket_mode_enabled: false', 'socket_mode_enabled: true')
    expect(changed).not.toContain('https://')
    expect(wrongIn(changed)).toEqual([])
    const { settings, features } = Manifest.parse(parse(changed))
    expect(settings).toMatchObject({ socket_mode_enabled: true, interactivity: { is_enabled: true } })
    expect(features.slash_commands).toHaveLength(commands.length)
  })
})
