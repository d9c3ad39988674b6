import type { webApi } from '@slack/bolt'
import { z } from 'zod'
import type { ChannelFacts, Workspace } from '../../application/ports.ts'
import type { Person } from '../../domain/approval-policy.ts'
import type { MembershipFlaw } from '../../domain/refusal.ts'

const flag = z.boolean().optional().catch(true)

/** Flags that Slack gives of every account; the others stand only where they are set. Absence of one of these says nothing, so it is a no. */
const ALWAYS_GIVEN = ['deleted', 'is_bot', 'is_app_user', 'is_restricted', 'is_ultra_restricted'] as const

// Only what decides is read; a flag of unknown form counts as set.
const User = z.object({
  id: z.string(),
  team_id: z.string().optional(),
  deleted: flag,
  is_bot: flag,
  is_app_user: flag,
  is_workflow_bot: flag,
  is_connector_bot: flag,
  is_restricted: flag,
  is_ultra_restricted: flag,
  is_stranger: flag,
  is_invited_user: flag,
  enterprise_user: z.object({ enterprise_id: z.string().optional() }).optional(),
})

const Channel = z.object({
  id: z.string(),
  name: z.string().default(''),
  is_member: z.boolean().default(false),
  is_ext_shared: flag,
  is_pending_ext_shared: flag,
  is_archived: flag,
})

/** Whose bot this is. */
export interface Home {
  readonly teamId: string
  readonly enterpriseId: string | undefined
}

/** Looks people, groups and channels up in Slack, each time anew. */
export function slackWorkspace(client: webApi.WebClient, home: () => Promise<Home>): Workspace {
  return {
    person: async (userId): Promise<Person> => {
      const { user } = await client.users.info({ user: userId }).catch(inWords)
      const known = User.parse(user)
      if (known.id !== userId) throw new Error('Slack answered another user')
      const flaw = flawOf(known, await home())
      return flaw ? { id: userId, flaw } : { id: userId }
    },
    membersOf: async (userGroup) => {
      const { users } = await client.usergroups.users.list({ usergroup: userGroup }).catch(inWords)
      return z.array(z.string()).parse(users)
    },
    channel: async (id): Promise<ChannelFacts | undefined> => {
      try {
        const { channel } = await client.conversations.info({ channel: id })
        const known = Channel.parse(channel)
        const isExternal = Boolean(known.is_ext_shared || known.is_pending_ext_shared)
        const isArchived = Boolean(known.is_archived)
        return { id: known.id, name: known.name, botIsMember: known.is_member, isExternal, isArchived }
      } catch (error) {
        return codeOf(error) === 'channel_not_found' ? undefined : inWords(error)
      }
    },
  }
}

function flawOf(user: z.infer<typeof User>, { teamId, enterpriseId }: Home): MembershipFlaw | undefined {
  if (user.deleted) return 'deactivated'
  if (user.is_bot || user.is_app_user || user.is_workflow_bot || user.is_connector_bot) return 'bot'
  if (user.is_stranger) return 'stranger'
  if (user.is_restricted || user.is_ultra_restricted) return 'guest'
  if (user.is_invited_user) return 'invited'
  if (ALWAYS_GIVEN.some((name) => user[name] === undefined)) return 'unsaid'
  const sameEnterprise = enterpriseId !== undefined && user.enterprise_user?.enterprise_id === enterpriseId
  return user.team_id === teamId || sameEnterprise ? undefined : 'other-workspace'
}

/** Why Slack did not tell, as a person can act on it. */
function inWords(error: unknown): never {
  throw new Error(wordsFor(error), { cause: error })
}

function wordsFor(error: unknown): string {
  const answered = codeOf(error)
  switch (answered) {
    case undefined:
      return isRateLimited(error)
        ? 'Slack asks me to slow down, so try again in a minute'
        : 'Slack could not be reached, so try again in a minute'
    case 'missing_scope':
      return `my app lacks a permission in Slack (${answered}): who runs me must install it again with the scopes of its manifest`
    case 'invalid_auth':
    case 'account_inactive':
    case 'token_revoked':
    case 'token_expired':
    case 'not_authed':
      return `Slack does not take my token any more (${answered}): who runs me must look`
    case 'ratelimited':
      return 'Slack asks me to slow down, so try again in a minute'
    case 'user_not_found':
    case 'user_not_visible':
      return `Slack shows me no such person (${answered})`
    case 'no_such_subteam':
      return `Slack has no such user group (${answered})`
    default:
      return `Slack answered ${answered}`
  }
}

/** What Slack answered instead, by its own name; `undefined` where it did not answer. */
function codeOf(error: unknown): string | undefined {
  const data = typeof error === 'object' && error !== null ? Reflect.get(error, 'data') : undefined
  const answered: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'error') : undefined
  return typeof answered === 'string' ? answered : undefined
}

/** The client's own name for an answer with status 429 (@slack/web-api, ErrorCode). */
function isRateLimited(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'slack_webapi_rate_limited_error'
}
