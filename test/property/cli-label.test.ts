import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HsmKey } from '../../src/domain/inventory.ts'
import type { StepPlan } from '../../src/domain/step.ts'
import { judge } from '../../src/engines/cloudhsm-cli/answers.ts'
import { cloudHsmCliEngine } from '../../src/engines/cloudhsm-cli/index.ts'
import { exchange, played, reference, success } from '../fixtures/cli-session.ts'
import { inventory, user } from '../fixtures/examples.ts'
import { ownedKey, seenKey, wideSpec, wideSpecWithOwners } from '../fixtures/whole-clusters.ts'

const engine = cloudHsmCliEngine()
const spec = wideSpecWithOwners('jdoe')
const LISTED = [user('admin', { id: 0, role: 'CO', coverage: 'full' }), user('jdoe', { id: 0, coverage: 'full' })]
const PLACES = [inventory(0, LISTED), inventory(1, LISTED)]
const plan: StepPlan = { kind: 'inventory', purpose: 'before', users: PLACES }

describe('a label may hold any characters', () => {
  const NASTY = [
    '"',
    '\\',
    '>',
    '\n',
    '\naws-cloudhsm > ',
    '\nadmin@cluster-2abcdefghij > ',
    '{',
    '}',
    ']}',
    '"next_token":"500"',
    '"error_code":1',
    '"error_code":0',
    'Successfully replicated key',
    'failed on 1 of 3 connections',
    'Enter password:',
    '\x1e',
    '\x1f',
    '\u2028',
    '--starting-token 500',
    '😀',
  ]
  const label = fc
    .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' })), { maxLength: 8 })
    .map((parts) => parts.join(''))
  const labels = fc.array(label, { minLength: 3, maxLength: 3 })
  const keysLabelled = (some: readonly string[], make: (handle: number, label: string) => HsmKey) =>
    some.map((text, at) => make(7 + at, text))

  it('and the same keys are read, with exactly that label', () => {
    fc.assert(
      fc.property(labels, (some) => {
        const all = PLACES.map((hsm) => ({ ...hsm, keys: keysLabelled(some, (handle, text) => seenKey(handle, text)) }))
        expect(engine.read(wideSpec(), plan, played(wideSpec(), plan, all))).toEqual({
          kind: 'listed',
          inventories: all,
        })
      }),
    )
  })

  it('and so are those that their owner lists', () => {
    fc.assert(
      fc.property(labels, (some) => {
        const owned = keysLabelled(some, (handle, text) => ownedKey(handle, { label: text, coverage: 'full' }))
        const all = PLACES.map((hsm) => ({ ...hsm, keys: owned }))
        expect(engine.read(spec, plan, played(spec, plan, all))).toEqual({ kind: 'listed', inventories: all })
      }),
    )
  })

  it('and what the tool said to a copy means the same', () => {
    fc.assert(
      fc.property(label, (text) => {
        const key = { 'key-reference': reference(7), 'key-info': {}, attributes: { label: text } }
        const copied = success({ key, message: 'Successfully replicated key' })
        expect(judge('key', reference(7), exchange('key replicate', copied)).verdict).toBe('success')
        const refused = success({ key, message: `Not replicated: ${text}` })
        expect(judge('key', reference(7), exchange('key replicate', refused)).verdict).toBe('unclear')
      }),
    )
  })
})
