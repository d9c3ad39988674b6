import type { types, webApi } from '@slack/bolt'
import { z } from 'zod'
import { slackAnswer } from './slack-problem.ts'

/** How the app is installed, as Slack tells. All throw what the client throws. */
export interface Installation {
  /** The scopes of the bot token; `undefined` where Slack does not name them. Throws where the token is none. */
  scopes(): Promise<readonly string[] | undefined>
  /** What Slack finds wrong with the blocks of a message: nothing, or a line for each. Nothing is posted. */
  flaws(blocks: readonly types.KnownBlock[]): Promise<readonly string[]>
  /** Asks for an address of a Socket Mode connection, and makes none. */
  socket(appToken: string): Promise<void>
}

const INVALID: ReadonlySet<string> = new Set(['invalid_blocks', 'invalid_message', 'invalid_view'])
const Flaws = z.object({
  errors: z.array(z.object({ pointer: z.string().optional(), message: z.string().optional() })).catch([]),
  response_metadata: z.object({ messages: z.array(z.string()).catch([]) }).catch({ messages: [] }),
})

export function slackInstallation(client: webApi.WebClient): Installation {
  return {
    // The client hands on the header x-oauth-scopes so.
    scopes: async () => (await client.auth.test()).response_metadata?.scopes,
    flaws: async (blocks) => {
      try {
        await client.blocks.validate({ message: { blocks: [...blocks] } })
        return []
      } catch (error) {
        const answered = slackAnswer(error)
        if (answered === undefined || !INVALID.has(answered)) throw error
        return [answered, ...flawsIn(error)]
      }
    },
    socket: async (appToken) => {
      await client.apps.connections.open({ token: appToken })
    },
  }
}

function flawsIn(error: unknown): readonly string[] {
  const data = typeof error === 'object' && error !== null ? Reflect.get(error, 'data') : undefined
  const { errors, response_metadata: metadata } = Flaws.safeParse(data).data ?? {}
  const named = (errors ?? []).map(({ pointer = '', message = '' }) => `${pointer} ${message}`.trim())
  return [...named, ...(metadata?.messages ?? [])]
}
