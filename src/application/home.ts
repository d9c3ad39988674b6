import { refuseDecision, refuseRequester } from '../domain/approval-policy.ts'
import type { Freeze } from '../domain/freeze.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { isFinished, OPEN_STATES, type Request } from '../domain/request.ts'
import { findRoute } from '../domain/route.ts'
import { askWorkspace, groupsOf } from './ask-workspace.ts'
import { type RequestView, viewRequest } from './list-requests.ts'
import { type LeftOut, leftOutOf, MOST_LOOKED_AT, type RouteStatus, statusOf } from './list-status.ts'
import type { Deps } from './ports.ts'

/** What everybody's home shows, and what is chosen from for each. */
export interface HomeFacts {
  readonly open: readonly Request[]
  readonly running: readonly RequestView[]
  /** How many run besides those. */
  readonly moreRunning: number
  readonly ended: readonly Request[]
  readonly statuses: readonly RouteStatus[]
  readonly freeze: Freeze | undefined
  readonly unreadable: LeftOut
}

/** One person's home. */
export interface Home extends Omit<HomeFacts, 'open'> {
  /** Pending requests that this person may still decide. */
  readonly waiting: readonly Request[]
  /** Open requests that this person asked for. */
  readonly mine: readonly Request[]
  /** Whether Slack told of all groups of the routes: else some may be missing among those that wait. */
  readonly hasAllGroups: boolean
}

const MOST_RUNNING = 10
const MOST_ENDED = 8

/**
 * From the store alone: cheap enough to be looked at every few seconds. `seen`: what a look before has read of runs,
 * which is read anew only where it has changed, as a listing may be large.
 */
export async function homeFacts(
  deps: Pick<Deps, 'store' | 'engines' | 'landscape'>,
  seen: readonly RequestView[] = [],
): Promise<HomeFacts> {
  const { store, landscape } = deps
  const [allOpen, newest, freeze] = await Promise.all([
    store.list({ states: OPEN_STATES, limit: 500 }),
    store.list({ byPeople: true, limit: MOST_LOOKED_AT }),
    store.frozen(),
  ])
  const [open, people] = [allOpen.requests, newest.requests]
  const statuses = await statusOf(deps, landscape.routes, { people, open })
  const going = open.filter(({ state }) => state === 'running')
  const running = await Promise.all(
    going.slice(0, MOST_RUNNING).map(async ({ id }) => {
      const known = seen.find(({ request }) => request.id === id)
      return known && known.version === (await store.versionOf(id)) ? known : viewRequest(deps, id)
    }),
  )
  return {
    open,
    running: running.flatMap((view) => view ?? []),
    moreRunning: Math.max(0, going.length - MOST_RUNNING),
    ended: people.filter(isFinished).slice(0, MOST_ENDED),
    statuses,
    freeze,
    unreadable: leftOutOf(allOpen, newest),
  }
}

/** What of it this person sees; or why nothing: strangers see nothing of it. */
export async function homeFor(
  { workspace, landscape }: Pick<Deps, 'workspace' | 'landscape'>,
  { open, ...shared }: HomeFacts,
  userId: string,
): Promise<Home | Refusal> {
  const person = await askWorkspace(() => workspace.person(userId))
  if (isRefusal(person)) return person
  const stranger = refuseRequester(person)
  if (stranger) return stranger
  const pending = open.filter(({ state }) => state === 'pending')
  const rules = new Map(
    pending.flatMap((request) => {
      const route = findRoute(landscape, request.spec.source.clusterId, request.spec.destination.clusterId)
      return route ? [[request.id, { ...route.approvers, required: route.required }] as const] : []
    }),
  )
  const groups = [...new Set([...rules.values()].flatMap(({ userGroups }) => userGroups))]
  const { memberOf, unread } = await groupsOf({ workspace }, groups, userId)
  const mayDecide = (request: Request) => {
    const rule = rules.get(request.id)
    return rule !== undefined && !refuseDecision(request, rule, { person, memberOf })
  }
  return {
    ...shared,
    waiting: pending.filter(mayDecide),
    mine: open.filter(({ requestedBy }) => requestedBy === userId),
    hasAllGroups: unread === undefined,
  }
}
