import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Platform } from '../domain/platform.ts'
import type { BastionFacts, CredentialReference, EngineName } from '../domain/spec.ts'
import type { Fetch, ScriptCall, ScriptLines } from './engine.ts'

/**
 * Values go into single quotes, so nothing that could end them; no braces, because SSM replaces `{{…}}` in parameters.
 */
const PLAIN = /^[A-Za-z0-9_./:@=+,!\\ -]*$/

/** Bash takes it as it is. PowerShell does not look at how far a line is set in, and SSM takes little. */
export interface Script {
  readonly platform: Platform
  readonly text: string
}

/** The parts that all tools share, in their order. */
const SHARED: Readonly<Record<Platform, readonly string[]>> = {
  linux: ['./operation.sh', './bastion.sh'],
  windows: ['./files.ps1', './operation.ps1', './login.ps1', './pipes.ps1', './bastion.ps1'],
}

/**
 * A tool's parts, then the parts that all tools share: one script, without the lines that only hold comments, since SSM
 * takes little. Throws when a file is missing.
 */
export function bastionScript(platform: Platform, ...parts: readonly URL[]): Script {
  const lines = [...parts.flatMap(scriptLines), ...sharedLines(platform)]
  return { platform, text: `${[...(platform === 'linux' ? ['#!/bin/bash'] : []), ...lines].join('\n')}\n` }
}

/** The lines of the parts that all tools share. */
export function sharedLines(platform: Platform): ScriptLines {
  return SHARED[platform].flatMap((name) => scriptLines(new URL(name, import.meta.url)))
}

/**
 * The lines of one part, without those that only hold comments, and in PowerShell not set in. Throws when the file is
 * missing.
 */
export function scriptLines(part: URL): ScriptLines {
  const lines = readFileSync(part, 'utf8').trimEnd().split('\n')
  const code = lines.filter((line) => !/^\s*#/.test(line))
  return part.pathname.endsWith('.ps1') ? code.flatMap((line) => line.trim() || []) : code
}

/** A tool's script with the data of one call. Throws on a value that is not plain. */
export function callOf(tool: EngineName, script: Script, data: Readonly<Record<string, string>>): ScriptCall {
  return { tool, data, lines: withData(script, data) }
}

/** In single quotes, for bash or PowerShell. Throws where that would end them. */
export function quoted(text: string): string {
  if (text.includes("'")) throw new TypeError(`cannot be quoted for the shell: ${text}`)
  return `'${text}'`
}

/**
 * A script with its data in one line: after bash's own first line as `set -- …`, before PowerShell's as an array.
 * Throws on a value that is not plain; content of any kind goes in through `packed`.
 */
export function withData({ platform, text }: Script, data: Readonly<Record<string, string>>): ScriptLines {
  const words = Object.entries(data).map(([name, value]) => {
    if (!PLAIN.test(value)) throw new TypeError(`not a plain value for the bastion script: ${name}`)
    return `'${name}=${value}'`
  })
  const lines = text.trimEnd().split('\n')
  if (platform === 'windows') return [`$data = @(${words.join(', ')})`, ...lines]
  const [shebang = '', ...rest] = lines
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
