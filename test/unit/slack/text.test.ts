import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  approversText,
  code,
  columns,
  count,
  cut,
  duration,
  plain,
  when,
} from '../../../src/adapters/slack/views/text.ts'

describe('text that somebody else wrote', () => {
  it.each([
    ['a mention of all', '<!channel> hi', '&lt;!channel&gt; hi'],
    ['a link', '<https://x|y>', '&lt;https://x|y&gt;'],
    ['an entity', '&lt;', '&amp;lt;'],
    ['lines', 'a\n\n  b', 'a ⏎ b'],
    ['a name with an underscore', 'app_7', 'app_7'],
  ])('%s is only text', (_, text, shown) => expect(plain(text)).toBe(shown))

  it.each(['*bold*', '_italic_', '~struck~', '`code`', '```block```'])('%s does not format', (text) => {
    expect(plain(text)).not.toContain(text)
    expect(plain(text).replaceAll('\u200b', '')).toBe(text)
  })

  it('in code style has exactly two backticks, and is never empty', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(code(text).replace(/[^`]/g, '')).toBe('``')
        expect(code(text).length).toBeGreaterThan(2)
      }),
    )
  })

  it('of any kind opens no markup and stays below its limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 50 }), (text, limit) => {
        for (const shown of [plain(text, limit), code(text, limit)]) expect(shown).not.toMatch(/[<>\n]/)
        expect(plain(text, limit).length).toBeLessThanOrEqual(limit)
      }),
    )
  })

  it('is redacted', () => {
    expect(plain('loginHSM CO admin Secret123')).not.toContain('Secret123')
    expect(code('loginHSM CO admin Secret123')).not.toContain('Secret123')
  })
})

it('what is cut says so, and no emoji is cut in half', () => {
  expect(cut('abcdef', 6)).toBe('abcdef')
  expect(cut('abcdefg', 6)).toBe('abcde…')
  expect(cut('abcd😀fg', 6)).toBe('abcd…')
})

it.each([
  [0, '0 s'],
  [-5, '0 s'],
  [45_000, '45 s'],
  [59_600, '1 min'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
])('%i ms are %s', (ms, text) => expect(duration(ms)).toBe(text))

it.each([
  [1, '1 user'],
  [0, '0 users'],
  [3300, '3,300 users'],
])('%i: %s', (number, text) => expect(count(number, 'user')).toBe(text))

it('columns line up', () =>
  expect(
    columns([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
  ).toBe('a    bb\nccc  d'))

it('an instant is shown in the time zone of the reader, with UTC where that is not known', () => {
  expect(when(1_800_000_000_000)).toBe('<!date^1800000000^{date_short_pretty} {time}|2027-01-15 08:00:00 UTC>')
})

it('approvers are people and groups, twenty of them by name', () => {
  expect(approversText({ users: ['U1'], userGroups: ['S1'] })).toBe('<@U1>, <!subteam^S1>')
  expect(approversText({ users: Array(25).fill('U1'), userGroups: [] })).toMatch(/ and 5 more$/)
})
