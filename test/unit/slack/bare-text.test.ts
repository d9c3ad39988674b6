import { expect, it } from 'vitest'
import { asText, button, context, header, pre, section } from '../../../src/adapters/slack/views/blocks.ts'

it('a message as bare text says the same, and nothing of a tool becomes a mention, a link or formatting', () => {
  const blocks = [
    header('Partly done <!here>'),
    section('*By* <@U0ALICE>: key &lt;!channel&gt;'),
    pre('label <!channel>\n`x` *y* & <https://evil.example|click>'),
    context('asked'),
    { type: 'actions' as const, elements: [button({ action: 'a', label: 'Approve', value: 'v' })] },
  ]
  const { text, blocks: none } = asText({ text: 'title', blocks })
  expect(none).toEqual([])
  expect(text).toContain('*By* <@U0ALICE>: key &lt;!channel&gt;')
  expect(text).toContain('label &lt;!channel&gt;\n')
  expect(text.replace('<@U0ALICE>', '')).not.toMatch(/[<>]/)
  expect(text).not.toContain('`x`')
  expect(text).not.toContain('Approve')
})
