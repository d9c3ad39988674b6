import { createHash } from 'node:crypto'
import { isLocked, roleOf, type SimKey, type SimUser } from '../world/hsms.ts'

/** An expected "no" of the tool. */
export class Failure extends Error {}

export function answer(data: unknown): string {
  return `${JSON.stringify({ error_code: typeof data === 'string' && data !== 'Logout successful' ? 1 : 0, data }, null, 2)}\n`
}

/** `copies`: the user on each HSM that has it. */
export function userEntry(copies: readonly SimUser[], hsmCount: number): object {
  const [first] = copies
  const locked = copies.filter(isLocked).length
  return {
    username: first?.name,
    role:
      !first || roleOf(first) === undefined
        ? 'internal(APPLIANCE_USER)'
        : roleOf(first) === 'CU'
          ? 'crypto-user'
          : 'admin',
    locked: locked === 0 ? 'false' : locked === copies.length ? 'true' : 'inconsistent',
    mfa: first?.twoFactor ? [{ strategy: 'token-sign', status: 'enabled' }] : [],
    quorum: [],
    'cluster-coverage': copies.length === hsmCount ? 'full' : 'inconsistent',
  }
}

/** What an administrator sees. */
export function plainKey(key: SimKey): object {
  return { 'key-reference': referenceOf(key.handle), attributes: { label: key.label } }
}

/** What an owner sees. `copies`: the key on each HSM that has it. */
export function wholeKey(copies: readonly SimKey[], hsmCount: number): object {
  const [key] = copies
  if (!key) throw new Failure('No key matches the filter')
  const coverage = (count: number) => (count === hsmCount ? 'full' : 'inconsistent')
  const people = (names: readonly string[]) =>
    [...new Set(names)].map((username) => ({
      username,
      'key-coverage': coverage(names.filter((name) => name === username).length),
    }))
  const areEqual = copies.every((copy) => isSameKey(copy, key))
  return {
    'key-reference': referenceOf(key.handle),
    'key-info': {
      'key-owners': people(copies.map(({ owner }) => owner)),
      'shared-users': people(copies.flatMap(({ sharedWith }) => sharedWith)),
      'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
      'cluster-coverage': areEqual ? coverage(copies.length) : 'inconsistent',
    },
    attributes: {
      'key-type': 'aes',
      label: key.label,
      'check-value': checkValueOf(key),
      class: 'secret-key',
    },
  }
}

export function referenceOf(handle: number): string {
  return `0x${handle.toString(16).padStart(16, '0')}`
}

export function isSameKey(a: SimKey, b: SimKey): boolean {
  const identity = ({ handle, owner, sharedWith, label, material }: SimKey) =>
    JSON.stringify([handle, owner, [...sharedWith].sort(), label, material])
  return identity(a) === identity(b)
}

function checkValueOf(key: SimKey): string {
  return `0x${createHash('sha256').update(key.material).digest('hex').slice(0, 6)}`
}
