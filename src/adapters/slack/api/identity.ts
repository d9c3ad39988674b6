import type { webApi } from '@slack/bolt'

/** Whose bot this is, and as whom it writes. */
export interface Identity {
  readonly teamId: string
  readonly enterpriseId: string | undefined
  /** The bot's own user, and its own id as an author of messages. */
  readonly userId: string | undefined
  readonly botId: string | undefined
}

export type WhoAmI = () => Promise<Identity>

/**
 * Asks Slack once; a failure is not remembered. Throws what the client throws, and where Slack leaves something out.
 */
export function identityOf(client: webApi.WebClient): WhoAmI {
  let known: Identity | undefined
  return async () => {
    known ??= await ask(client)
    return known
  }
}

async function ask(client: webApi.WebClient): Promise<Identity> {
  const { team_id, enterprise_id, user_id, bot_id } = await client.auth.test()
  if (!team_id) throw new Error('Slack did not say which workspace this is')
  return { teamId: team_id, enterpriseId: enterprise_id, userId: user_id, botId: bot_id }
}
