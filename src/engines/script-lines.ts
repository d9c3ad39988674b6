import { gzipSync } from 'node:zlib'
import type { ScriptLines } from './engine.ts'

/** Values go into single quotes, so nothing that could end them; no braces, because SSM replaces `{{…}}` in parameters. */
const PLAIN = /^[A-Za-z0-9_./:@=+,\\ -]*$/

/**
 * A script with its data: the script's own first line, one `set --` line with the values, then the script unchanged.
 * Throws on a value that is not plain; content of any kind goes in through `packed`.
 */
export function withData(script: string, data: Readonly<Record<string, string>>): ScriptLines {
  const words = Object.entries(data).map(([name, value]) => {
    if (!PLAIN.test(value)) throw new TypeError(`not a plain value for the bastion script: ${name}`)
    return `'${name}=${value}'`
  })
  const [shebang = '', ...rest] = script.trimEnd().split('\n')
  return [shebang, `set -- ${words.join(' ')}`, ...rest]
}

/** Any text as base64 of gzip. */
export function packed(text: string): string {
  return gzipSync(text, { level: 9 }).toString('base64')
}
