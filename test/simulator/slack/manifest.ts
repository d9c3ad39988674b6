import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { isJson, isJsonList, type Json, textAt } from '../json.ts'

/** What the app asked for at installation: nothing else is granted. */
export interface Grants {
  hasScope(scope: string): boolean
  readonly scopes: readonly string[]
  hasCommand(command: string): boolean
  shouldEscape(command: string): boolean
  hasEvent(event: string): boolean
  hasShortcut(callbackId: string): boolean
  readonly interactive: boolean
}

/** Everything is granted: for tests that are not about the manifest. */
export const allGrants: Grants = {
  hasScope: () => true,
  scopes: [],
  hasCommand: () => true,
  shouldEscape: () => false,
  hasEvent: () => true,
  hasShortcut: () => true,
  interactive: true,
}

/** Reads manifest.yml. Throws when it is not a manifest. */
export function readManifest(path: string): Grants {
  const manifest: unknown = parse(readFileSync(path, 'utf8'))
  if (!isJson(manifest)) throw new Error(`${path} is not a manifest`)
  const commands = listAt(manifest, ['features', 'slash_commands'])
  const scopes = listAt(manifest, ['oauth_config', 'scopes', 'bot']).map(String)
  const events = listAt(manifest, ['settings', 'event_subscriptions', 'bot_events']).map(String)
  const find = (command: string) =>
    isJsonList(commands) ? commands.find((entry) => textAt(entry, 'command') === command) : undefined
  return {
    hasScope: (scope) => scopes.includes(scope),
    scopes,
    hasCommand: (command) => scopes.includes('commands') && find(command) !== undefined,
    shouldEscape: (command) => find(command)?.should_escape === true,
    hasEvent: (event) => events.includes(event),
    hasShortcut: (callbackId) =>
      scopes.includes('commands') &&
      listAt(manifest, ['features', 'shortcuts']).some((one) => isJson(one) && one.callback_id === callbackId),
    interactive: at(manifest, ['settings', 'interactivity', 'is_enabled']) === true,
  }
}

function listAt(value: Json, path: readonly string[]): unknown[] {
  const found = at(value, path)
  return Array.isArray(found) ? found : []
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner: unknown, key) => (isJson(inner) ? inner[key] : undefined), value)
}
