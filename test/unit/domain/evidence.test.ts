import { describe, expect, it } from 'vitest'
import { type Evidence, evidenceOf, provesUnchanged, type Statement, together } from '../../../src/domain/evidence.ts'

const READS = { canWrite: false }
const WRITES = { canWrite: true }
const by = (mark: 'none' | 'login' | 'read' | 'write'): Statement => ({ by: 'bastion', mark })

describe('what is proved of a step', () => {
  it.each<[string, { canWrite: boolean }, Statement | undefined, Evidence]>([
    ['nothing is said of a write', WRITES, undefined, 'may-have-written'],
    ['nothing is said of a look: what we send there holds no write', READS, undefined, 'only-reads-sent'],
    ['SSM refused it in so many words', WRITES, { by: 'ssm' }, 'nothing-sent'],
    ['the bastion sealed it', WRITES, { by: 'seal' }, 'nothing-sent'],
    ['the bastion says it came to nothing that needs a login', WRITES, by('none'), 'nothing-sent'],
    ['the bastion says it came to its login', WRITES, by('login'), 'only-reads-sent'],
    ['the bastion says it came to reading', WRITES, by('read'), 'only-reads-sent'],
    ['the bastion says it came to writing', WRITES, by('write'), 'may-have-written'],
    ['a look that came to its login', READS, by('login'), 'only-reads-sent'],
    ['a look that came to nothing', READS, by('none'), 'nothing-sent'],
  ])('%s', (_, step, statement, evidence) => expect(evidenceOf(step, statement)).toBe(evidence))
})

describe('several steps', () => {
  it('prove no more than the one that proves least', () => {
    expect(together(['nothing-sent', 'may-have-written', 'only-reads-sent'])).toBe('may-have-written')
    expect(together(['nothing-sent', 'only-reads-sent'])).toBe('only-reads-sent')
    expect(together([])).toBe('nothing-sent')
  })
  it('prove that nothing was changed, unless a write may have been sent', () => {
    expect((['nothing-sent', 'only-reads-sent', 'may-have-written'] as const).map(provesUnchanged)).toEqual([
      true,
      true,
      false,
    ])
  })
})
