import type { HsmUser, KeyMark, Role } from '../../domain/inventory.ts'

export interface KeyListing {
  /** The server the listing names, where it names one. */
  readonly server: number | undefined
  readonly keys: readonly KeyMark[]
  readonly keyHash?: string
}

const USERS_HEAD = /Users on server (\d+)\b/
const USERS_FOUND = /Number of users found\s*:?\s*(\d+)/
// Column widths differ between versions, the last column is missing in the oldest: split on white space.
const USER_ROW = /^\s*(\d+)\s+(PRECO|PCO|CO|CU|AU)\s+(\S+)\s+(?:YES|NO)\s+(\d+)(?:\s+(YES|NO))?\s*$/
const ROLES: Readonly<Record<string, Role>> = { PCO: 'CO', CO: 'CO', CU: 'CU' }

/**
 * The users of every server in a `listUsers` answer; `undefined` if a server stands twice or a row is missing. AU and
 * PRECO are left out.
 */
export function parseUsers(text: string): ReadonlyMap<number, readonly HsmUser[]> | undefined {
  const servers = new Map<number, HsmUser[]>()
  for (const block of blocksOf(text, USERS_HEAD)) {
    const number = Number(block.head)
    const found = firstNumber(block.lines, USERS_FOUND)
    const users = block.lines.flatMap(parseUserRow)
    const rowCount = block.lines.filter((line) => USER_ROW.test(line)).length
    // Fewer rows than counted: something is lost. More: AWS's own pages show wrong counts.
    if (servers.has(number) || found === undefined || rowCount < found) return undefined
    servers.set(number, users)
  }
  return servers.size > 0 ? servers : undefined
}

function parseUserRow(line: string): HsmUser[] {
  const [, id, type, name, failures, factor] = USER_ROW.exec(line) ?? []
  const role = ROLES[type ?? '']
  if (!role || !name) return []
  const second = factor === undefined ? {} : { hasSecondFactor: factor === 'YES' }
  return [{ id: Number(id), name: name.toLowerCase(), role, failedLogins: Number(failures), ...second }]
}

const KEYS_HEAD = /Keys on server (\d+)\b/
const KEYS_FOUND = /Number of keys found\s*:?\s*(\d+)/
const KEY_TOKEN = /(\d+)(?:\(([os,]+)\))?/g
// Handles have 32 bits: more digits are something else, such as a Key Hash without letters.
const KEY_LINE = /^\s*\d{1,10}(?:\([os,]+\))?(?:\s*,\s*\d{1,10}(?:\([os,]+\))?)*\s*,?\s*$/
const HASH = /^\s*([0-9a-fA-F]{64})\s*$/m

/**
 * One user's keys in a `findAllKeys` answer from server mode; `undefined` without the success line or with fewer keys
 * than counted.
 */
export function parseKeys(text: string): KeyListing | undefined {
  const lines = text.split(/\r?\n/)
  if (!/^findAllKeys success\b/m.test(text)) return undefined
  const found = firstNumber(lines, KEYS_FOUND)
  const keys = lines.filter((line) => KEY_LINE.test(line)).flatMap(parseKeyLine)
  if (found === undefined || keys.length < found) return undefined
  const server = KEYS_HEAD.exec(text)?.[1]
  const hash = HASH.exec(text)?.[1]
  return {
    server: server === undefined ? undefined : Number(server),
    keys,
    ...(hash ? { keyHash: hash.toLowerCase() } : {}),
  }
}

function parseKeyLine(line: string): KeyMark[] {
  return [...line.matchAll(KEY_TOKEN)].map(([, handle, marks = '']) => ({
    handle: Number(handle),
    mark: marks.includes('o') ? 'owned' : marks.includes('s') ? 'shared' : 'none',
  }))
}

function firstNumber(lines: readonly string[], pattern: RegExp): number | undefined {
  for (const line of lines) {
    const found = pattern.exec(line)?.[1]
    if (found !== undefined) return Number(found)
  }
  return undefined
}

function blocksOf(text: string, head: RegExp): { head: string; lines: string[] }[] {
  const blocks: { head: string; lines: string[] }[] = []
  for (const line of text.split(/\r?\n/)) {
    const number = head.exec(line)?.[1]
    if (number !== undefined) blocks.push({ head: number, lines: [] })
    else blocks.at(-1)?.lines.push(line)
  }
  return blocks
}
