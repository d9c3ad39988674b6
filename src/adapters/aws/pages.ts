/** More pages than anybody has of what is asked for here. */
export const MOST_PAGES = 40
const ANSWER_MS = 20_000

/** The old CloudHSM client takes no time limits of its own, so each call brings one. */
export function within(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(ANSWER_MS)
  return signal ? AbortSignal.any([limit, signal]) : limit
}

export type PageToken = { readonly NextToken?: string }

/** Everything on all pages. Throws where they do not end. */
export async function allPages<Found>(
  ask: (token: PageToken) => Promise<{ readonly found: readonly Found[]; readonly next: string | undefined }>,
): Promise<Found[]> {
  const all: Found[] = []
  let token: PageToken = {}
  for (let page = 0; page < MOST_PAGES; page++) {
    const { found, next } = await ask(token)
    all.push(...found)
    if (!next) return all
    token = { NextToken: next }
  }
  throw new Error(`more than ${MOST_PAGES} pages`)
}
