import { createContext, useContext, useEffect, useState } from 'react'
import type { Deed, Seen } from '../seen.ts'

/** What the parts of the page need of the workspace: who one is, what one sees, and how to do something. */
export interface Play {
  readonly seen: Seen
  act(deed: Deed): Promise<void>
  /** Follows a link of Slack, to a card of this workspace. */
  follow(link: string): void
}

export const PlayContext = createContext<Play | undefined>(undefined)

export function usePlay(): Play {
  const play = useContext(PlayContext)
  if (!play) throw new Error('there is no workspace around this')
  return play
}

/** What this person sees, as it changes; `undefined` before the first word. */
export function useSeen(as: string): Seen | undefined {
  const [seen, setSeen] = useState<Seen>()
  useEffect(() => {
    const events = new EventSource(`/seen?as=${encodeURIComponent(as)}`)
    events.onmessage = ({ data }) => setSeen(JSON.parse(data))
    return () => events.close()
  }, [as])
  return seen
}

/** Throws with what Slack, or the page's server, says against it. */
export async function send(as: string, deed: Deed): Promise<void> {
  const response = await fetch('/do', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ as, deed }),
  })
  if (response.ok) return
  const { problem }: { problem?: string } = await response.json()
  throw new Error(problem ?? `${response.status}`)
}
