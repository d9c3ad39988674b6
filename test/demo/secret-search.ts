import { gunzipSync } from 'node:zlib'

/**
 * Says whether a secret stands in a text: plain, URL-encoded, in hexadecimal, in base64 at any offset, or inside gzip
 * in base64.
 */
export function holdsSecret(text: string, secret: string): boolean {
  const forms = formsOf(secret)
  if (forms.some((form) => text.includes(form))) return true
  return unpackedParts(text).some((part) => forms.some((form) => part.includes(form)))
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8')
  // Three offsets: base64 of the same bytes looks different by where they begin. The edges mix with their neighbours.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(offset === 0 ? 0 : 4, -4),
  )
  return [...new Set([secret, encodeURIComponent(secret), bytes.toString('hex'), ...base64])]
}

// Gzip in base64 begins with H4sI.
function unpackedParts(text: string): string[] {
  return [...text.matchAll(/H4sI[A-Za-z0-9+/]+=*/g)].flatMap(([packed]) => {
    try {
      return gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')
    } catch {
      return [] // cut, or not gzip at all
    }
  })
}
