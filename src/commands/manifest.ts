import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { slackManifest } from '../slack-manifest.ts'

const USAGE = 'usage: node dist/main.js manifest [--mode http --url https://… | --mode socket]'

/** `manifest`: what Slack takes at "Create an app from a manifest". Answers the exit code: 2 for wrong words. */
export function manifestCommand(words: readonly string[], print: (line: string) => void): number {
  const options = { mode: { type: 'string', default: 'http' }, url: { type: 'string' } } as const
  const parsed = attempt(() => parseArgs({ args: [...words], options }).values)
  const { mode, url } = parsed ?? {}
  if (mode === 'socket' && url === undefined) return printed(stringify(slackManifest({ kind: 'socket' })), print)
  if (mode !== 'http') return printed(USAGE, print, 2)
  if (url === undefined || !/^https:\/\/[^/\s]+\/?$/.test(url)) {
    print('--url: expected the address at which Slack reaches the bot, https:// and a host, without a path')
    return printed(USAGE, print, 2)
  }
  return printed(stringify(slackManifest({ kind: 'http', url })), print)
}

function printed(text: string, print: (line: string) => void, code = 0): number {
  print(text.trimEnd())
  return code
}

function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
