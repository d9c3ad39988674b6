import { sha256 } from '../shared/late.mjs'

/** `0x` and 16 hex digits. */
export function referenceOf(handle) {
  return `0x${handle.toString(16).padStart(16, '0')}`
}

/** What makes keys under one reference the same key. */
export function isSameKey(one, other) {
  return identity(one) === identity(other)
}

function identity(key) {
  const users = [key.owner, ...[...key.sharedWith].sort()].map((name) => name.toLowerCase())
  return JSON.stringify([key.handle, users, key.label, key.material, typeOf(key), classOf(key), key.public === true])
}

export function mayUse(key, { name, role }) {
  if (role === 'admin' || key.public) return true
  return [key.owner, ...key.sharedWith].some((user) => user.toLowerCase() === name)
}

export function describePlainly(key) {
  return { 'key-reference': referenceOf(key.handle), attributes: { label: key.label } }
}

/** With owners, shares and attributes. `copies` is the same key on each HSM that has it. */
export function describeFully(copies, hsmCount) {
  const [key] = copies
  const coverage = (count) => (count === hsmCount ? 'full' : 'inconsistent')
  const users = (names) =>
    [...new Set(names)].map((username) => ({
      username: username.toLowerCase(),
      'key-coverage': coverage(names.filter((name) => name === username).length),
    }))
  const areEqual = copies.every((copy) => isSameKey(copy, key))
  return {
    'key-reference': referenceOf(key.handle),
    'key-info': {
      'key-owners': users(copies.map(({ owner }) => owner)),
      'shared-users': users(copies.flatMap(({ sharedWith }) => sharedWith)),
      'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
      'cluster-coverage': areEqual ? coverage(copies.length) : 'inconsistent',
    },
    attributes: attributesOf(key),
  }
}

function attributesOf(key) {
  const isPublic = key.public === true
  return {
    'key-type': typeOf(key),
    label: key.label,
    id: '0x',
    'check-value': checkValueOf(key),
    class: classOf(key),
    token: true,
    private: !isPublic,
    encrypt: true,
    decrypt: !isPublic,
    sign: !isPublic,
    verify: true,
    wrap: true,
    unwrap: !isPublic,
    derive: false,
    destroyable: true,
    extractable: true,
    'never-extractable': false,
    local: true,
    modifiable: true,
    sensitive: !isPublic,
    'always-sensitive': !isPublic,
    trusted: false,
    'wrap-with-trusted': false,
  }
}

function checkValueOf(key) {
  return `0x${sha256(key.material).slice(0, 6)}`
}

function typeOf(key) {
  return key.keyType ?? (key.public ? 'rsa' : 'aes')
}

function classOf(key) {
  return key.class ?? (key.public ? 'public-key' : 'secret-key')
}
