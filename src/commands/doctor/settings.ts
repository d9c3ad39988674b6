import { duration } from '../../adapters/slack/views/text.ts'
import type { Config } from '../../config.ts'
import type { Bastion, Route } from '../../domain/route.ts'
import { type Finding, OK, unwise, type Verdict } from './finding.ts'

/** What is allowed, and yet nobody should want. That the settings can work is known by now. */
export function judgeSettings({
  landscape,
  databaseUrl,
}: Pick<Config, 'landscape' | 'databaseUrl'>): readonly Finding[] {
  const { routes, operators } = landscape
  const bastions = bastionsOf(routes)
  const doubts: readonly (readonly [string, Verdict | undefined])[] = [
    ...routes.flatMap((route) => doubtsAbout(route).map((doubt) => [nameOf(route), doubt] as const)),
    ...bastions.map((bastion) => [`bastion ${bastion.name}`, aboutBastion(bastion)] as const),
    ['operators', operators ? undefined : NO_OPERATORS],
    ['DATABASE_URL', databaseUrl === 'sqlite::memory:' ? IN_MEMORY : undefined],
  ]
  const found = doubts.flatMap(([about, doubt]) => (doubt ? [{ check: 'settings', about, ...doubt }] : []))
  const watched = routes.flatMap((route) =>
    route.watch
      ? [
          {
            check: 'watch',
            about: `${nameOf(route)}: it logs in every ${duration(route.watch.everyMs)} by itself, to list`,
            ...OK,
          },
        ]
      : [],
  )
  return [{ check: 'settings', about: 'config.yml and environment', ...OK }, ...found, ...watched]
}

export function nameOf({ source, destination }: Pick<Route, 'source' | 'destination'>): string {
  return `route ${source.alias} → ${destination.alias}`
}

export function bastionsOf(routes: readonly Route[]): readonly Bastion[] {
  return [...new Map(routes.map(({ bastion }) => [bastion.name, bastion])).values()]
}

const NO_OPERATORS = unwise(
  'nobody is named who may lift the brake in Slack: only the command line can',
  'Name operators in config.yml.',
)

const IN_MEMORY = unwise(
  'the database is in memory: requests and the record are gone when the bot ends',
  'Name a file (sqlite:<path>) or PostgreSQL.',
)

function aboutBastion({ document }: Bastion): Verdict | undefined {
  if (document !== undefined) return undefined
  return unwise(
    'has no locked document: whoever holds the role of the bot is root there',
    'Put up what `node dist/main.js document` prints, and name it in bastions[].document.',
  )
}

function doubtsAbout({ required, approvers, requesters }: Route): readonly Verdict[] {
  return [
    ...(required > 1
      ? []
      : [
          unwise(
            'one approval is enough: two people together can copy anything',
            'Set approval.required to 2 or more.',
          ),
        ]),
    ...(approvers.users.length > 0
      ? []
      : [
          unwise(
            'approvers are named by user group only: whoever may edit the group in Slack decides who approves',
            'Name some in approval.approvers.users, or limit who may edit user groups.',
          ),
        ]),
    ...(requesters
      ? []
      : [unwise('any full member of the workspace may ask', 'Name who may, in routes[].requesters.')]),
  ]
}
