import { type Line, printed } from './span.ts'

export interface Screen {
  readonly width: number
  readonly canReplace: boolean
  show(lines: readonly Line[]): void
  /** Shows lines in the place of those that were shown last under this name, where the terminal can; else below. */
  showAs(name: string, lines: readonly Line[]): void
  /** Called around everything shown, so that a prompt can step aside. */
  around(before: () => void, after: () => void): void
}

const WIDTH = 100
const NARROWEST = 60
const WIDEST = 120

/** Prints to a terminal or a file. Places that must not be shown are replaced by what they are. */
export function createScreen(
  out: NodeJS.WriteStream,
  environment: Readonly<Record<string, string | undefined>>,
  hidden: () => readonly (readonly [path: string, word: string])[],
): Screen {
  const isTerminal = out.isTTY === true
  const ink = isTerminal && environment.NO_COLOR === undefined ? 'colours' : 'plain'
  const width = isTerminal ? Math.min(Math.max(out.columns ?? WIDTH, NARROWEST), WIDEST) : WIDTH
  let last: { readonly name: string; readonly rows: number } | undefined
  let before = () => {}
  let after = () => {}

  const show = (lines: readonly Line[], name?: string) => {
    if (lines.length === 0) return
    before()
    const text = lines.map((shown) => `${withoutPlaces(printed(shown, ink), hidden())}\n`).join('')
    const replaces = isTerminal && name !== undefined && last?.name === name
    out.write(replaces ? `\u001b[${last?.rows ?? 0}A\u001b[0J${text}` : text)
    last = name === undefined ? undefined : { name, rows: lines.length }
    after()
  }

  return {
    width,
    canReplace: isTerminal,
    show: (lines) => show(lines),
    showAs: (name, lines) => show(lines, name),
    around: (first, then) => {
      before = first
      after = then
    },
  }
}

/** A text without this machine's paths. */
export function withoutPlaces(text: string, places: readonly (readonly [path: string, word: string])[]): string {
  return places.reduce((shown, [path, word]) => (path === '' ? shown : shown.replaceAll(path, word)), text)
}
