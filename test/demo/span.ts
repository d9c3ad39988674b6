/** What a chunk of text is, before anybody decides how a terminal shows it. */
export type Style =
  | 'bold'
  | 'italic'
  | 'struck'
  | 'dim'
  | 'code'
  | 'mention'
  | 'link'
  | 'good'
  | 'bad'
  | 'asking'
  | 'private'
  | 'button'

export interface Span {
  readonly text: string
  readonly styles: readonly Style[]
}

/** One line of the terminal. */
export type Line = readonly Span[]

export function span(text: string, ...styles: Style[]): Span {
  return { text, styles }
}

export function line(...parts: (string | Span)[]): Line {
  return parts.map((part) => (typeof part === 'string' ? span(part) : part))
}

const SGR: Readonly<Record<Style, string>> = {
  bold: '1',
  italic: '3',
  struck: '9',
  dim: '2',
  code: '36',
  mention: '1;34',
  link: '4',
  good: '32',
  bad: '31',
  asking: '1;35',
  private: '33',
  button: '1;7',
}

/** How a line goes to the terminal: `colours` with ANSI codes, `plain` as bare text. */
export function printed(shown: Line, ink: 'colours' | 'plain'): string {
  return joined(shown)
    .map(({ text, styles }) => {
      if (ink === 'plain' || styles.length === 0) return text
      return `\u001b[${styles.map((style) => SGR[style]).join(';')}m${text}\u001b[0m`
    })
    .join('')
    .trimEnd()
}

/** Neighbours of the same styles as one. */
function joined(shown: Line): Span[] {
  const parts: Span[] = []
  for (const part of shown) {
    const last = parts.at(-1)
    if (last?.styles.join() === part.styles.join()) parts[parts.length - 1] = { ...last, text: last.text + part.text }
    else if (part.text !== '') parts.push(part)
  }
  return parts
}
