import { Failure } from './answer.mjs'

export const filterOption = { value: 'FILTER', many: true, pattern: /^(key-reference|attr\.[a-z-]+)=./ }

/** A claim about a key, from `key-reference=0x…` and `attr.label=…`; all of them must hold. */
export function filterFrom(texts = []) {
  const claims = texts.map(claimOf)
  return (key) => claims.every((claim) => claim(key))
}

/** Whether the filter names a key by its reference: a label may well be another key's tomorrow. */
export function isByReference(texts) {
  return texts.some((text) => text.startsWith('key-reference='))
}

function claimOf(text) {
  const [, name, value] = text.match(/^([^=]+)=(.*)$/s)
  if (name === 'key-reference') {
    if (!/^0x[0-9a-f]{1,16}$/i.test(value)) throw new Failure(`Invalid key reference: ${value}`)
    return (key) => BigInt(key.handle) === BigInt(value)
  }
  if (name === 'attr.label') return (key) => key.label === value
  throw new Failure(`Filter ${name} is not known to the simulator`)
}
