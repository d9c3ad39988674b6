import type { webApi } from '@slack/bolt'
import { z } from 'zod'
import type { ChannelFacts, Workspace } from '../../application/ports.ts'
import type { Person } from '../../domain/approval-policy.ts'
import type { MembershipFlaw } from '../../domain/refusal.ts'

const flag = z.boolean().optional().catch(true)

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
      const { user } = await client.users.info({ user: userId })
      const known = User.parse(user)
      if (known.id !== userId) throw new Error('Slack answered another user')
      const flaw = flawOf(known, await home())
      return flaw ? { id: userId, flaw } : { id: userId }
    },
    membersOf: async (userGroup) => {
      const { users } = await client.usergroups.users.list({ usergroup: userGroup })
      return z.array(z.string()).parse(users)
    },
    channel: async (id): Promise<ChannelFacts | undefined> => {
      try {
        const { channel } = await client.conversations.info({ channel: id })
        const known = Channel.parse(channel)
        const isExternal = Boolean(known.is_ext_shared || known.is_pending_ext_shared)
        return { id: known.id, name: known.name, botIsMember: known.is_member, isExternal }
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
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
  const sameEnterprise = enterpriseId !== undefined && user.enterprise_user?.enterprise_id === enterpriseId
  return user.team_id === teamId || sameEnterprise ? undefined : 'other-workspace'
}

function isNotFound(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('data' in error)) return false
  const data = error.data
  return typeof data === 'object' && data !== null && 'error' in data && data.error === 'channel_not_found'
}
