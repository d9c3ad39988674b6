import { type Line, line, type Span, span } from './span.ts'

// Emoji that are shown as pictures, and East Asian wide letters, take two columns (Unicode, UAX 11); marks and joiners
// none.
const WIDE = /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u
const NOTHING = /\p{M}|\p{Cf}/u

const BULLET = /^(?:•|\p{Extended_Pictographic}\ufe0f?)$/u

/** Columns a text takes in a terminal. */
export function widthOf(text: string): number {
  let width = 0
  for (const letter of text) width += NOTHING.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1
  return width
}

export function lineWidth(shown: Line): number {
  return shown.reduce((sum, { text }) => sum + widthOf(text), 0)
}

/** The line filled with blanks to this width. */
export function padded(shown: Line, width: number): Line {
  const missing = width - lineWidth(shown)
  return missing > 0 ? [...shown, span(' '.repeat(missing))] : shown
}

/** Breaks text at its line ends, and where a line is too long between words; a word longer than a line is cut. */
export function wrapped(text: readonly Span[], width: number): Line[] {
  const lines: Span[][] = [[]]
  let room = width
  let hanging = ''
  const put = (chunk: Span) => {
    lines.at(-1)?.push(chunk)
    room -= widthOf(chunk.text)
  }
  const next = () => {
    lines.push([])
    room = width
  }
  const goOn = () => {
    next()
    if (hanging !== '') put(span(hanging))
  }
  for (const { text: words, styles } of text) {
    for (const word of words.split(/(\n| +)/)) {
      if (word === '\n') {
        next()
        hanging = ''
      } else if (word.trim() === '') {
        if (word !== '' && room < width) put({ text: word.slice(0, Math.max(room, 0)), styles })
      } else {
        if (widthOf(word) > room && room < width && widthOf(word) <= width - hanging.length) goOn()
        let rest = word
        while (widthOf(rest) > room && room > 0) {
          put({ text: rest.slice(0, room), styles })
          rest = rest.slice(lines.at(-1)?.at(-1)?.text.length ?? rest.length)
          goOn()
        }
        // What follows a bullet or a picture stays to the right of it.
        if (room === width && BULLET.test(rest)) hanging = ' '.repeat(widthOf(rest) + 1)
        if (rest !== '') put({ text: rest, styles })
      }
    }
  }
  return lines
}

/** Fixed-width text keeps its columns; only what is wider than the screen is broken, with a mark. */
export function kept(text: readonly Span[], width: number): Line[] {
  return text.flatMap((part) => {
    const rows: Line[] = []
    let rest = part.text
    while (widthOf(rest) > width) {
      rows.push([{ ...part, text: `${rest.slice(0, width - 1)}↩` }])
      rest = rest.slice(width - 1)
    }
    return [...rows, [{ ...part, text: rest }]]
  })
}

/** Lines in a frame. */
export function framed(lines: readonly Line[], width: number): Line[] {
  const inner = width - 4
  const rule = '─'.repeat(width - 2)
  return [
    line(span(`╭${rule}╮`, 'dim')),
    ...lines.map((shown) => [span('│ ', 'dim'), ...padded(shown, inner), span(' │', 'dim')]),
    line(span(`╰${rule}╯`, 'dim')),
  ]
}

/** The lines behind something at the left edge; `first` stands before the first of them. */
export function behind(edge: Span, lines: readonly Line[], first = edge): Line[] {
  return lines.map((shown, at) => [at === 0 ? first : edge, ...shown])
}

/** Two groups of lines beside each other, where there is room; else one below the other. */
export function beside(left: readonly Line[], right: readonly Line[], width: number): Line[] {
  const leftWidth = Math.max(...left.map(lineWidth), 0) + 3
  if (leftWidth + Math.max(...right.map(lineWidth), 0) > width) return [...left, line(''), ...right]
  const rows = Math.max(left.length, right.length)
  return Array.from({ length: rows }, (_, at) => [...padded(left[at] ?? [], leftWidth), ...(right[at] ?? [])])
}
