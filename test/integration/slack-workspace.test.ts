import { describe, expect, it } from 'vitest'
import type { Identity } from '../../src/adapters/slack/api/identity.ts'
import { slackWorkspace } from '../../src/adapters/slack/api/workspace.ts'
import type { SlackFaultRule } from '../simulator/slack/server.ts'
import { channels, people } from '../simulator/worlds.ts'
import { scripted } from './aws-place.ts'
import { botClient, inSlack } from './slack-place.ts'

const at = inSlack()
const home: Identity = { teamId: 'T0TEAM0001', enterpriseId: undefined, userId: 'U0SYNCBOT1', botId: 'B0SYNCBOT1' }
const workspace = () => slackWorkspace(at().client, async () => home, [])

describe('a person', () => {
  it('without a flaw is a full member of our workspace', async () => {
    await expect(workspace().person(people.approver)).resolves.toEqual({ id: people.approver })
  })

  // Every flag that must refuse.
  it.each([
    ['is_bot', 'bot'],
    ['is_app_user', 'bot'],
    ['is_workflow_bot', 'bot'],
    ['is_connector_bot', 'bot'],
    ['deleted', 'deactivated'],
    ['is_restricted', 'guest'],
    ['is_ultra_restricted', 'guest'],
    ['is_stranger', 'stranger'],
    ['is_invited_user', 'invited'],
  ])('with %s counts as %s', async (flag, flaw) => {
    const id = people.approver
    at().simulator.slack.workspace.users.set(id, { id, name: 'anna', flags: { [flag]: true } })
    await expect(workspace().person(id)).resolves.toEqual({ id, flaw })
  })

  it('of another workspace is a stranger even without the flag', async () => {
    const id = people.approver
    at().simulator.slack.workspace.users.set(id, { id, name: 'anna', teamId: 'T0OTHER001' })
    await expect(workspace().person(id)).resolves.toEqual({ id, flaw: 'other-workspace' })
  })

  it('is looked up anew each time: who became a guest since is one', async () => {
    const id = people.approver
    const look = workspace()
    await expect(look.person(id)).resolves.toEqual({ id })
    at().simulator.slack.workspace.users.set(id, { id, name: 'anna', flags: { is_restricted: true } })
    await expect(look.person(id)).resolves.toHaveProperty('flaw', 'guest')
  })

  it.each<[string, SlackFaultRule | undefined, string]>([
    ['nobody has this id', undefined, 'U0NOBODY01'],
    ['429', { method: 'users.info', retryAfter: 5 }, people.approver],
    ['500', { method: 'users.info', status: 500 }, people.approver],
    ['a dropped connection', { method: 'users.info', unreachable: true }, people.approver],
    ['a lost answer', { method: 'users.info', after: true }, people.approver],
    ['a missing scope', { method: 'users.info', error: 'missing_scope' }, people.approver],
  ])('cannot be told when %s: it throws', async (_, fault, id) => {
    if (fault) at().simulator.slack.fault(fault)
    await expect(workspace().person(id)).rejects.toThrow()
  })

  it('cannot be told when Slack does not show them', async () => {
    const id = people.stranger
    at().simulator.slack.workspace.users.set(id, { id, name: 'sam', hidden: true })
    await expect(workspace().person(id)).rejects.toThrow('user_not_visible')
  })

  it('cannot be told while we do not know whose bot we are', async () => {
    const lost = slackWorkspace(at().client, async () => {
      throw new Error('auth.test failed')
    }, [])
    await expect(lost.person(people.approver)).rejects.toThrow('auth.test failed')
  })
})

describe('a person as Slack might one day describe them', () => {
  const id = people.approver
  async function answered(user: object, from: Identity = home, alsoFrom: readonly string[] = []) {
    const slack = await scripted([{ body: JSON.stringify({ ok: true, user }) }])
    const client = botClient(`${slack.endpoint}/api/`)
    try {
      return await slackWorkspace(client, async () => from, alsoFrom).person(id)
    } finally {
      await slack.close()
    }
  }

  /** What Slack says of every full member. */
  const no = { deleted: false, is_bot: false, is_app_user: false, is_restricted: false, is_ultra_restricted: false }

  it.each<readonly [string, object, string]>([
    ['a flag that is not a boolean counts as set', { id, team_id: home.teamId, ...no, is_restricted: 'no' }, 'guest'],
    ['no workspace at all is another one', { id, ...no }, 'other-workspace'],
    [
      'an enterprise of its own does not help',
      { id, team_id: 'T0X', ...no, enterprise_user: { enterprise_id: 'E0X' } },
      'other-workspace',
    ],
    ...Object.keys(no).map(
      (flag) =>
        [
          `without ${flag}, nothing says that it is a full member`,
          { id, team_id: home.teamId, ...Object.fromEntries(Object.entries(no).filter(([name]) => name !== flag)) },
          'unsaid',
        ] as const,
    ),
  ])('%s', async (_, user, flaw) => {
    await expect(answered(user)).resolves.toEqual({ id, flaw })
  })

  it('an enterprise without an id matches no workspace without an enterprise', async () => {
    await expect(answered({ id, team_id: 'T0X', ...no, enterprise_user: {} })).resolves.toHaveProperty('flaw')
  })

  const ofHome = (user: object, alsoFrom: readonly string[] = []) =>
    answered({ id, ...no, ...user }, { ...home, enterpriseId: 'E0HOME' }, alsoFrom)

  it('another workspace of the same enterprise counts only where the settings name it', async () => {
    const user = { team_id: 'T0X', enterprise_user: { enterprise_id: 'E0HOME' } }
    await expect(ofHome(user)).resolves.toEqual({ id, flaw: 'other-workspace' })
    await expect(ofHome(user, ['T0Y'])).resolves.toEqual({ id, flaw: 'other-workspace' })
    await expect(ofHome(user, ['T0X'])).resolves.toEqual({ id })
  })

  it('a workspace that the settings name is none of ours in another enterprise', async () => {
    const user = { team_id: 'T0X', enterprise_user: { enterprise_id: 'E0OTHER' } }
    await expect(ofHome(user, ['T0X'])).resolves.toEqual({ id, flaw: 'other-workspace' })
  })

  it('who is in ours too is one of ours, whichever is named first', async () => {
    const user = { team_id: 'T0X', enterprise_user: { enterprise_id: 'E0HOME', teams: ['T0X', home.teamId] } }
    await expect(ofHome(user)).resolves.toEqual({ id })
  })

  it.each([
    ['another user than asked for', { id: people.outsider, team_id: home.teamId }],
    ['no user', undefined],
  ])('throws on %s', async (_, user) => {
    await expect(answered(user ?? {})).rejects.toThrow()
  })
})

describe('a user group', () => {
  it('is read anew each time', async () => {
    const look = workspace()
    await expect(look.membersOf('S0BBBBBBB')).resolves.toEqual([people.groupApprover])
    at().simulator.slack.workspace.userGroups.set('S0BBBBBBB', [people.outsider])
    await expect(look.membersOf('S0BBBBBBB')).resolves.toEqual([people.outsider])
  })

  it.each<[string, string, SlackFaultRule | undefined]>([
    ['does not exist', 'S0NOTHING', undefined],
    ['cannot be read on this plan', 'S0BBBBBBB', { method: 'usergroups.users.list', error: 'plan_upgrade_required' }],
    ['is asked for too often', 'S0BBBBBBB', { method: 'usergroups.users.list', retryAfter: 30 }],
  ])('throws when it %s', async (_, group, fault) => {
    if (fault) at().simulator.slack.fault(fault)
    await expect(workspace().membersOf(group)).rejects.toThrow()
  })
})

describe('a channel', () => {
  it.each([
    [channels.route, { id: channels.route, name: 'hsm-sync', botIsMember: true, isExternal: false, isArchived: false }],
    [
      channels.private,
      { id: channels.private, name: 'custodians', botIsMember: true, isExternal: false, isArchived: false },
    ],
    [
      channels.withoutBot,
      { id: channels.withoutBot, name: 'elsewhere', botIsMember: false, isExternal: false, isArchived: false },
    ],
    [
      channels.shared,
      { id: channels.shared, name: 'with-a-partner', botIsMember: true, isExternal: true, isArchived: false },
    ],
  ])('%s is as Slack says', async (id, facts) => {
    await expect(workspace().channel(id)).resolves.toEqual(facts)
  })

  it('is external while a share is pending, and is not when shared inside our own organisation', async () => {
    const channel = at().simulator.slack.channel(channels.route)
    channel.isOrgShared = true
    await expect(workspace().channel(channels.route)).resolves.toHaveProperty('isExternal', false)
    channel.isPendingExtShared = true
    await expect(workspace().channel(channels.route)).resolves.toHaveProperty('isExternal', true)
  })

  it('is not there when the bot cannot see it', async () => {
    at().simulator.slack.channel(channels.private).members.clear()
    await expect(workspace().channel(channels.private)).resolves.toBeUndefined()
    await expect(workspace().channel('C0NOTHING01')).resolves.toBeUndefined()
  })

  it.each<SlackFaultRule>([
    { method: 'conversations.info', error: 'missing_scope' },
    { method: 'conversations.info', retryAfter: 5 },
    { method: 'conversations.info', unreachable: true },
  ])('throws when it cannot be told: %o', async (fault) => {
    at().simulator.slack.fault(fault)
    await expect(workspace().channel(channels.route)).rejects.toThrow()
  })
})
