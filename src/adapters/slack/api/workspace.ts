import type { webApi } from '@slack/bolt'
import { z } from 'zod'
import type { ChannelFacts, Workspace } from '../../../application/ports.ts'
import type { Person } from '../../../domain/approval-policy.ts'
import type { MembershipFlaw } from '../../../domain/refusal.ts'
import type { Identity, WhoAmI } from './identity.ts'
import { slackAnswer, slackProblem } from './slack-problem.ts'

const flag = z.boolean().optional().catch(true)

/**
 * Flags that Slack gives of every account; the others stand only where they are set. Absence of one of these says
 * nothing, so it is a no.
 */
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
  enterprise_user: z.object({ enterprise_id: z.string().optional(), teams: z.array(z.string()).catch([]) }).optional(),
})

const Channel = z.object({
  id: z.string(),
  name: z.string().default(''),
  is_member: z.boolean().default(false),
  is_ext_shared: flag,
  is_pending_ext_shared: flag,
  is_archived: flag,
})

/** Looks people, groups and channels up in Slack, each time anew. */
export function slackWorkspace(client: webApi.WebClient, whoAmI: WhoAmI, alsoFrom: readonly string[]): Workspace {
  return {
    person: async (userId): Promise<Person> => {
      const { user } = await client.users.info({ user: userId }).catch(inWords)
      const known = read(User, user)
      if (known.id !== userId) throw new Error('Slack answered another user')
      const flaw = flawOf(known, await whoAmI().catch(inWords), alsoFrom)
      return flaw ? { id: userId, flaw } : { id: userId }
    },
    membersOf: async (userGroup) => {
      const { users } = await client.usergroups.users.list({ usergroup: userGroup }).catch(inWords)
      return read(z.array(z.string()), users)
    },
    channel: async (id): Promise<ChannelFacts | undefined> => {
      try {
        const { channel } = await client.conversations.info({ channel: id })
        const known = read(Channel, channel)
        const isExternal = Boolean(known.is_ext_shared || known.is_pending_ext_shared)
        const isArchived = Boolean(known.is_archived)
        return { id: known.id, name: known.name, botIsMember: known.is_member, isExternal, isArchived }
      } catch (error) {
        return slackAnswer(error) === 'channel_not_found' ? undefined : inWords(error)
      }
    },
  }
}

/**
 * Members of another workspace count where the settings name it and Slack says that it belongs to the same
 * organization.
 */
function flawOf(
  user: z.infer<typeof User>,
  { teamId, enterpriseId }: Identity,
  alsoFrom: readonly string[],
): MembershipFlaw | undefined {
  if (user.deleted) return 'deactivated'
  if (user.is_bot || user.is_app_user || user.is_workflow_bot || user.is_connector_bot) return 'bot'
  if (user.is_stranger) return 'stranger'
  if (user.is_restricted || user.is_ultra_restricted) return 'guest'
  if (user.is_invited_user) return 'invited'
  if (ALWAYS_GIVEN.some((name) => user[name] === undefined)) return 'unsaid'
  if (user.team_id === teamId) return undefined
  const organization = user.enterprise_user
  if (enterpriseId === undefined || organization?.enterprise_id !== enterpriseId) return 'other-workspace'
  const teams = [...organization.teams, ...(user.team_id === undefined ? [] : [user.team_id])]
  return teams.some((team) => team === teamId || alsoFrom.includes(team)) ? undefined : 'other-workspace'
}

/** As the port has it: in words. */
function inWords(error: unknown): never {
  throw new Error(slackProblem(error), { cause: error })
}

/** What Slack answered, as far as it decides; throws where that is not to be found in it. */
function read<Facts>(schema: z.ZodType<Facts>, answered: unknown): Facts {
  const parsed = schema.safeParse(answered)
  if (parsed.success) return parsed.data
  throw new Error('Slack answered in a form that this version of me does not know', { cause: parsed.error })
}
