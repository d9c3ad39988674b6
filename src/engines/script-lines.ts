import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { BastionFacts, CredentialReference, EngineName } from '../domain/spec.ts'
import type { Fetch, ScriptCall, ScriptLines } from './engine.ts'

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
  return `${['#!/bin/bash', ...[...parts, ...shared].flatMap(scriptLines)].join('\n')}\n`
}

/** The lines of one part, without those that only hold comments. Throws when the file is missing. */
export function scriptLines(part: URL): ScriptLines {
  const lines = readFileSync(part, 'utf8').trimEnd().split('\n')
  return lines.filter((line) => !/^\s*#/.test(line))
}

/** A tool's script with the data of one call. Throws on a value that is not plain. */
export function callOf(tool: EngineName, script: string, data: Readonly<Record<string, string>>): ScriptCall {
  return { tool, data, lines: withData(script, data) }
}

/** In single quotes, for the shell. Throws where that would end them. */
export function quoted(text: string): string {
  if (text.includes("'")) throw new TypeError(`cannot be quoted for the shell: ${text}`)
  return `'${text}'`
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

/** The data of a call that prints one chunk of what an operation printed. */
export function fetchData(
  { stateDir, workDir }: BastionFacts,
  { operation, chunk, seal }: Fetch,
): Readonly<Record<string, string>> {
  return {
    action: 'fetch',
    operation,
    state: stateDir,
    work: workDir,
    chunk: `${chunk}`,
    seal: seal ? 'yes' : 'no',
  }
}

/** A login as the script takes it: whose it must be (or nothing), where it lives, its name there. */
export function loginWord({ source, id }: CredentialReference, user = ''): string {
  return `${user}:${source}:${id}`
}

/** Any text as base64 of gzip. */
export function packed(text: string): string {
  return gzipSync(text, { level: 9 }).toString('base64')
}
