import type { Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import { type Method, type MethodContext, required } from '../method.ts'
import { botUser } from '../workspace.ts'

const flags = ['is_bot', 'is_app_user', 'is_restricted', 'is_ultra_restricted', 'is_admin', 'is_owner'] as const

export const peopleMethods: Record<string, Method> = {
  'auth.test': { run: authTest },
  'users.info': { scope: 'users:read', run: usersInfo },
  'usergroups.users.list': { scope: 'usergroups:read', run: userGroupUsers },
  'apps.connections.open': { token: 'app', run: (_args, context) => ({ url: context.openSocket() }) },
}

function authTest(_args: Json, { workspace }: MethodContext): Json {
  const { team } = workspace.spec
  return {
    url: `https://${team.domain}.slack.com/`,
    team: team.name,
    user: botUser.name,
    team_id: team.id,
    user_id: botUser.id,
    bot_id: botUser.botId,
    is_enterprise_install: false,
  }
}

function usersInfo(args: Json, { workspace }: MethodContext): Json {
  const id = required(args, 'user')
  const user = workspace.users.get(id)
  if (user === undefined) throw new ApiError('user_not_found')
  if (user.hidden) throw new ApiError('user_not_visible')
  return {
    user: {
      id,
      team_id: user.teamId ?? workspace.spec.team.id,
      name: user.name,
      deleted: false,
      real_name: user.name,
      profile: { real_name: user.name, display_name: user.name },
      ...Object.fromEntries(flags.map((flag) => [flag, false])),
      is_email_confirmed: true,
      ...user.flags,
    },
  }
}

function userGroupUsers(args: Json, { workspace }: MethodContext): Json {
  const users = workspace.userGroups.get(required(args, 'usergroup'))
  if (users === undefined) throw new ApiError('no_such_subteam')
  return { users }
}
