import { describe, expect, it } from 'vitest'
import { messageLines } from './blocks.ts'
import { beside, framed, lineWidth, widthOf, wrapped } from './layout.ts'
import { type Names, readMarkup } from './markup.ts'
import { printed, span } from './span.ts'

const names: Names = { user: (id) => `user-${id}`, channel: () => 'hsm-sync', group: () => 'custodians' }
const plain = (text: string) =>
  readMarkup(text, names)
    .map((part) => part.text)
    .join('')

describe('Slack markup in the terminal', () => {
  it.each([
    ['<@U1> and <!subteam^S1> in <#C1>', '@user-U1 and @custodians in #hsm-sync'],
    ['at <!date^1^{date}|2026-10-01 10:00:00 UTC>', 'at 2026-10-01 10:00:00 UTC'],
    ['<https://example.com|7Q2F>', '7Q2F'],
    ['`/hsm-ips &lt;cluster&gt;`', '/hsm-ips <cluster>'],
    ['crypto_user1 and crypto_user2', 'crypto_user1 and crypto_user2'],
    ['3 * 4 * 5', '3 * 4 * 5'],
  ])('shows %j as %j', (markup, shown) => {
    expect(plain(markup)).toBe(shown)
  })

  it('makes bold bold, also around code', () => {
    expect(readMarkup('*a `b`*', names)).toEqual([span('a ', 'bold'), span('b', 'bold', 'code')])
  })

  it('uses no ANSI codes without colours', () => {
    expect(printed(readMarkup('*a* `b`', names), 'plain')).toBe('a b')
    expect(printed(readMarkup('*a*', names), 'colours')).toBe('\u001b[1ma\u001b[0m')
  })
})

describe('layout', () => {
  it('counts pictures as two columns and joiners as none', () => {
    expect(widthOf('🟡 a\u200b')).toBe(4)
  })

  it('breaks between words, hangs under a bullet and never exceeds the width', () => {
    const lines = wrapped([span('• one two three four\nfive')], 10)
    expect(lines.map((row) => printed(row, 'plain'))).toEqual(['• one two', '  three', '  four', 'five'])
  })

  it.each([1, 5, 20])('cuts a word that is longer than %d columns', (width) => {
    const lines = wrapped([span('x'.repeat(47))], width)
    expect(lines.every((row) => lineWidth(row) <= width)).toBe(true)
    expect(lines.map((row) => printed(row, 'plain')).join('')).toBe('x'.repeat(47))
  })

  it('keeps every line of a frame at one width', () => {
    const widths = framed([[span('🟡 waiting')], [span('b')]], 30).map(lineWidth)
    expect(new Set(widths)).toEqual(new Set([30]))
  })

  it('puts groups below each other where there is no room', () => {
    const [left, right] = [[[span('a'.repeat(20))]], [[span('b'.repeat(20))]]]
    expect(beside(left, right, 60)).toHaveLength(1)
    expect(beside(left, right, 30)).toHaveLength(3)
  })
})

describe('a message', () => {
  it('keeps the columns of fixed-width text', () => {
    const text = 'a    b\naaaa b'
    const pre = { type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }
    const lines = messageLines({ text: '', blocks: [{ type: 'rich_text', elements: [pre] }] }, 40, names)
    expect(lines.map((row) => printed(row, 'plain'))).toEqual(['▏ a    b', '▏ aaaa b'])
  })

  it('shows its text where it has no blocks', () => {
    expect(messageLines({ text: 'hello <@U1>', blocks: [] }, 40, names)).toHaveLength(1)
  })
})
