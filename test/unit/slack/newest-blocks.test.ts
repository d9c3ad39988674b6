import { expect, it } from 'vitest'
import { dataTable, plan, rich } from '../../../src/adapters/slack/views/newest-blocks.ts'
import { code, plain } from '../../../src/adapters/slack/views/text.ts'

it('cuts out what looks like a secret, in tables and plans, as everywhere', () => {
  const told = 'db password="hunter2hunter2"'
  const tasks = [{ id: 'a', title: told, status: 'complete', lines: [told], bar: told } as const]
  const shown = JSON.stringify([dataTable(told, [told], [[told]]).block, plan('p', told, tasks)])
  expect(shown).not.toContain('hunter2')
  expect(shown).toContain('[redacted]')
})

it('shows markup as rich text, and what was made harmless as it was typed', () => {
  expect(rich('`a` *b* c')).toEqual([
    { type: 'text', text: 'a', style: { code: true } },
    { type: 'text', text: ' ' },
    { type: 'text', text: 'b', style: { bold: true } },
    { type: 'text', text: ' c' },
  ])
  const evil = '*x* `y` <!channel> & <@U1>'
  expect(rich(plain(evil))).toEqual([{ type: 'text', text: evil }])
  expect(rich(code('a<b'))).toEqual([{ type: 'text', text: 'a<b', style: { code: true } }])
})

it('says how many rows did not go in', () => {
  const { block, more } = dataTable(
    'Keys',
    ['key'],
    Array.from({ length: 500 }, (_, at) => [`${at}`.repeat(20)]),
  )
  expect(block).toMatchObject({ type: 'data_table', page_size: 10 })
  expect('rows' in block && block.rows.length - 1 + more).toBe(500)
  expect(JSON.stringify(block).length).toBeLessThan(7_500)
})
