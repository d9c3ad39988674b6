import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/domain/digest.ts'
import { assemble, missingChunk, type OutputBlock, parseBlock } from '../../src/engines/printed.ts'
import { packed, withData } from '../../src/engines/script-lines.ts'
import { sure } from '../fixtures/examples.ts'

const BEGIN = '-----BEGIN HSM-SYNC-----'
const END = '-----END HSM-SYNC-----'

function answer(fields: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return [BEGIN, ...lines, END, ''].join('\n')
}

/** What the bastion answers chunk by chunk to somebody who asks for everything. */
function answers(text: string, size: number): string[] {
  const content = gzipSync(text).toString('base64')
  const chunks = Math.ceil(content.length / size)
  const common = {
    action: 'session',
    operation: 'AB12.1',
    result: 'done',
    detail: '',
    seconds: 7,
    mark: 'read',
    sent: 3,
  }
  return Array.from({ length: chunks }, (_, at) => {
    const chunk = content.slice(at * size, (at + 1) * size)
    return answer({ ...common, sha256: sha256(content), chunks, chunk: at + 1, content: chunk })
  })
}

const blocksOf = (outputs: readonly string[]): OutputBlock[] => outputs.map((output) => sure(parseBlock(output)))
const anyText = fc.string({ maxLength: 300, unit: 'grapheme' })
const size = fc.integer({ min: 8, max: 60 })

describe('chunks', () => {
  it('make the whole text again, in whatever order they came', () => {
    const shuffled = fc.tuple(anyText, size).chain(([text, each]) => {
      const blocks = blocksOf(answers(text, each))
      return fc.tuple(fc.constant(text), fc.shuffledSubarray(blocks, { minLength: blocks.length }))
    })
    fc.assert(
      fc.property(shuffled, ([text, blocks]) => {
        expect(missingChunk(blocks)).toBeUndefined()
        expect(assemble(blocks)).toEqual({ result: 'done', detail: '', seconds: 7, sent: 3, mark: 'read', text })
      }),
    )
  })

  it('that did not all come are no text, and the next one to ask for is named', () => {
    const some = fc.tuple(anyText, size).chain(([text, each]) => {
      const blocks = blocksOf(answers(text, each))
      return fc.tuple(
        fc.subarray(blocks, { minLength: 1, maxLength: Math.max(1, blocks.length - 1) }),
        fc.constant(blocks.length),
      )
    })
    fc.assert(
      fc.property(some, ([blocks, count]) => {
        fc.pre(count > 1)
        const missing = sure(missingChunk(blocks))
        expect(blocks.map(({ content }) => content?.chunk)).not.toContain(missing)
        expect(assemble(blocks)?.text).toBeUndefined()
      }),
    )
  })

  it('changed on the way are no text', () => {
    fc.assert(
      fc.property(anyText, size, fc.nat(), (text, each, at) => {
        const [first, ...others] = blocksOf(answers(text, each))
        const content = sure(first?.content)
        const where = at % content.text.length
        const damaged = `${content.text.slice(0, where)}${content.text[where] === 'A' ? 'B' : 'A'}${content.text.slice(where + 1)}`
        const blocks = [{ ...sure(first), content: { ...content, text: damaged } }, ...others]
        expect(assemble(blocks)?.text).toBeUndefined()
      }),
    )
  })
})

describe('a block', () => {
  it('is found between anything else that was printed', () => {
    const noise = fc.string().map((text) => text.replaceAll('HSM-SYNC', ''))
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const output = `${before}\n${answer({ action: 'fetch', operation: 'AB12.1', result: 'running' })}\n${after}`
        expect(parseBlock(output)).toMatchObject({ operation: 'AB12.1', result: 'running' })
      }),
    )
  })

  it('cut anywhere is no block', () => {
    const whole = sure(answers('some text that was printed', 60)[0]).trimEnd()
    for (let end = 0; end < whole.length; end++) expect(parseBlock(whole.slice(0, end))).toBeUndefined()
  })

  it('is the last one, where two were printed', () => {
    const two = ['running', 'done'].map((result) => answer({ action: 'session', operation: 'AB12.1', result })).join('')
    expect(parseBlock(two)?.result).toBe('done')
  })

  it('whatever was printed, it is read without an exception', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom(
        BEGIN,
        END,
        '\n',
        'action=session',
        'operation=A',
        'result=',
        'chunks=99999999999',
        'chunk=-1',
        'content=',
        'sha256=x',
      ),
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const block = parseBlock(parts.join('\n'))
        if (block) expect(assemble([block])).toHaveProperty('text')
      }),
      { numRuns: 500 },
    )
  })
})

describe('the data of a script', () => {
  const plain = /^[A-Za-z0-9_./:@=+,!\\ -]*$/
  const script = { platform: 'linux', text: '#!/bin/bash\necho one\necho two\n' } as const
  const powerShell = { platform: 'windows', text: 'one\ntwo\n' } as const

  it('never ends its quotes, starts another line, or holds what SSM replaces', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        if (!plain.test(value)) {
          expect(() => withData(script, { value })).toThrow(TypeError)
          expect(() => withData(powerShell, { value })).toThrow(TypeError)
          return
        }
        const word = `'value=${value}'`
        expect(withData(script, { value })).toEqual(['#!/bin/bash', `set -- ${word}`, 'echo one', 'echo two'])
        expect(withData(powerShell, { value })).toEqual([`$data = @(${word})`, 'one', 'two'])
      }),
    )
  })

  it.each(["it's", '{{ssm:x}}', 'a\nb', '$(id)', '`id`', 'a"b', 'ümlaut', '\0', 'a;b', 'a&b', 'a|b'])(
    'refuses %j',
    (value) => {
      expect(() => withData(script, { config: value })).toThrow('config')
    },
  )

  it('of any kind goes in packed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(withData(script, { content: packed(text) }).join('\n')).not.toContain('{{')
      }),
    )
  })
})
