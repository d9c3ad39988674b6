import type { Installation } from '../../adapters/slack/api/installation.ts'
import { isTokenRefused, slackProblem } from '../../adapters/slack/api/slack-problem.ts'
import { cardView } from '../../adapters/slack/views/card.ts'
import type { ChannelFacts, Workspace } from '../../application/ports.ts'
import type { Config } from '../../config.ts'
import type { Person } from '../../domain/approval-policy.ts'
import type { Instant } from '../../domain/brand.ts'
import type { MembershipFlaw } from '../../domain/refusal.ts'
import type { Landscape } from '../../domain/route.ts'
import { BOT_SCOPES } from '../../slack-manifest.ts'
import { approversCheck, type People } from './approvers.ts'
import { type Check, type Finding, failed, OK, unknown, type Verdict, wrong } from './finding.ts'
import { sampleRequest } from './sample-request.ts'

/** People who are looked up at the most: Slack takes about a hundred such calls a minute (users.info, tier 4). */
const MOST_LOOKUPS = 80

export interface SlackSide {
  readonly installation: Installation
  readonly workspace: Workspace
}

/** What can be known of the app, the channels and the people. */
export function slackChecks({ slack, landscape }: Config, side: SlackSide, now: Instant): readonly Check[] {
  const { installation, workspace } = side
  const people = askedOnce(workspace)
  const { routes } = landscape
  const channels = [...new Set(routes.map(({ channel }) => channel))]
  const [route] = routes
  const { mode } = slack
  return [
    { check: 'slack-token', about: 'SLACK_BOT_TOKEN', look: () => lookAtToken(installation) },
    ...(mode.kind === 'socket'
      ? [{ check: 'socket-mode', about: 'SLACK_APP_TOKEN', look: () => lookAtSocket(installation, mode.appToken) }]
      : []),
    ...channels.map((id) => ({
      check: 'channel',
      about: id,
      look: async () => judgeChannel(await workspace.channel(id)),
    })),
    ...listed(landscape, 'userGroups').map((group) => ({
      check: 'user-group',
      about: group,
      look: async () => judgeGroup(await people.membersOf(group)),
    })),
    ...listed(landscape, 'users').map((user) => ({
      check: 'person',
      about: user,
      look: async () => judgePerson(await people.person(user)),
    })),
    ...routes.map((one) => approversCheck(one, people)),
    ...(route
      ? [
          {
            check: 'card',
            about: 'blocks.validate',
            look: async () => judgeCard(await installation.flaws(cardView(sampleRequest(route, now)).blocks)),
          },
        ]
      : []),
  ]
}

async function lookAtToken(installation: Installation): Promise<readonly Finding[]> {
  const [token, scopes] = [
    { check: 'slack-token', about: 'SLACK_BOT_TOKEN' },
    { check: 'slack-scopes', about: 'the scopes of the bot token' },
  ]
  try {
    const granted = await installation.scopes()
    return [
      { ...token, ...OK },
      { ...scopes, ...judgeScopes(granted) },
    ]
  } catch (error) {
    const mend = 'Take the bot token of the installed app (Slack app, OAuth & Permissions).'
    const verdict = isTokenRefused(error) ? wrong(slackProblem(error), mend) : unknown(slackProblem(error))
    return [
      { ...token, ...verdict },
      { ...scopes, ...unknown('Slack did not tell them') },
    ]
  }
}

export function judgeScopes(granted: readonly string[] | undefined): Verdict {
  if (!granted) return unknown('Slack did not name them')
  const missing = Object.keys(BOT_SCOPES).filter((scope) => !granted.includes(scope))
  if (missing.length === 0) return OK
  return wrong(
    `missing: ${missing.join(', ')}`,
    'Take the manifest over again (node dist/main.js manifest) and install the app again.',
  )
}

async function lookAtSocket(installation: Installation, appToken: string): Promise<Verdict> {
  try {
    await installation.socket(appToken)
    return OK
  } catch (error) {
    const verdict = failed(error)
    if (verdict.state === 'unknown') return unknown(slackProblem(error))
    return wrong(
      slackProblem(error),
      'Make an app-level token with the scope connections:write, and switch Socket Mode on in the Slack app.',
    )
  }
}

export function judgeChannel(channel: ChannelFacts | undefined): Verdict {
  if (!channel)
    return wrong('the bot cannot see this channel', 'Is the id right? A private one needs the bot as a member.')
  const { name, isArchived, isExternal, botIsMember } = channel
  if (isArchived)
    return wrong(`#${name} is archived`, 'Unarchive it and invite the bot again, or name another channel.')
  if (isExternal) return wrong(`#${name} is shared with another company`, 'End the sharing, or name another channel.')
  return botIsMember ? OK : wrong(`the bot is not in #${name}`, 'Type /invite @hsm-sync there.')
}

function judgeGroup(members: readonly string[]): Verdict {
  return members.length > 0
    ? OK
    : wrong('the user group has no members', 'Add people in Slack, or take it out of config.yml.')
}

const FLAWS: Readonly<Record<MembershipFlaw, string>> = {
  bot: 'is a bot',
  deactivated: 'is deactivated',
  guest: 'is a guest',
  stranger: 'belongs to another company',
  'other-workspace': 'belongs to another workspace',
  invited: 'has not accepted the invitation yet',
  unsaid: 'is not said to be a full member',
}

export function judgePerson({ flaw }: Person): Verdict {
  return flaw ? wrong(`${FLAWS[flaw]}, so nothing counts that they do`, 'Take them out of config.yml.') : OK
}

function judgeCard(flaws: readonly string[]): Verdict {
  return flaws.length === 0 ? OK : wrong(`Slack would not take the card: ${flaws.join('; ')}`, 'Update the bot.')
}

function listed({ routes, operators }: Landscape, kind: 'users' | 'userGroups'): readonly string[] {
  const lists = [...routes.flatMap(({ approvers, requesters }) => [approvers, requesters]), operators]
  return [...new Set(lists.flatMap((list) => list?.[kind] ?? []))]
}

function askedOnce(workspace: Workspace): People {
  const asked = new Map<string, Promise<Person>>()
  const groups = new Map<string, Promise<readonly string[]>>()
  return {
    person: (id) => {
      const known = asked.get(id)
      if (known) return known
      if (asked.size >= MOST_LOOKUPS)
        return Promise.reject(new Error(`only ${MOST_LOOKUPS} people are looked up at once`))
      const person = workspace.person(id)
      asked.set(id, person)
      return person
    },
    membersOf: (group) => {
      const members = groups.get(group) ?? workspace.membersOf(group)
      groups.set(group, members)
      return members
    },
  }
}
