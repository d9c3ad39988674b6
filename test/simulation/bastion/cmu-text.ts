import { createHash } from 'node:crypto'
import type { Random } from '../random.ts'
import type { SimKey, SimUser } from '../world/hsms.ts'

/**
 * What the documents, the logs and the sibling products do not agree on, as in test/simulator/bin/shared/dialect.mjs.
 */
export interface CmuDialect {
  readonly prompt: string
  readonly serverPrompt: string
  readonly adminType: 'PCO' | 'CO'
  readonly isWide: boolean
  readonly hasTwoFactorColumn: boolean
  readonly combinedMarks: boolean
  readonly maskLines: boolean
}

export function cmuDialect(random: Random): CmuDialect {
  return {
    prompt: random.pick(['aws-cloudhsm>', 'aws-cloudhsm> ']),
    serverPrompt: random.pick(['server0>', 'server 0>', 'server>', 'aws-cloudhsm>']),
    adminType: random.pick(['PCO', 'CO']),
    isWide: random.chance(0.5),
    hasTwoFactorColumn: random.chance(0.8),
    combinedMarks: random.chance(0.5),
    maskLines: random.chance(0.5),
  }
}

export interface RunTarget {
  readonly number: number
  readonly ip: string
}

export function usersText({ number, ip }: RunTarget, users: readonly SimUser[], dialect: CmuDialect): string {
  const width = dialect.isWide ? 42 : 22
  const row = (cells: readonly string[]) =>
    `    ${cells[0]}${cells[1]?.padEnd(16)}${cells[2]?.padEnd(width)}${cells[3]}${cells[4]}${dialect.hasTwoFactorColumn ? cells[5] : ''}`
  const head = row([
    'User Id    ',
    '         User Type',
    '       User Name',
    '          MofnPubKey',
    '    LoginFailureCnt',
    '         2FA',
  ])
  const rows = users.map((user) =>
    row([
      `${`${user.id}`.padStart(6)}              `,
      user.type === 'PCO' ? dialect.adminType : user.type,
      user.name,
      (user.type === 'PCO' ? 'YES' : 'NO').padStart(12),
      `${user.failures}`.padStart(16),
      (user.twoFactor ? 'YES' : 'NO').padStart(17),
    ]),
  )
  return lines(`Users on server ${number}(${ip}):`, `Number of users found:${users.length}`, '', head, ...rows)
}

/** One user's keys, with what the user is to each. */
export function keysText(
  { number, ip }: RunTarget,
  {
    user,
    keys,
    users,
  }: { readonly user: SimUser; readonly keys: readonly SimKey[]; readonly users: readonly SimUser[] },
  dialect: CmuDialect,
): string {
  const marked = keys.flatMap((key) => {
    if (key.owner === user.name)
      return [`${key.handle}(${dialect.combinedMarks && key.sharedWith.length > 0 ? 'o,s' : 'o'})`]
    return key.sharedWith.includes(user.name) ? [`${key.handle}(s)`] : []
  })
  const listed =
    marked.length === 0
      ? []
      : [
          `number of keys matched from start index 0::${marked.length}`,
          marked.join(','),
          'Key Hash:',
          keyHash(keys, users),
        ]
  return lines(
    `Keys on server ${number}(${ip}):`,
    `Number of keys found ${marked.length}`,
    ...listed,
    `findAllKeys success on server ${number}(${ip})`,
  )
}

/** Covers owners and shares of all keys, with the users' ids. */
function keyHash(keys: readonly SimKey[], users: readonly SimUser[]): string {
  const ids = new Map(users.map((user) => [user.name, user.id]))
  const rows = keys
    .map((key) => [
      key.handle,
      ids.get(key.owner),
      key.owner,
      ...key.sharedWith.map((name) => `${name}:${ids.get(name)}`),
    ])
    .sort((a, b) => Number(a[0]) - Number(b[0]))
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex')
}

export function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
