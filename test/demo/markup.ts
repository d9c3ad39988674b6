import { type Span, type Style, span } from './span.ts'

/** Names behind Slack's ids. */
export interface Names {
  readonly user: (id: string) => string
  readonly channel: (id: string) => string
  readonly group: (id: string) => string
}

const TOKEN =
  /```\n?(?<pre>[\s\S]+?)```|`(?<code>[^`\n]+)`|<(?<angle>[^<>\n]+)>|(?<![\w*])\*(?<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])|(?<![\w_])_(?<italic>[^_\s](?:[^_\n]*[^_\s])?)_(?![\w_])|(?<![\w~])~(?<struck>[^~\s](?:[^~\n]*[^~\s])?)~(?![\w~])/u

/** Slack's mrkdwn as a person sees it: mentions by name, dates by their fallback, bold as bold. */
export function readMarkup(text: string, names: Names, styles: readonly Style[] = []): Span[] {
  const found = TOKEN.exec(text)
  if (!found) return plainSpans(text, styles)
  const before = plainSpans(text.slice(0, found.index), styles)
  const after = readMarkup(text.slice(found.index + found[0].length), names, styles)
  return [...before, ...readToken(found.groups ?? {}, names, styles), ...after]
}

function readToken(token: Record<string, string | undefined>, names: Names, styles: readonly Style[]): Span[] {
  const { pre, code, angle, bold, italic, struck } = token
  if (pre !== undefined) return [{ text: `\n${unescaped(pre).trimEnd()}\n`, styles: [...styles, 'code'] }]
  if (code !== undefined) return [{ text: unescaped(code), styles: [...styles, 'code'] }]
  if (angle !== undefined) return [readAngle(angle, names, styles)]
  if (bold !== undefined) return readMarkup(bold, names, [...styles, 'bold'])
  if (italic !== undefined) return readMarkup(italic, names, [...styles, 'italic'])
  return readMarkup(struck ?? '', names, [...styles, 'struck'])
}

/** What stands between `<` and `>`: a mention, a channel, a date or a link. */
function readAngle(content: string, names: Names, styles: readonly Style[]): Span {
  const [target = '', label] = content.split('|')
  const mention = (text: string): Span => ({ text, styles: [...styles, 'mention'] })
  if (target.startsWith('@')) return mention(`@${names.user(target.slice(1))}`)
  if (target.startsWith('#')) return mention(`#${names.channel(target.slice(1))}`)
  if (target.startsWith('!subteam^')) return mention(`@${names.group(target.slice('!subteam^'.length))}`)
  if (target.startsWith('!date^')) return { text: unescaped(label ?? target), styles }
  if (target.startsWith('!')) return mention(`@${target.slice(1)}`)
  return { text: unescaped(label ?? target), styles: [...styles, 'link'] }
}

function plainSpans(text: string, styles: readonly Style[]): Span[] {
  return text === '' ? [] : [span(unescaped(text), ...styles)]
}

function unescaped(text: string): string {
  return text.replaceAll('\u200b', '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
