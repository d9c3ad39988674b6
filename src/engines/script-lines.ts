import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { BastionFacts, CredentialReference } from '../domain/spec.ts'
import type { Fetch, ScriptLines } from './engine.ts'

/**
 * Values go into single quotes, so nothing that could end them; no braces, because SSM replaces `{{…}}` in parameters.
 */
const PLAIN = /^[A-Za-z0-9_./:@=+,!\\ -]*$/

/**
 * A tool's parts, then the parts that all tools share: one script, without the lines that only hold comments, since SSM
 * takes little. Throws when a file is missing.
 */
export function bastionScript(...parts: readonly URL[]): string {
  const shared = ['./operation.sh', './bastion.sh'].map((name) => new URL(name, import.meta.url))
  const texts = [...parts, ...shared].map((part) => readFileSync(part, 'utf8').trimEnd())
  const [shebang, ...lines] = texts.join('\n').split('\n')
  return `${[shebang, ...lines.filter((line) => !/^\s*#/.test(line))].join('\n')}\n`
}

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

/** The script that prints one chunk of what an operation printed. */
export function fetchLines(
  script: string,
  { stateDir, workDir }: BastionFacts,
  { operation, chunk, seal }: Fetch,
): ScriptLines {
  return withData(script, {
    action: 'fetch',
    operation,
    state: stateDir,
    work: workDir,
    chunk: `${chunk}`,
    seal: seal ? 'yes' : 'no',
  })
}

/** A login as the script takes it: whose it must be (or nothing), where it lives, its name there. */
export function loginWord({ source, id }: CredentialReference, user = ''): string {
  return `${user}:${source}:${id}`
}

/** Any text as base64 of gzip. */
export function packed(text: string): string {
  return gzipSync(text, { level: 9 }).toString('base64')
}
