import { readdirSync, readFileSync } from 'node:fs'
import { sha256 } from '../domain/digest.ts'
import { type Digest, parseDigest } from '../domain/ids.ts'

/** Put in by the build: a bundle has no files to look at. */
declare const PROGRAM_DIGEST: string | undefined

/** Everything that decides what is said to a tool, in which order, and what its answers mean. */
const FOLDERS = ['../domain/', './'] as const

let known: Digest | undefined

/**
 * SHA-256 of the program that talks to the tools, part of what an approval binds: what the tool is told is code, not
 * only the shell files are. Another version of it makes older approvals stale.
 */
export function programDigest(): Digest {
  known ??= typeof PROGRAM_DIGEST === 'string' ? parseDigest(PROGRAM_DIGEST) : undefined
  known ??= sha256(FOLDERS.flatMap(filesOf).join('\n'))
  return known
}

function filesOf(folder: string): string[] {
  const place = new URL(folder, import.meta.url)
  const names = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|js|sh|ps1)$/.test(name),
  )
  return names.sort().map((name) => `${name} ${sha256(readFileSync(new URL(name, place)))}`)
}
