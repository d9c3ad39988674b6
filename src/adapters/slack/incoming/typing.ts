// What people type is rarely what they meant to type: phones, editors and Slack itself dress it.

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' }
/** Signs that Slack's formatting, quotes or a usage line put around a word. */
const DRESS: readonly (readonly [string, string])[] = [
  ["'", "'"],
  ['"', '"'],
  ['`', '`'],
  ['*', '*'],
  ['_', '_'],
  ['~', '~'],
  ['[', ']'],
  ['<', '>'],
  ['(', ')'],
]

/**
 * Phones' quotes and dashes as a keyboard types them, every white space as a space, and nothing that cannot be seen.
 * Slack hands over `&`, `<` and `>` as entities in some places and as they are in others (undocumented for slash
 * commands): they are decoded once.
 */
export function plainTyping(text: string): string {
  return text
    .replace(/&(amp|lt|gt);/g, (_, name: string) => ENTITIES[name] ?? '')
    .replace(/[\s\p{Z}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cc}\u115F\u1160\u3164\uFFA0]|\p{Variation_Selector}/gu, '')
    .replace(/[\u2018\u2019\u201A\u201B\u2032\uFF07]/g, "'")
    .replace(/[\u201C\u201D\u201E\u201F\u2033\u00AB\u00BB\uFF02]/g, '"')
    .replace(/[\u2010-\u2015\u2212\uFE58\uFE63\uFF0D]/g, '-')
}

/** The words of a command, each without the signs around it, in the letters of a keyboard. */
export function plainWords(text: string): readonly string[] {
  return plainTyping(undressed(plainTyping(text)))
    .split(/\s+/)
    .map(bareWord)
    .filter((word) => word !== '')
}

/** A word as an option or a name would be typed: full-width letters and signs as usual ones, nothing around it. */
export function bareWord(word: string): string {
  return undressed(word.normalize('NFKC'))
}

/**
 * Takes off what stands around a text on both sides, and nowhere within: `<a> <b>` are two dressed words, no dressed
 * text.
 */
export function undressed(text: string): string {
  const inner = text.trim()
  const within = inner.slice(1, -1)
  const isAround = ([open, close]: readonly [string, string]) =>
    inner.length > 1 &&
    inner.startsWith(open) &&
    inner.endsWith(close) &&
    !within.includes(open) &&
    !within.includes(close)
  return DRESS.some(isAround) ? undressed(within) : inner
}
